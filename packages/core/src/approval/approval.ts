/**
 * The life of a question. Pure: values in, values out, on whatever clock the caller reads.
 *
 *   ask ─▶ open ─sign─▶ granted ─spend─▶ spent
 *           │ ├─sign─▶ rejected
 *           ├─┴─expire / cancel / void ─▶ expired, cancelled, voided
 *
 * @module
 */
import type {
  Approval,
  Card,
  Countersignature,
  Decision,
  GrantedApproval,
  OpenApproval,
  Terms,
} from '@countersign/schema'
import { digestOf } from '../action/digest.ts'
import type { SealedAction } from '../action/seal.ts'
import { CountersignError } from '../errors.ts'
import { groupsOf, served, shortfall } from './quorum.ts'

export interface Asked {
  readonly id: string
  readonly actionId: string
  readonly sealed: SealedAction
  readonly card: Card
  readonly decision: Decision
  readonly terms: Terms
  readonly team: string
  readonly barred: readonly string[]
}

export function ask(question: Asked, now: number): OpenApproval {
  const { id, actionId, sealed, card, decision, terms, team, barred } = question
  return {
    state: 'open',
    id,
    version: 1,
    actionId,
    digest: sealed.digest,
    card,
    shown: digestOf(card),
    decision,
    terms,
    team,
    barred: [...barred],
    signatures: [],
    askedAt: now,
    expiresAt: now + Math.min(...terms.signOffs.map(({ timeoutMs }) => timeoutMs)),
    ...nextEscalation(terms, now),
  }
}

/**
 * One rejection settles it; approvals settle it once every sign-off is served.
 *
 * @throws ERR_APPROVAL_SETTLED, ERR_APPROVAL_EXPIRED, ERR_CARD_CHANGED, ERR_SELF_APPROVAL, ERR_APPROVAL_SIGNED_TWICE,
 * ERR_APPROVER_NOT_ASKED, ERR_ASSURANCE_TOO_LOW, ERR_REASON_MISSING
 */
export function sign(approval: Approval, signature: Countersignature, now: number): Approval {
  if (approval.state === 'expired') throw new CountersignError('ERR_APPROVAL_EXPIRED', approval.id)
  if (approval.state !== 'open') throw new CountersignError('ERR_APPROVAL_SETTLED', approval.id)
  if (now >= approval.expiresAt) throw new CountersignError('ERR_APPROVAL_EXPIRED', approval.id)
  if (approval.barred.includes(signature.person)) throw new CountersignError('ERR_SELF_APPROVAL', approval.id)
  if (signature.digest !== approval.digest || signature.shown !== approval.shown) {
    throw new CountersignError('ERR_CARD_CHANGED', approval.id)
  }
  if (approval.signatures.some(({ person }) => person === signature.person)) {
    throw new CountersignError('ERR_APPROVAL_SIGNED_TWICE', approval.id)
  }
  mustCount(approval, signature)

  const signed: OpenApproval = { ...next(approval), signatures: [...approval.signatures, signature] }
  if (signature.verdict === 'reject') return { ...settled(signed), state: 'rejected', settledAt: now }
  if (served(signed.terms.signOffs, signed.team, signed.signatures)) return grant(signed, now)
  return signed
}

/** A rejection needs only membership; an approval has to count for at least one sign-off. */
function mustCount({ id, terms, team }: OpenApproval, signature: Countersignature): void {
  const gaps = terms.signOffs.map((signOff) => shortfall(signOff, team, signature))
  if (gaps.every((gap) => gap === 'group')) throw new CountersignError('ERR_APPROVER_NOT_ASKED', id)
  if (signature.verdict === 'reject' || gaps.includes(undefined)) return
  if (gaps.includes('assurance')) throw new CountersignError('ERR_ASSURANCE_TOO_LOW', id)
  throw new CountersignError('ERR_REASON_MISSING', id)
}

