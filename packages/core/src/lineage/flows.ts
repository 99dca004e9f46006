import type { ActionLife, DataNode } from '@countersign/schema'
import type { Flow, LineageNode } from '../ports.ts'

/**
 * What flowed where in an action that was done: from every source to every place it reached. What was really read and
 * written counts; where the run did not say, what was approved does.
 */
export function flowsOf(life: ActionLife): Flow[] {
  const { record, permit, approval, outcome, finishedAt = life.at } = life
  if (!permit || outcome?.kind !== 'done') return []
  const { action, picture } = record
  const agent: LineageNode = { kind: 'agent', name: action.agent }
  const sources = datasets(outcome.reads ?? picture.reads)
  const targets: [LineageNode, Flow['how']][] = [
    ...datasets(outcome.writes ?? picture.writes).map((node): [LineageNode, Flow['how']] => [node, 'writes']),
    ...(picture.destination ? [[{ kind: 'destination', name: picture.destination.name }, 'sends'] as const] : []),
    ...(picture.model
      ? [[{ kind: 'model', name: picture.model.name }, action.verb === 'model.train' ? 'trains' : 'invokes'] as const]
      : []),
  ].map(([node, how]) => [node, how])

  const approvers =
    approval?.signatures.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person) ?? []
  const flow = (from: LineageNode, to: LineageNode, how: Flow['how']): Flow => ({
    action: record.id,
    at: finishedAt,
    agent: action.agent,
    onBehalfOf: action.onBehalfOf,
    from,
    to,
    how,
    rows: outcome.rows,
    approval: approval?.id,
    approvers,
  })
  if (targets.length === 0) return sources.map((source) => flow(source, agent, 'reads'))
  return targets.flatMap(([target, how]) =>
    (sources.length > 0 ? sources : [agent]).map((source) => flow(source, target, how)),
  )
}

const datasets = (named: readonly Pick<DataNode, 'name'>[]): LineageNode[] =>
  named.map(({ name }) => ({ kind: 'dataset', name }))
