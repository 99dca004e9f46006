/**
 * What is written down, in the order it happened. Every state is the sum of its facts.
 *
 * @module
 */
import { z } from 'zod'
import { Action, Digest, Effect, Measures, Purpose } from './action.ts'
import { Actor } from './actor.ts'
import { Agent, Person } from './agent.ts'
import { Approval, Countersignature } from './approval.ts'
import { Decision, DenyReason, Risk } from './decision.ts'
import { DataUse, NamedData } from './lineage.ts'
import { ToolRecord } from './tool.ts'

const seenBy = z
  .enum(['system', 'client'])
  .optional()
  .describe('`system`: Countersign ran it and saw; `client`: who was handed the permit reported it.')

const Done = z.object({
  kind: z.literal('done'),
  summary: z.string(),
  seenBy,
  rows: z.number().int().nonnegative().optional(),
  bytes: z.number().int().nonnegative().optional(),
  reads: z.array(NamedData).optional(),
  writes: z.array(NamedData).optional(),
})

/** What really happened. Numbers are what was observed, not what was predicted. */
export const Outcome = z.discriminatedUnion('kind', [
  Done,
  z.object({
    kind: z.literal('failed'),
    summary: z.string(),
    seenBy,
    begun: z.literal(false).optional().describe('Nothing was sent, for certain: the same attempt may be made again.'),
  }),
  z.object({ kind: z.literal('unknown'), summary: z.string() }).describe('It may have run, and nobody saw the end.'),
  z.object({ kind: z.literal('unreported'), summary: z.string() }).describe('It was handed out, and nobody said.'),
])
export type Outcome = z.infer<typeof Outcome>

const told = z.string().min(1).max(2000)
const named = z
  .array(z.object({ name: z.string().min(1).max(500), columns: z.array(z.string().max(200)).max(200).optional() }))
  .max(200)
  .optional()

/** What a client says of what it ran itself. */
export const Reported = z.discriminatedUnion('kind', [
  Done.omit({ seenBy: true }).extend({ summary: told, reads: named, writes: named }),
  z.object({ kind: z.literal('failed'), summary: told }),
])
export type Reported = z.infer<typeof Reported>

/** One try of a client, scoped to its credential. */
export const AttemptKey = z.object({
  credential: z.string(),
  id: z.string().max(500).optional().describe('JSON-RPC id with session, Idempotency-Key, …; absent if none.'),
})
export type AttemptKey = z.infer<typeof AttemptKey>

/** An action as it was judged: what, by whom, on which data, at what risk, and what policy said. */
export const ActionRecord = z.object({
  id: z.string(),
  action: Action,
  digest: Digest,
  sentence: z.string(),
  effect: Effect,
  purpose: Purpose.optional(),
  dataUse: DataUse,
  measures: Measures,
  risk: Risk,
  decision: Decision,
  observed: z.boolean().describe('The agent or the gateway only observes: people would have been asked, and were not.'),
  attempt: AttemptKey,
  parent: z
    .object({ permit: z.string(), actionId: z.string() })
    .optional()
    .describe('The run that it was part of: a tool call within a model call.'),
  session: z.string(),
  trace: z.string().optional(),
  client: z.string(),
})
export type ActionRecord = z.infer<typeof ActionRecord>

/** The permit, as it is recorded. Durable before the first upstream byte (P2). */
export const PermitRecord = z.object({
  id: z.string(),
  actionId: z.string(),
  asked: Digest.describe('Of the action that was asked for.'),
  runs: Digest.describe('Of the action that may run.'),
  approval: z.string().optional(),
  agent: z.string(),
  agentVersion: z.number().int().describe('Its keys are part of it: one that was revoked moves it.'),
  people: z
    .array(z.object({ id: z.string(), version: z.number().int().min(0) }))
    .optional()
    .describe('On whom it rests, as they stood: the person acted for, and whoever approved. 0: nobody known here.'),
  tool: z
    .object({ id: z.string(), definition: z.string() })
    .optional()
    .describe('The tool that it uses, and the definition that the agent was shown.'),
  attempt: AttemptKey,
  replayable: z.boolean().describe('An undelivered outcome is handed to the next identical attempt (P10).'),
  node: z.string(),
  epoch: z.number().int(),
  runBy: z.number().int().describe('The run must begin before this.'),
  deadline: z.number().int().describe('Without an outcome by then it is closed as unknown, or as unreported.'),
  handed: z.literal(true).optional().describe('To the client, which runs it itself and reports.'),
  policyVersion: z.string(),
})
export type PermitRecord = z.infer<typeof PermitRecord>

/** The permit of an action that policy allowed: what its record says already is said once. */
export const AllowedPermit = PermitRecord.omit({
  actionId: true,
  asked: true,
  approval: true,
  agent: true,
  attempt: true,
  policyVersion: true,
})
export type AllowedPermit = z.infer<typeof AllowedPermit>

