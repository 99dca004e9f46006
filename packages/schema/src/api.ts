/**
 * What the house's API says to people's tools, and takes from them. The console reads nothing else.
 * Moments are RFC 3339 UTC with milliseconds. Text is text: never markup, whoever wrote it.
 *
 * @module
 */
import { z } from 'zod'
import { Digest, Door, Json, Measures, Purpose, Resource, Verb } from './action.ts'
import { Role } from './agent.ts'
import { Card, Verdict } from './approval.ts'
import { Assurance, DenyReason, Obligation, Risk } from './decision.ts'
import { Outcome } from './fact.ts'
import { DataPicture } from './lineage.ts'

/** A moment, e.g. `2026-03-01T08:00:00.000Z`. */
export const Moment = z.iso.datetime({ precision: 3 })
export type Moment = z.infer<typeof Moment>

const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().optional().describe('Hand it back as `after`; absent at the end.'),
  })

// ── Who ─────────────────────────────────────────────────────────────────────────────────────────

/** A person or agent, by id and by the name people know; the id again where the name is not known. */
export const Named = z.object({ id: z.string(), name: z.string() })
export type Named = z.infer<typeof Named>

/** Who looks, and how well the house knows it. */
export const Me = z.object({
  person: Named.extend({ email: z.string().optional(), issuer: z.string(), subject: z.string() }),
  roles: z.array(Role),
  groups: z.array(z.string()),
  groupsAsOf: Moment,
  session: z.object({
    startedAt: Moment,
    authenticatedAt: Moment.describe(
      'When the identity provider last saw this person prove it, as far as the house knows.',
    ),
    assurance: Assurance.describe('What a signature would carry now.'),
  }),
  demo: z.boolean().describe('A house for trying out: its ledger says so.'),
  local: z.boolean().describe('No identity provider is connected: people are who opened a link on this machine.'),
})
export type Me = z.infer<typeof Me>

// ── Questions ───────────────────────────────────────────────────────────────────────────────────

export const QuestionState = z.enum(['open', 'granted', 'spent', 'rejected', 'expired', 'cancelled', 'voided'])

/** One sign-off of a question, and how far it is served. */
export const SignOffView = z.object({
  id: z.string(),
  doc: z.string(),
  owner: z.string(),
  control: z.string().optional(),
  from: z
    .array(z.string())
    .describe('Groups that may sign, `agent-team` by its real name, with the escalation if it came.'),
  quorum: z.number().int(),
  served: z.number().int().describe('Distinct people who count towards the quorum so far.'),
  assurance: Assurance,
  reasonRequired: z.boolean(),
  distinct: z.boolean(),
  escalation: z.object({ to: z.string(), afterMs: z.number().int(), done: z.boolean() }).optional(),
})
export type SignOffView = z.infer<typeof SignOffView>

export const SignatureView = z.object({
  person: Named,
  verdict: Verdict,
  reason: z.string().optional(),
  assurance: Assurance,
  channel: z.string(),
  local: z.boolean().describe('By one of the local people: no identity provider stands behind it.'),
  at: Moment,
})
export type SignatureView = z.infer<typeof SignatureView>

/** What the person who looks can do here. */
export const YourPart = z.discriminatedUnion('can', [
  z.object({ can: z.literal('sign'), reasonRequired: z.boolean() }),
  z.object({
    can: z.literal('sign-in-again'),
    says: z.string(),
    signIn: z.string().describe('Path that proves the person anew and comes back to this question.'),
    reasonRequired: z.boolean(),
  }),
  z.object({ can: z.literal('look'), code: z.string(), says: z.string() }),
])
export type YourPart = z.infer<typeof YourPart>

export const PolicyView = z.object({
  id: z.string(),
  doc: z.string(),
  owner: z.string(),
  control: z.string().optional(),
  kind: z.enum(['allowance', 'sign-off', 'prohibition', 'gone']).describe('`gone`: no longer in the active set.'),
  text: z.string().describe('Cedar, as loaded.'),
})
export type PolicyView = z.infer<typeof PolicyView>

export const OutcomeView = z.object({
  kind: z.enum(['running', 'done', 'failed', 'unknown']),
  summary: z.string(),
  rows: z.number().int().optional(),
  bytes: z.number().int().optional(),
  startedAt: Moment,
  finishedAt: Moment.optional(),
  durationMs: z.number().int().optional(),
})
export type OutcomeView = z.infer<typeof OutcomeView>

/** Where an action stands, in one word. */
export const Standing = z.enum([
  'denied',
  'waiting',
  'granted',
  'rejected',
  'expired',
  'cancelled',
  'voided',
  'running',
  'done',
  'failed',
  'unknown',
])
export type Standing = z.infer<typeof Standing>

