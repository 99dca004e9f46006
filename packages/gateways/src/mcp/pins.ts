/**
 * A tool is what the agent was told it is. The definitions seen first are pinned; what changes or joins later is set aside.
 *
 * @module
 */
import { digestOf, isError } from '@countersign/core'
import { z } from 'zod'

const Hints = z.object({
  destructiveHint: z.boolean().optional().catch(undefined),
  readOnlyHint: z.boolean().optional().catch(undefined),
})

/** Everything an agent is shown of a tool, and so everything that is hashed. */
export const Tool = z.looseObject({
  name: z.string().regex(/^[\w.\-/]{1,128}$/),
  inputSchema: z.looseObject({ type: z.literal('object') }),
  annotations: Hints.loose().optional(),
})
export type Tool = z.infer<typeof Tool>

export type Definition =
  | { readonly kind: 'known'; readonly tool: Tool; readonly hash: string }
  | { readonly kind: 'quarantined'; readonly why: string }
  | { readonly kind: 'missing' }

export interface Pins {
  /** Takes what the server lists now. The first list is pinned as a whole. */
  see(listed: readonly unknown[]): void
  /** What may be shown. */
  shown(): readonly Tool[]
  find(name: string): Definition
  quarantined(): readonly string[]
  /** A person has looked at the definition as it is now. */
  accept(name: string): boolean
}

/** The one tool of ours; an upstream that offers it as well does not get through. */
export const waitTool = 'countersign_wait'

export function createPins(): Pins {
  const pinned = new Map<string, string>()
  let current = new Map<string, { tool: Tool; hash: string }>()
  let seen = false

  return {
    see(listed) {
      current = new Map(listed.flatMap(readable).map((entry) => [entry.tool.name, entry]))
      if (!seen) for (const [name, { hash }] of current) pinned.set(name, hash)
      seen = true
    },
    shown: () =>
      [...current.values()].filter(({ tool, hash }) => pinned.get(tool.name) === hash).map(({ tool }) => tool),
    find(name) {
      const entry = current.get(name)
      if (!entry) return { kind: 'missing' }
      const pin = pinned.get(name)
      if (pin === entry.hash) return { kind: 'known', ...entry }
      return { kind: 'quarantined', why: pin === undefined ? 'it is new' : 'its definition has changed' }
    },
    quarantined: () =>
      [...current.values()].filter(({ tool, hash }) => pinned.get(tool.name) !== hash).map(({ tool }) => tool.name),
    accept(name) {
      const entry = current.get(name)
      if (entry) pinned.set(name, entry.hash)
      return entry !== undefined
    },
  }
}

/** What cannot be read, or has no canonical form to hash, is not offered. `_meta` is nothing that agents are shown. */
function readable(listed: unknown): { tool: Tool; hash: string }[] {
  const parsed = Tool.safeParse(listed)
  if (!parsed.success || parsed.data.name === waitTool) return []
  const { _meta, ...tool } = parsed.data
  try {
    return [{ tool, hash: digestOf(tool) }]
  } catch (error) {
    if (isError(error, 'ERR_INPUT_INVALID')) return []
    throw error
  }
}
