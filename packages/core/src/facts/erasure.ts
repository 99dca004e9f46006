/**
 * What erasing a subject does to the world (P12). What was used stays used: versions, attempts, grants. Questions that nobody
 * can read or answer are over, and answers that nobody can hand out: else they would stand in the way of the same action for ever.
 *
 * @module
 */
import { createDraft } from './draft.ts'
import { isPending, isUndelivered, replayKey, type World } from './world.ts'

export function forget(world: World, subject: string): void {
  const draft = createDraft() // nothing of this is ever taken back
  for (const row of world.approvals.values()) {
    if ((row.onBehalfOf ?? row.agent) !== subject || !isPending(row.state)) continue
    draft.set(world.approvals, row.id, { ...row, state: 'voided', dueAt: null })
    draft.remove(world.pending, row.digestKey)
  }
  for (const row of world.permits.values()) {
    if (!isUndelivered(row) || world.actions.get(row.action)?.subject !== subject) continue
    draft.set(world.permits, row.id, { ...row, delivered: true })
    draft.remove(world.undelivered, replayKey(row.credential, row.digestKey))
  }
  const person = world.people.get(subject)
  if (person !== undefined) {
    draft.remove(world.people, subject)
    for (const key of [person.accountKey, ...person.linked]) draft.remove(world.accounts, key)
  }
  const agent = world.agents.get(subject)
  // Its id stays taken: what it was granted names the id, and is not for another agent (P1).
  if (agent !== undefined) {
    draft.set(world.agents, subject, { ...agent, status: 'stopped', keys: [], owner: '', team: '', erased: true })
  }
}

/** Whether something that is alive rests on this entry, so that it cannot be erased alone. */
export function isInUse(world: World, index: number): boolean {
  const { agents, people, tools, policies } = world
  const begins = (action: string) => world.actions.get(action)?.entry === index
  return (
    [agents, people, tools, policies].some((rows) => [...rows.values()].some(({ entry }) => entry === index)) ||
    [...world.approvals.values()].some(
      ({ state, entry, askedEntry, action }) =>
        isPending(state) && (entry === index || askedEntry === index || begins(action)),
    ) ||
    [...world.permits.values()].some(
      ({ outcome, entry, action }) => outcome === null && (entry === index || begins(action)),
    )
  )
}

/** An answer that nobody can hand out any more is in nobody's way. */
export function forgetEntry(world: World, index: number): void {
  const draft = createDraft() // nothing of this is ever taken back
  for (const row of world.permits.values()) {
    if (!isUndelivered(row) || row.endedEntry !== index) continue
    draft.set(world.permits, row.id, { ...row, delivered: true })
    draft.remove(world.undelivered, replayKey(row.credential, row.digestKey))
  }
}
