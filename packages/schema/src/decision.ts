/**
 * What policy answers.
 *
 * @module
 */
import { z } from 'zod'

/** How well a signer was proven, lowest first. */
export const Assurance = z.enum(['chat', 'session', 'fresh', 'passkey'])
export type Assurance = z.infer<typeof Assurance>

/** One matched sign-off: an annotated forbid that people can lift. */
export const SignOff = z.object({
  id: z.string(),
  doc: z.string(),
  owner: z.string(),
  control: z.string().optional(),
  quorum: z.number().int().min(1).describe('Distinct people out of the union of `from`.'),
  from: z
    .array(z.string())
    .min(1)
    .describe('Groups whose members may approve; `agent-team` is the acting agent’s team.'),
  timeoutMs: z.number().int().positive(),
  validMs: z.number().int().positive(),
  escalate: z.object({ to: z.string(), afterMs: z.number().int().positive() }).optional(),
  escalated: z.boolean().default(false).describe('True once `escalate.to` may approve as well.'),
  assurance: Assurance,
  reasonRequired: z.boolean(),
  purposeRequired: z.boolean(),
  distinct: z.boolean().describe('Who serves this sign-off serves no other.'),
  enforcingOnly: z.boolean(),
})
export type SignOff = z.infer<typeof SignOff>

/** Every matched sign-off has to be served. The shortest timeout and validity count. */
export const Terms = z.object({ signOffs: z.array(SignOff).min(1) })
export type Terms = z.infer<typeof Terms>

/** A duty that comes with an allow, from annotated permits. */
export const Obligation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('mask'), fields: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('limit'), rows: z.number().int().positive() }),
])
export type Obligation = z.infer<typeof Obligation>

export const DenyReason = z.enum([
  'prohibited',
  'no_grant',
  'evaluation_error',
  'agent_stopped',
  'person_inactive',
  'too_many_questions',
  'too_many_denials',
  'purpose_missing',
  'mode_not_enforcing',
  'obligation_not_kept',
])
export type DenyReason = z.infer<typeof DenyReason>

const rests = {
  because: z.array(z.string()).describe('Ids of the policies it rests on.'),
  policyVersion: z.string(),
}

export const Decision = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('allow'), ...rests, obligations: z.array(Obligation) }),
  z.object({ kind: z.literal('ask'), ...rests, obligations: z.array(Obligation), terms: Terms }),
  z.object({ kind: z.literal('deny'), ...rests, reason: DenyReason }),
])
export type Decision = z.infer<typeof Decision>

/** One named, deterministic contribution to the risk of an action. */
export const RiskSignal = z.object({ name: z.string(), points: z.number().int(), says: z.string() })
export type RiskSignal = z.infer<typeof RiskSignal>

export const Risk = z.object({ score: z.number().int().min(0).max(100), signals: z.array(RiskSignal) })
export type Risk = z.infer<typeof Risk>