export const QuestionSummary = z.object({
  id: z.string(),
  version: z.number().int(),
  state: QuestionState,
  actionId: z.string(),
  sentence: z.string(),
  verb: Verb,
  operation: z.string(),
  environment: z.string(),
  agent: Named,
  onBehalfOf: Named.optional(),
  risk: z.number().int(),
  classes: z.array(z.string()),
  destination: DataPicture.shape.destination,
  groups: z.array(z.string()).describe('Everyone who may be asked, by group.'),
  served: z.number().int().describe('Sign-offs that are served.'),
  needed: z.number().int().describe('Sign-offs in all.'),
  mine: z.boolean().describe('The person who looks can answer it.'),
  touches: z.array(z.string()).describe('Datasets by name, else what it acts on; the first 10.'),
  likeness: z.string().describe('Opaque. Equal for questions of one kind, never across agents or environments.'),
  askedAt: Moment,
  expiresAt: Moment,
  secondsLeft: z.number().int().describe('0 unless open.'),
  settledAt: Moment.optional(),
})
export type QuestionSummary = z.infer<typeof QuestionSummary>

export const ActionSummary = z.object({
  id: z.string(),
  at: Moment,
  standing: Standing,
  decision: z.enum(['allow', 'ask', 'deny']),
  sentence: z.string(),
  verb: Verb,
  operation: z.string(),
  gateway: z.string(),
  environment: z.string(),
  agent: Named,
  onBehalfOf: Named.optional(),
  risk: z.number().int(),
  classes: z.array(z.string()),
  observed: z.boolean(),
  approval: z.string().optional(),
  outcome: OutcomeView.optional(),
})
export type ActionSummary = z.infer<typeof ActionSummary>

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
export const QuestionView = QuestionSummary.extend({
  digest: Digest,
  shown: Digest.describe('SHA-256 of the canonical `card` (RFC 8785): hash it to check.'),
  card: Card.describe('Nothing is cut. Its numbers are as signed: milliseconds since 1970.'),
  askedBy: z.object({
    agent: Named.extend({ team: z.string(), status: z.enum(['active', 'stopped']) }),
    owner: Named,
    onBehalfOf: Named.optional(),
    startedBy: Named.optional(),
    client: z.string().describe('As it calls itself: claimed.'),
  }),
  purpose: Purpose.optional().describe('Claimed by the agent, never verified.'),
  riskPicture: Risk,
  picture: DataPicture,
  policies: z.array(PolicyView).describe('Those the decision rests on.'),
  policyVersion: z.string(),
  signOffs: z.array(SignOffView),
  signatures: z.array(SignatureView),
  maySign: z.array(Named).describe('People known to the house who may sign it, at most 50.'),
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
export type QuestionView = z.infer<typeof QuestionView>

export const QuestionPage = page(QuestionSummary)
export type QuestionPage = z.infer<typeof QuestionPage>

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

// ── Actions ─────────────────────────────────────────────────────────────────────────────────────

export const ActionPage = page(ActionSummary).extend({
  behind: z
    .number()
    .int()
    .optional()
    .describe(
      'Entries of the ledger that the index of purposes, classes and digests has yet to read; absent if none or not asked.',
    ),
})
export type ActionPage = z.infer<typeof ActionPage>

/** One action of an exported search: a line of JSON, or a row. */
export const ActionLine = ActionSummary.extend({
  digest: Digest,
  purpose: Purpose.optional(),
  reads: z.array(z.string()),
  writes: z.array(z.string()),
  model: z.string().optional(),
  destination: z.string().optional(),
  signedBy: z.array(Named),
})
export type ActionLine = z.infer<typeof ActionLine>

/** One line of an action's life, from the ledger. */
export const TimelineEntry = z.object({
  index: z.number().int().describe('Position in the ledger.'),
  id: z.string(),
  type: z.string(),
  at: Moment,
  words: z.string(),
  by: Named.optional(),
})
export type TimelineEntry = z.infer<typeof TimelineEntry>

export const ActionView = ActionSummary.extend({
  digest: Digest,
  door: Door,
  resources: z.array(Resource),
  parameters: z.record(z.string(), Json),
  definition: z.string().optional(),
  owner: Named.optional(),
  startedBy: Named.optional(),
  client: z.string(),
  session: z.string(),
  trace: z.string().optional(),
  purpose: Purpose.optional(),
  picture: DataPicture,
  measures: Measures,
  riskPicture: Risk,
  denied: DenyReason.optional(),
  obligations: z.array(Obligation),
  policies: z.array(PolicyView),
  policyVersion: z.string(),
  signatures: z.array(SignatureView),
  permit: z.object({ id: z.string(), at: Moment, runBy: Moment, node: z.string() }).optional(),
  reported: Outcome.optional().describe('The outcome as recorded, with what was really read and written.'),
  timeline: z.array(TimelineEntry),
  leftOut: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'Further entries, which are in the ledger: refused signatures beyond the newest 20, and the oldest of a long life.',
    ),
})
export type ActionView = z.infer<typeof ActionView>
