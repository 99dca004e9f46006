/**
 * Who knocks, from memory: an agent that was looked up by its key is known as long as the world in memory says of it what it
 * said then, and nobody has written since, as far as is known here. What another instance did a moment ago is found at the next
 * permit, which is judged at the very end of the ledger.
 *
 * @module
 */
import type { Store, World } from '@countersign/core'
import type { Agent } from '@countersign/schema'

export interface KeysParts {
  /** By the hash of a key, asked of the database. */
  look(hash: string): Promise<Agent | undefined>
  world(): Pick<World, 'agents'>
  /** Nobody has written what the world in memory has not. */
  isCurrent(): boolean
  /** Default: 10,000. */
  readonly most?: number
}

/** Keys that were good of which is remembered whose they are; the oldest is looked up again. Keys of nobody never are. */
const mostKnown = 10_000

export function rememberKeys({ look, world, isCurrent, most = mostKnown }: KeysParts): Store['agents']['byKey'] {
  const known = new Map<string, { readonly agent: Agent; readonly entry: number }>()

  return async (hash) => {
    const before = known.get(hash)
    if (before && isCurrent() && entryOf(before.agent) === before.entry) return before.agent
    const agent = await look(hash)
    known.delete(hash)
    const entry = agent && entryOf(agent)
    if (agent && entry !== undefined) known.set(hash, { agent, entry })
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
    return agent
  }

  /** Where the ledger last spoke of it; undefined if that is not what is told here. */
  function entryOf({ id, version }: Agent): number | undefined {
    const row = world().agents.get(id)
    return row?.version === version && !row.erased ? row.entry : undefined
  }
}
