/**
 * A question put to people, and their answers.
 *
 *   open ─▶ granted ─▶ spent
 *   open | granted ─▶ expired | cancelled | voided
 *   open ─▶ rejected
 *
 * @module
 */
import { z } from 'zod'
import { Action, Digest, Measures, Purpose } from './action.ts'
import { Assurance, Decision, Obligation, Risk, Terms } from './decision.ts'
import { DataUse } from './lineage.ts'

/** Evidence that this person answered this very question; kept in the vault and checked again by `ledger verify`. */
export const Proof = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('id-token'),
    token: z.string(),
    keys: z.string().describe('The issuer’s JWKS then in force, as JSON.'),
  }),
  z.object({ kind: z.literal('callback'), body: z.string(), headers: z.record(z.string(), z.string()) }),
])
export type Proof = z.infer<typeof Proof>

export const Verdict = z.enum(['approve', 'reject'])
export type Verdict = z.infer<typeof Verdict>

/** One person's answer to one question. */
export const Countersignature = z.object({
  person: z.string(),
  verdict: Verdict,
  reason: z.string().max(2000).optional(),
  assurance: Assurance,
  channel: z.string(),
  at: z.number().int(),
  digest: Digest,
  shown: Digest.describe('Hash of the card the person was shown.'),
  groups: z.array(z.string()).describe('The person’s groups when signing.'),
  membershipAsOf: z.number().int(),
  local: z.literal(true).optional().describe('By one of the local people: no identity provider stands behind it.'),
  proof: Proof.optional(),
})
export type Countersignature = z.infer<typeof Countersignature>

/** What the approver is shown. The bound part is checked again at permit; the advisory part is signed, not compared. */
export const Card = z.object({
  bound: z.object({
    action: Action,
    dataUse: DataUse,
    measures: Measures,
    terms: Terms,
    obligations: z.array(Obligation),
  }),
  advisory: z.object({
    sentence: z.string(),
    purpose: Purpose.optional().describe('Claimed by the agent.'),
    risk: Risk,
    client: z.string(),
    askedAt: z.number().int(),
    team: z.string(),
  }),
})
export type Card = z.infer<typeof Card>

const asked = {
  id: z.string(),
  version: z.number().int().min(1).describe('Counts the changes; a store accepts only the next one.'),
  actionId: z.string(),
  digest: Digest,
  card: Card,
  shown: Digest.describe('SHA-256 of the canonical card.'),
  decision: Decision,
  terms: Terms.describe('As they stand now: escalation adds a group.'),
  team: z.string().describe('What `agent-team` stands for here.'),
  barred: z.array(z.string()).describe('The requester chain: people who may not approve this (P3).'),
  signatures: z.array(Countersignature),
  askedAt: z.number().int(),
  expiresAt: z.number().int().describe('Nobody can approve or reject from here on.'),
  escalateAt: z.number().int().optional().describe('When the next escalation is due, if nobody answers.'),
}
const settled = { settledAt: z.number().int() }

export const Approval = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), ...asked }),
  z.object({ state: z.literal('granted'), ...asked, ...settled, validUntil: z.number().int() }),
  z.object({ state: z.literal('spent'), ...asked, ...settled, validUntil: z.number().int(), permit: z.string() }),
  z.object({ state: z.literal('rejected'), ...asked, ...settled }),
  z.object({ state: z.literal('expired'), ...asked, ...settled }),
  z.object({ state: z.literal('cancelled'), ...asked, ...settled, because: z.string() }),
  z.object({ state: z.literal('voided'), ...asked, ...settled, because: z.string() }),
])
export type Approval = z.infer<typeof Approval>
export type OpenApproval = Extract<Approval, { state: 'open' }>
export type GrantedApproval = Extract<Approval, { state: 'granted' }>
export const ApprovalState = z.enum(['open', 'granted', 'spent', 'rejected', 'expired', 'cancelled', 'voided'])
export type ApprovalState = z.infer<typeof ApprovalState>
