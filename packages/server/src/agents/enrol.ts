import { CountersignError, type Store } from '@countersign/core'
import { issueKey, register, type Registration } from '@countersign/identity'
import type { Actor, Agent } from '@countersign/schema'

/** How long an agent's first key is good unless something else is said: a quarter of a year, then it is rotated. */
const keyForMs = 90 * 24 * 3_600_000

/** Registers an agent with its first key, which is shown once. @throws ERR_STORE_CONFLICT if it is registered already */
export async function enrolAgent(
  store: Store,
  what: Omit<Registration, 'key'>,
  by: Actor,
  expiresInMs: number = keyForMs,
): Promise<{ agent: Agent; secret: string }> {
  const owner = await store.people.get(what.owner)
  if (!owner?.active) throw new CountersignError('ERR_PERSON_MISSING', { person: what.owner })
  const { key, secret } = issueKey(store.clock, { expiresInMs })
  const agent = register({ ...what, key }, by.id)
  await store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by, agent }] })
  return { agent, secret }
}
