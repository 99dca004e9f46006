/**
 * A fact as OpenLineage tells it (https://openlineage.io/spec/2-0-2/OpenLineage.json).
 *
 * One job per agent and operation; one run per action. START: asked or decided. RUNNING: approved. COMPLETE, FAIL: ran.
 * ABORT: refused, rejected, expired or taken back.
 *
 * @module
 */
import type { ActionLife, ActionRecord, DataNode, Entry, FactOf } from '@countersign/schema'
import { stepsOf } from '../facts/steps.ts'

export type RunState = 'START' | 'RUNNING' | 'COMPLETE' | 'FAIL' | 'ABORT'

const producer = 'https://github.com/countersign/countersign'
const spec = 'https://openlineage.io/spec'

type Change = FactOf<'approval.changed'>['change']

const stateOfChange: Partial<Record<Change, RunState>> = {
  granted: 'RUNNING',
  rejected: 'ABORT',
  expired: 'ABORT',
  cancelled: 'ABORT',
  voided: 'ABORT',
}

/** The event an entry is worth, if any: of what is decided and permitted in one, that of the decision. */
export function runStateOf({ fact: told }: Entry): RunState | undefined {
  const [fact = told] = stepsOf(told)
  if (fact.kind === 'action.decided') return fact.record.decision.kind === 'deny' ? 'ABORT' : 'START'
  if (fact.kind === 'action.finished') return fact.outcome.kind === 'done' ? 'COMPLETE' : 'FAIL'
  return fact.kind === 'approval.changed' ? stateOfChange[fact.change] : undefined
}

/** The action that an entry is about. */
export function actionIdOf({ fact: told }: Entry): string | undefined {
  const [fact = told] = stepsOf(told)
  if (fact.kind === 'action.decided') return fact.record.id
  if (fact.kind === 'action.finished') return fact.actionId
  return fact.kind === 'approval.changed' ? fact.approval.actionId : undefined
}

/** One RunEvent, as JSON. The decision stands twice: as a facet of ours, and as tags for sinks that drop those. */
export function runEvent(state: RunState, at: number, life: ActionLife, names: { origin: string; publicUrl: string }) {
  const { record, outcome } = life
  const { action, dataUse } = record
  const rows = outcome?.kind === 'done' ? outcome.rows : undefined
  return {
    eventType: state,
    eventTime: new Date(at).toISOString(),
    producer,
    schemaURL: `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: { runId: record.id.replace(/^act_/, ''), facets: runFacets(life, names.publicUrl) },
    job: {
      namespace: `countersign://${names.origin}/${action.environment}`,
      name: `${action.agent}/${action.operation}`,
      facets: {
        jobType: {
          ...facet('2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet'),
          processingType: 'BATCH',
          integration: 'COUNTERSIGN',
          jobType: 'AGENT_ACTION',
        },
      },
    },
    inputs: dataUse.reads.map((node) => dataset(node, names.origin)),
    outputs: [...dataUse.writes.map((node) => dataset(node, names.origin)), ...sinks(record, rows, names.origin)],
  }
}

export type RunEvent = ReturnType<typeof runEvent>

function runFacets({ record, approval, outcome }: ActionLife, publicUrl: string) {
  const { action, decision, risk, digest, dataUse } = record
  const approvers =
    approval?.signatures.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person) ?? []
  const state = approval?.state ?? decision.kind
  return {
    countersign_decision: {
      ...own('decision'),
      actionId: record.id,
      decision: state,
      policyVersion: decision.policyVersion,
      policies: decision.because,
      risk: risk.score,
      reasons: risk.signals.map(({ name }) => name),
      approvers,
      digest,
      ...(approval && { shown: approval.shown }),
      evidence: `${publicUrl}/actions/${record.id}`,
    },
    countersign_actor: {
      ...own('actor'),
      agent: action.agent,
      environment: action.environment,
      ...(action.onBehalfOf !== undefined && { onBehalfOf: action.onBehalfOf }),
      ...(dataUse.model && { model: dataUse.model.name }),
    },
    tags: {
      ...facet('1-0-0/TagsRunFacet.json#/$defs/TagsRunFacet'),
      tags: [
        { key: 'countersign.decision', value: state, source: 'COUNTERSIGN' },
        { key: 'countersign.risk', value: String(risk.score), source: 'COUNTERSIGN' },
        ...approvers.map((person) => ({ key: 'countersign.approver', value: person, source: 'COUNTERSIGN' })),
      ],
    },
    ...(outcome && outcome.kind !== 'done' && { errorMessage: failure(outcome.summary) }),
  }
}

const failure = (message: string) => ({
  ...facet('1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet'),
  message,
  programmingLanguage: 'NONE',
})

function dataset({ name, columns, classes }: DataNode, origin: string) {
  return {
    namespace: `countersign://${origin}`,
    name,
    facets: {
      tags: {
        ...facet('1-0-0/TagsDatasetFacet.json#/$defs/TagsDatasetFacet'),
        tags: classes.map((key) => ({ key, value: 'true', source: 'COUNTERSIGN' })),
      },
      ...(columns && {
        schema: {
          ...facet('1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet'),
          fields: columns.map((column) => ({ name: column })),
        },
      }),
    },
  }
}

/** A destination and a model are datasets too, so that "which models received this" is a downstream question. */
function sinks({ dataUse }: ActionRecord, rows: number | undefined, origin: string) {
  const outputFacets =
    rows === undefined
      ? {}
      : {
          outputStatistics: {
            ...facet('1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet'),
            rowCount: rows,
          },
        }
  return [
    ...(dataUse.destination
      ? [{ namespace: `destination://${origin}`, name: dataUse.destination.name, outputFacets }]
      : []),
    ...(dataUse.model ? [{ namespace: `llm://${origin}`, name: dataUse.model.name, outputFacets: {} }] : []),
  ]
}

const facet = (path: string) => ({ _producer: producer, _schemaURL: `${spec}/facets/${path}` })
const own = (name: string) => ({ _producer: producer, _schemaURL: `${producer}/facets/${name}.json` })