function grant(signed: OpenApproval, now: number): GrantedApproval {
  const validMs = Math.min(...signed.terms.signOffs.map((signOff) => signOff.validMs))
  return { ...settled(signed), state: 'granted', settledAt: now, validUntil: now + validMs }
}

/** A grant is good for one execution (P6). @throws ERR_GRANT_SPENT, ERR_APPROVAL_EXPIRED, ERR_APPROVAL_SETTLED */
export function spend(approval: Approval, permit: string, now: number): Approval {
  if (approval.state === 'spent') throw new CountersignError('ERR_GRANT_SPENT', approval.id)
  if (approval.state !== 'granted') throw new CountersignError('ERR_APPROVAL_SETTLED', approval.id)
  if (now >= approval.validUntil) throw new CountersignError('ERR_APPROVAL_EXPIRED', approval.id)
  return { ...next(approval), state: 'spent', permit }
}

/** Unchanged while there is time left. */
export function expire(approval: Approval, now: number): Approval {
  const over =
    (approval.state === 'open' && now >= approval.expiresAt) ||
    (approval.state === 'granted' && now >= approval.validUntil)
  if (!over) return approval
  return { ...next(withoutTime(approval)), state: 'expired', settledAt: now }
}

/** Takes an unsettled question or an unspent grant back. Unchanged if it is settled. */
export function withdraw(approval: Approval, as: 'cancelled' | 'voided', because: string, now: number): Approval {
  if (approval.state !== 'open' && approval.state !== 'granted') return approval
  return { ...next(withoutTime(approval)), state: as, because, settledAt: now }
}

/**
 * Adds the alternative group of every sign-off that has one; never lowers a number.
 *
 * @throws ERR_NO_ESCALATION if no sign-off has a group left to add
 */
export function escalate(approval: OpenApproval, due: (afterMs: number) => boolean): OpenApproval {
  const signOffs = approval.terms.signOffs.map((signOff) =>
    signOff.escalate && !signOff.escalated && due(signOff.escalate.afterMs) ? { ...signOff, escalated: true } : signOff,
  )
  if (signOffs.every((signOff, at) => signOff === approval.terms.signOffs[at])) {
    throw new CountersignError('ERR_NO_ESCALATION', approval.id)
  }
  const { escalateAt: _escalateAt, ...rest } = next(approval)
  return { ...rest, terms: { signOffs }, ...nextEscalation({ signOffs }, approval.askedAt) }
}

/** Everyone whose signature could still count. */
export const askedGroups = ({ terms, team }: Pick<Approval, 'terms' | 'team'>): string[] => [
  ...new Set(terms.signOffs.flatMap((signOff) => groupsOf(signOff, team))),
]

/** The same, and everyone who could be asked once it is escalated. */
export const askableGroups = ({ terms, team }: Pick<Approval, 'terms' | 'team'>): string[] =>
  askedGroups({ team, terms: { signOffs: terms.signOffs.map((signOff) => ({ ...signOff, escalated: true })) } })

function nextEscalation({ signOffs }: Terms, askedAt: number): { escalateAt?: number } {
  const waits = signOffs.flatMap(({ escalate: to, escalated }) => (to && !escalated ? [to.afterMs] : []))
  return waits.length > 0 ? { escalateAt: askedAt + Math.min(...waits) } : {}
}

const next = <A extends Approval>(approval: A): A => ({ ...approval, version: approval.version + 1 })

const settled = ({ state: _state, escalateAt: _escalateAt, ...asked }: OpenApproval) => asked

function withoutTime(approval: OpenApproval | GrantedApproval) {
  const { escalateAt: _escalateAt, ...asked } = approval
  return asked
}

/** Whether it can still be signed, or its grant still be used. */
export const isLive = (approval: Approval, now: number): boolean =>
  (approval.state === 'open' && now < approval.expiresAt) || (approval.state === 'granted' && now < approval.validUntil)
