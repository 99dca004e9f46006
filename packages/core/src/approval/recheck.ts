/**
 * The second look, between the signatures and the run.
 *
 * @module
 */
import type { ActionRecord, Agent, Approval, Countersignature, Person } from '@countersign/schema'
import { canonical } from '../action/canonical.ts'
import { digestOf } from '../action/digest.ts'
import type { SealedAction } from '../action/seal.ts'
import { CountersignError } from '../errors.ts'
import { requesterChain } from './barred.ts'
import { served } from './quorum.ts'

/**
 * A question is found by what a store says of it, so what it says itself is held against what would run: the action on
 * its card, the card against what people were shown, and each signature against both (P1).
 *
 * @throws ERR_LEDGER_BROKEN for a question about something else
 */
export function mustBeAbout(approval: Approval, { digest }: Pick<SealedAction, 'digest'>): void {
  const { id, card, shown, signatures } = approval
  const isAboutIt = approval.digest === digest && digestOf(card.bound.action) === digest && digestOf(card) === shown
  const signed = signatures.every((signature) => signature.digest === digest && signature.shown === shown)
  if (!isAboutIt || !signed)
    throw new CountersignError('ERR_LEDGER_BROKEN', { approval: id, says: 'is about another action' })
}

/**
 * Why the signatures do not cover what policy, data and people say now; undefined if they do. Membership and the
 * requester chain are those of this moment, so a leaver's or a new owner's signature no longer counts.
 */
export function covers(
  approval: Approval,
  record: ActionRecord,
  agent: Agent,
  { signers, now }: { readonly signers: readonly Person[]; readonly now: number },
): string | undefined {
  const { bound } = approval.card
  const { dataUse, measures, decision } = record
  if (canonical({ dataUse, measures }) !== canonical({ dataUse: bound.dataUse, measures: bound.measures })) {
    return 'the data it touches is no longer what was shown'
  }
  if (decision.kind === 'deny' || canonical(decision.obligations) !== canonical(bound.obligations)) {
    return 'the duties it would run under are no longer what was shown'
  }
  if (decision.kind !== 'ask') return undefined

  const escalated = new Set(approval.terms.signOffs.filter((signOff) => signOff.escalated).map(({ id }) => id))
  const signOffs = decision.terms.signOffs.map((signOff) => ({
    ...signOff,
    escalated: escalated.has(signOff.id),
  }))
  const chain = requesterChain(record.action, agent, now)
  const standing = approval.signatures.flatMap((signature): Countersignature[] => {
    const person = signers.find(({ id }) => id === signature.person)
    if (!person?.active || chain.includes(person.id)) return []
    return [{ ...signature, groups: person.groups }]
  })
  return served(signOffs, agent.team, standing) ? undefined : 'the signatures no longer cover what policy asks'
}
