/**
 * What the API says of questions: approvals that people are asked for, and what they answer.
 *
 * @module
 */
import { z } from 'zod'
import { Digest, Json, Purpose, Resource, Verb } from '../action.ts'
import { ActionSummary, Moment, Named, OutcomeView, page, PolicyView, SignatureView } from './api.ts'
import { ApprovalState, Card, Verdict } from '../approval.ts'
import { Assurance, Risk } from '../decision.ts'
import { DataUse } from '../lineage.ts'

/** One sign-off of a question, and how far it is served. */
export const SignOffView = z.object({
  id: z.string(),
  doc: z.string(),
  owner: z.string(),
  control: z.string().optional(),
  from: z
    .array(z.string())
    .describe('Groups whose members may approve, `agent-team` by its real name, with the escalation if it came.'),
  quorum: z.number().int(),
  served: z.number().int().describe('Distinct people who count towards the quorum so far.'),
  assurance: Assurance,
  reasonRequired: z.boolean(),
  distinct: z.boolean(),
  escalation: z.object({ to: z.string(), afterMs: z.number().int(), done: z.boolean() }).optional(),
})
export type SignOffView = z.infer<typeof SignOffView>

/** What the person who looks can do here. */
export const YourPart = z.discriminatedUnion('can', [
  z.object({ can: z.literal('approve'), reasonRequired: z.boolean() }),
  z.object({
    can: z.literal('sign-in-again'),
    says: z.string(),
    signIn: z.string().describe('Path that proves the person anew and comes back to this question.'),
    reasonRequired: z.boolean(),
  }),
  z.object({ can: z.literal('look'), code: z.string(), says: z.string() }),
])
export type YourPart = z.infer<typeof YourPart>

export const ApprovalSummary = z.object({
  id: z.string(),
  version: z.number().int(),
  state: ApprovalState,
  actionId: z.string(),
  sentence: z.string(),
  verb: Verb,
  operation: z.string(),
  environment: z.string(),
  agent: Named,
  onBehalfOf: Named.optional(),
  risk: z.number().int(),
  classes: z.array(z.string()),
  destination: DataUse.shape.destination,
  groups: z.array(z.string()).describe('Everyone who may be asked, by group.'),
  served: z.number().int().describe('Sign-offs that are served.'),
  needed: z.number().int().describe('Sign-offs in all.'),
  mine: z.boolean().describe('The person who looks can answer it.'),
  touches: z.array(z.string()).describe('Datasets by name, else what it acts on; the first 10.'),
  groupKey: z.string().describe('Opaque. Equal for questions of one kind, never across agents or environments.'),
  askedAt: Moment,
  expiresAt: Moment,
  secondsLeft: z.number().int().describe('0 unless open.'),
  settledAt: Moment.optional(),
})
export type ApprovalSummary = z.infer<typeof ApprovalSummary>

/** A run that people approved and that went through, for comparing the next one with. Nothing is cut. */
export const LastRun = z.object({
  action: z.string(),
  at: Moment,
  resources: z.array(Resource),
  parameters: z.record(z.string(), Json),
  definition: z.string().optional().describe('SHA-256 of the tool’s definition then.'),
  approvedBy: z.array(Named),
  outcome: OutcomeView,
})
export type LastRun = z.infer<typeof LastRun>

/** Everything a person needs to judge one question (P9). `shown` goes back with the signature. */
export const ApprovalView = ApprovalSummary.extend({
  digest: Digest,
  shown: Digest.describe('SHA-256 of the canonical `card` (RFC 8785): hash it to check.'),
  card: Card.describe('Nothing is cut. Its numbers are as recorded with the signature: milliseconds since 1970.'),
  askedBy: z.object({
    agent: Named.extend({ team: z.string(), status: z.enum(['active', 'stopped']) }),
    owner: Named,
    onBehalfOf: Named.optional(),
    startedBy: Named.optional(),
    client: z.string().describe('As it calls itself: claimed.'),
  }),
  purpose: Purpose.optional().describe('Claimed by the agent, never verified.'),
  riskDetails: Risk,
  dataUse: DataUse,
  policies: z.array(PolicyView).describe('Those the decision rests on.'),
  policyVersion: z.string(),
  signOffs: z.array(SignOffView),
  signatures: z.array(SignatureView),
  maySign: z.array(Named).describe('People who signed in once and may approve it, at most 50.'),
  you: YourPart,
  mayEscalate: z.boolean(),
  mayStopAgent: z.boolean(),
  because: z.string().optional().describe('Why it was cancelled or voided.'),
  lastRun: LastRun.optional().describe('The last approved run of the same shape by this agent, if you may see it.'),
  openEndedRun: z
    .object({ action: z.string(), at: Moment })
    .optional()
    .describe(
      'While it is open: the newest run of this very action, permitted at `at`, of which nobody knows the outcome.',
    ),
  history: z.array(ActionSummary).describe('This agent’s last actions of the same operation in this environment.'),
  outcome: OutcomeView.optional(),
})
export type ApprovalView = z.infer<typeof ApprovalView>

export const ApprovalPage = page(ApprovalSummary)
export type ApprovalPage = z.infer<typeof ApprovalPage>

export const SignInput = z.strictObject({
  verdict: Verdict,
  reason: z.string().max(2000).optional(),
  shown: Digest.describe('Of the card this person was shown.'),
  stop: z.boolean().optional().describe('With `reject`: also stop the agent (P15).'),
})
export type SignInput = z.infer<typeof SignInput>

/** Escalation needs no words; the version says which state of the question was meant. */
export const EscalateInput = z.strictObject({ version: z.number().int().min(1).optional() })
export type EscalateInput = z.infer<typeof EscalateInput>