/** What a client was answered, kept for the attempt that comes again. */
export const KeptResult = z.object({
  contentType: z.string(),
  status: z.number().int().optional(),
  headers: z
    .array(z.tuple([z.string(), z.string()]))
    .optional()
    .describe('Names and values as they were sent, where the protocol has them.'),
  trailers: z.array(z.tuple([z.string(), z.string()])).optional(),
  body: z.string().describe('Base64.'),
})
export type KeptResult = z.infer<typeof KeptResult>

const by = Actor

export const Fact = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('deployment.founded'),
    by,
    demo: z.boolean(),
    local: z.literal(true).optional().describe('By local people: no identity provider was connected.'),
  }),
  z.object({ kind: z.literal('policy.activated'), by, version: z.string(), policies: z.array(z.string()) }),
  z
    .object({ kind: z.literal('action.allowed'), record: ActionRecord, permit: AllowedPermit })
    .describe('Decided and permitted in one: policy allows it, or would only ask where it observes.'),
  z.object({ kind: z.literal('action.decided'), record: ActionRecord }).describe('Asked about, or denied.'),
  z.object({
    kind: z.literal('approval.changed'),
    change: z.enum(['asked', 'signed', 'granted', 'rejected', 'escalated', 'expired', 'cancelled', 'voided', 'spent']),
    by,
    approval: Approval,
    signature: Countersignature.optional(),
  }),
  z.object({
    kind: z.literal('signature.refused'),
    by,
    approval: z.string(),
    code: z.string(),
    channel: z.string(),
    times: z.number().int().min(2).optional().describe('So many in a flood, of which this is the sum; absent: one.'),
  }),
  z.object({ kind: z.literal('action.permitted'), permit: PermitRecord }).describe('Under an approval.'),
  z.object({
    kind: z.literal('action.finished'),
    permit: z.string(),
    actionId: z.string(),
    outcome: Outcome,
    delivered: z.boolean(),
    result: KeptResult.optional(),
  }),
  z.object({ kind: z.literal('action.replayed'), permit: z.string(), actionId: z.string(), attempt: AttemptKey }),
  z.object({
    kind: z.literal('agent.changed'),
    change: z.enum(['registered', 'changed', 'key-issued', 'key-revoked', 'stopped', 'started', 'retired']),
    by,
    agent: Agent,
    because: z.string().optional(),
  }),
  z.object({
    kind: z.literal('person.changed'),
    change: z.enum([
      'signed-in',
      'signed-out',
      'roles',
      'added',
      'sessions-ended',
      'switched-off',
      'switched-on',
      'linked',
      'confirmed',
      'unlinked',
    ]),
    by,
    person: Person,
  }),
  z.object({
    kind: z.literal('tool.changed'),
    change: z
      .enum(['pinned', 'listed', 'accepted'])
      .describe('With the first list of its server; differently, or later than that; by a person.'),
    by,
    tool: ToolRecord,
  }),
  z.object({
    kind: z.literal('record.denied'),
    by,
    agent: z.string(),
    onBehalfOf: z.string().optional(),
    credential: z.string(),
    count: z.number().int().min(1).describe('Attempts that were denied beyond those that stand by themselves.'),
    reasons: z.partialRecord(DenyReason, z.number().int().min(1)),
    from: z.number().int(),
    to: z.number().int(),
  }),
  z.object({
    kind: z.literal('record.erased'),
    by,
    subject: z.string().describe('A keyed hash of the id: whoever knows it can be told that it was erased.'),
    entries: z.number().int().nonnegative().describe('How many became unreadable.'),
    because: z.string().max(2000),
  }),
  z.object({ kind: z.literal('record.read'), by, what: z.string(), query: z.string() }),
])
export type Fact = z.infer<typeof Fact>
export type FactKind = Fact['kind']
export type FactOf<Kind extends FactKind> = Extract<Fact, { kind: Kind }>

/** A fact in its place: what followers and timelines read. */
export interface Entry {
  /** Position in the ledger, from 0. */
  readonly index: number
  readonly id: string
  /** Milliseconds since 1970, by the store's clock. */
  readonly at: number
  readonly fact: Fact | ErasedFact
}

/** Its payload's key was destroyed; the leaf and its proofs stand. */
export interface ErasedFact {
  readonly kind: 'erased'
  readonly was: FactKind
}

/** One action's whole life, as search and timelines show it. */
export interface ActionLife {
  readonly record: ActionRecord
  readonly at: number
  readonly approval?: Approval
  readonly permit?: PermitRecord
  readonly permittedAt?: number
  readonly outcome?: Outcome
  readonly finishedAt?: number
}
