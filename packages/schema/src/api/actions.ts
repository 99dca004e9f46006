/**
 * What the API says of recorded actions.
 *
 * @module
 */
import { z } from 'zod'
import { Digest, Mode, Json, Measures, Purpose, Resource } from '../action.ts'
import { ActionSummary, Moment, Named, page, PolicyView, SignatureView } from './api.ts'
import { DenyReason, Obligation, Risk } from '../decision.ts'
import { Outcome } from '../fact.ts'
import { DataUse } from '../lineage.ts'

export const ActionPage = page(ActionSummary).extend({
  behind: z
    .number()
    .int()
    .optional()
    .describe(
      'Entries of the ledger that were not yet read for searches: of their actions some may be missing; absent if none.',
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

/** One line of an action's life, from the ledger; one entry may tell two, and then both have its index and id. */
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
  mode: Mode,
  resources: z.array(Resource),
  parameters: z.record(z.string(), Json),
  definition: z.string().optional(),
  owner: Named.optional(),
  startedBy: Named.optional(),
  client: z.string(),
  session: z.string(),
  parent: z
    .object({ permit: z.string(), action: z.string() })
    .optional()
    .describe('The run that it was part of: a tool call within a model call.'),
  trace: z.string().optional(),
  purpose: Purpose.optional(),
  dataUse: DataUse,
  measures: Measures,
  riskDetails: Risk,
  denied: DenyReason.optional(),
  obligations: z.array(Obligation),
  policies: z.array(PolicyView),
  policyVersion: z.string(),
  signatures: z.array(SignatureView),
  permit: z
    .object({
      id: z.string(),
      at: Moment,
      runBy: Moment,
      node: z.string(),
      asked: Digest,
      runs: Digest,
      handed: z.literal(true).optional().describe('To the client, which runs it itself and reports.'),
    })
    .optional(),
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
