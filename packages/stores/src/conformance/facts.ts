/**
 * Facts about the samples, in the words of the instance.
 *
 * @module
 */
import { allowedFact } from '@countersign/core'
import {
  type ActionRecord,
  type Agent,
  type Approval,
  type AttemptKey,
  byPerson,
  bySystem,
  type Countersignature,
  type Fact,
  type FactOf,
  type Outcome,
  type PermitRecord,
  type Person,
  type ToolRecord,
} from '@countersign/schema'

type ApprovalChange = FactOf<'approval.changed'>['change']

export const founded = (): FactOf<'deployment.founded'> => ({ kind: 'deployment.founded', by: bySystem, demo: false })

export const decided = (record: ActionRecord): FactOf<'action.decided'> => ({ kind: 'action.decided', record })

/** What the gate records before it runs this: one fact unless an approval is spent. */
export const begins = (record: ActionRecord, permit: PermitRecord): Fact[] =>
  permit.approval === undefined ? [allowedFact(record, permit)] : [decided(record), permitted(permit)]

export const changed = (
  change: ApprovalChange,
  approval: Approval,
  signature?: Countersignature,
): FactOf<'approval.changed'> => ({
  kind: 'approval.changed',
  change,
  by: signature === undefined ? bySystem : byPerson(signature.person),
  approval,
  ...(signature !== undefined && { signature }),
})

export const asked = (approval: Approval): FactOf<'approval.changed'> => changed('asked', approval)

export const permitted = (permit: PermitRecord): FactOf<'action.permitted'> => ({ kind: 'action.permitted', permit })

export const sampleDone: Outcome = { kind: 'done', summary: 'Exported 48,211 rows.', rows: 48_211 }
export const sampleFailed: Outcome = { kind: 'failed', summary: 'The upstream said no.' }
export const sampleUnknown: Outcome = { kind: 'unknown', summary: 'Nobody came back to say.' }
export const sampleUnreported: Outcome = { kind: 'unreported', summary: 'It was handed out, and nobody said.' }

export const finished = (
  permit: PermitRecord,
  over: Partial<FactOf<'action.finished'>> = {},
): FactOf<'action.finished'> => ({
  kind: 'action.finished',
  permit: permit.id,
  actionId: permit.actionId,
  outcome: sampleDone,
  delivered: true,
  ...over,
})

export const replayed = (permit: PermitRecord, attempt: AttemptKey = permit.attempt): FactOf<'action.replayed'> => ({
  kind: 'action.replayed',
  permit: permit.id,
  actionId: permit.actionId,
  attempt,
})

export const agentChanged = (
  agent: Agent,
  change: FactOf<'agent.changed'>['change'] = agent.version === 1 ? 'registered' : 'changed',
): FactOf<'agent.changed'> => ({ kind: 'agent.changed', change, by: byPerson(agent.changedBy), agent })

export const personChanged = (
  person: Person,
  change: FactOf<'person.changed'>['change'] = 'signed-in',
): FactOf<'person.changed'> => ({ kind: 'person.changed', change, by: byPerson(person.id), person })

export const activated = (version: string): FactOf<'policy.activated'> => ({
  kind: 'policy.activated',
  by: bySystem,
  version,
  policies: [],
})

export const toolChanged = (
  tool: ToolRecord,
  change: FactOf<'tool.changed'>['change'] = 'pinned',
): FactOf<'tool.changed'> => ({ kind: 'tool.changed', change, by: bySystem, tool })
