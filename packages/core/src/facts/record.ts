/**
 * What is told of the record itself, and changes nothing but what is known of it.
 *
 * @module
 */
import { count, word } from '../ledger/words.ts'
import type { Law } from './law.ts'
import { actor, agentActor } from './leaf-parts.ts'

const ofNoLife = () => ({ stream: 'system', sequence: undefined })

/** What was denied in a flood belongs to whom the actions would have belonged. */
export const recordDenied: Law<'record.denied'> = {
  subject: ({ onBehalfOf, agent }) => onBehalfOf ?? agent,
  stream: ofNoLife,
  leaf: ({ agent, count: times, from, to }, blind) => ({
    actor: agentActor(agent, blind),
    agent: word(agent, blind),
    denied: { count: count(times), from: count(from), to: count(to) },
  }),
}

/** What it does to the world: `forget` in `erasure.ts`. */
export const recordErased: Law<'record.erased'> = {
  subject: () => 'system',
  stream: ofNoLife,
  leaf: ({ by, subject, entries }, blind) => ({
    actor: actor(by, blind),
    erased: { subject: blind(subject), entries: count(entries) },
  }),
}

/** A look into the record is the record of whoever looked. */
export const recordRead: Law<'record.read'> = {
  subject: ({ by }) => by.id,
  stream: ofNoLife,
  leaf: ({ by, what }, blind) => ({ actor: actor(by, blind), read: word(what, blind) }),
}
