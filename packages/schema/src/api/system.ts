/**
 * What the API says of the deployment itself: whether it stands, what waits, where its gateways are, what just changed,
 * what went wrong.
 *
 * @module
 */
import { z } from 'zod'
import { Mode } from '../action.ts'
import { Moment } from './api.ts'

/** A process of the deployment that held its right to run when it was asked. */
export const InstanceView = z.object({
  id: z.string(),
  version: z.string(),
  since: Moment.describe('When it started, by its own clock.'),
  beatAt: Moment.describe('When it last renewed its right to begin runs.'),
  answering: z.boolean().describe('The one that gives this answer.'),
})
export type InstanceView = z.infer<typeof InstanceView>

/** One reader of the ledger. A channel is one: what it is behind by is what has not been told yet. */
export const FollowerView = z.object({
  name: z.string(),
  cursor: z.number().int().describe('The next entry it has to deal with.'),
  behind: z.number().int().describe('Entries that it has not dealt with.'),
  waitingSince: Moment.optional().describe('When the oldest of these was recorded.'),
  trouble: z
    .object({ index: z.number().int(), tries: z.number().int(), code: z.string() })
    .optional()
    .describe('What it fails over now, at the instance that answers.'),
  leftOut: z
    .array(z.object({ index: z.number().int(), code: z.string() }))
    .describe('Entries given up after ten tries since this instance started; the newest 20.'),
})
export type FollowerView = z.infer<typeof FollowerView>

/** Where agents knock. */
export const GatewayView = z.object({
  gateway: z.string(),
  name: z.string(),
  address: z.string(),
  mode: Mode,
  observes: z.boolean().describe('Holds nothing: what would wait for people runs.'),
})
export type GatewayView = z.infer<typeof GatewayView>

/** Something that is wrong at the instance that answers. */
export const ConcernView = z.object({
  key: z.string().describe('Which part, and what of it: `mcp/crm`.'),
  says: z.string().describe('The cause, in a sentence.'),
  since: Moment,
})
export type ConcernView = z.infer<typeof ConcernView>

export const SystemView = z.object({
  at: Moment,
  deployment: z.object({ origin: z.string(), version: z.string(), publicUrl: z.string(), demo: z.boolean() }),
  store: z.object({
    entries: z.number().int(),
    answeredInMs: z.number().describe('How long it took to say so.'),
  }),
  instances: z.array(InstanceView),
  duties: z
    .array(z.object({ name: z.string(), instance: z.string() }))
    .describe('What one instance does for all, and which one does.'),
  followers: z.array(FollowerView),
  queues: z.object({
    openQuestions: z.number().int(),
    grantedUnspent: z.number().int(),
    waitingClients: z.number().int().describe('Held by the instance that answers.'),
  }),
  runs: z.object({
    unreported: z
      .number()
      .int()
      .describe(
        'Permits handed to clients that did not say in time what came of them, at most 10,000: it may have run. `GET /api/actions?outcome=unreported` lists them.',
      ),
  }),
  letters: z.object({
    waiting: z.number().int().describe('Notices that channels have yet to deliver.'),
    dead: z
      .array(
        z.object({ channel: z.string(), recipient: z.string(), approval: z.string(), code: z.string(), at: Moment }),
      )
      .describe('Notices given up: the newest 20, with why. `recipient`: `place:<name>`, or `person:<id>`.'),
  }),
  gateways: z.array(GatewayView),
  concerns: z.array(ConcernView).describe('What is wrong now and may right itself, each since when.'),
})
export type SystemView = z.infer<typeof SystemView>

/** A hint that something changed, as server-sent events carry it: look again at what you show. */
export const EventHint = z.object({
  index: z.number().int(),
  kind: z.string(),
  approval: z.string().optional(),
  action: z.string().optional(),
  agent: z.string().optional(),
})
export type EventHint = z.infer<typeof EventHint>

/** RFC 9457. `code` is from Countersign's catalogue. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  code: z.string(),
  requestId: z.string(),
})
export type Problem = z.infer<typeof Problem>

export const Health = z.object({ status: z.enum(['ok', 'unavailable']), version: z.string() })
export type Health = z.infer<typeof Health>
