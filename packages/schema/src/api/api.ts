/**
 * What every part of the API says alike: moments, names, who looks, an action in a line. The console reads nothing
 * else. Moments are RFC 3339 UTC with milliseconds. Text is text: never markup, whoever wrote it.
 *
 * @module
 */
import { z } from 'zod'
import { Verb } from '../action.ts'
import { Account, Role } from '../agent.ts'
import { Verdict } from '../approval.ts'
import { Assurance } from '../decision.ts'

/** A moment, e.g. `2026-03-01T08:00:00.000Z`. */
export const Moment = z.iso.datetime({ precision: 3 })
export type Moment = z.infer<typeof Moment>

/** A page of a list. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().optional().describe('Hand it back as `after`; absent at the end.'),
  })

/** A person or agent, by id and by the name people know; the id again where the name is not known. */
export const Named = z.object({ id: z.string(), name: z.string() })
export type Named = z.infer<typeof Named>

/** Who looks, and how well Countersign knows it. */
export const Me = z.object({
  person: Named.extend({ email: z.string().optional(), issuer: z.string(), subject: z.string() }),
  roles: z.array(Role),
  groups: z.array(z.string()),
  groupsAsOf: Moment,
  session: z.object({
    startedAt: Moment,
    authenticatedAt: Moment.describe(
      'When the identity provider last saw this person prove it, as far as Countersign knows.',
    ),
    assurance: Assurance.describe('What a signature would carry now.'),
  }),
  unconfirmed: z
    .array(Account.extend({ linkedBy: Named, linkedAt: Moment }))
    .describe('Accounts at chat providers that are said to be yours, and answer nothing until you confirm them.'),
  demo: z.boolean().describe('A deployment for trying out: its ledger says so.'),
  local: z.boolean().describe('No identity provider is connected: people are who opened a link on this machine.'),
})
export type Me = z.infer<typeof Me>

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
  kind: z.enum(['running', 'done', 'failed', 'unknown', 'unreported']),
  summary: z.string(),
  seenBy: z
    .enum(['system', 'client'])
    .optional()
    .describe('`client`: what it says itself of what it ran; Countersign did not see it.'),
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
  'unreported',
])
export type Standing = z.infer<typeof Standing>

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
