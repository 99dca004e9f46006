import type { ActionLife, NamedData } from '@countersign/schema'
import type { Flow, LineageNode } from '../ports.ts'

/**
 * What flowed where in an action that was done: from every source to every place it reached. What was really read and
 * written counts; where the run did not say, what was approved does.
 */
export function flowsOf(life: ActionLife): Flow[] {
  const { record, permit, approval, outcome, finishedAt = life.at } = life
  if (!permit || outcome?.kind !== 'done') return []
  const { action, dataUse } = record
  const agent: End = { node: { kind: 'agent', name: action.agent } }
  const sources = datasets(outcome.reads ?? dataUse.reads)
  const targets: Target[] = datasets(outcome.writes ?? dataUse.writes).map((end) => ({ ...end, how: 'writes' }))
  if (dataUse.destination) targets.push({ node: { kind: 'destination', name: dataUse.destination.name }, how: 'sends' })
  if (dataUse.model) {
    const how = action.verb === 'model.train' ? 'trains' : 'invokes'
    targets.push({ node: { kind: 'model', name: dataUse.model.name }, how })
  }

  const approvers =
    approval?.signatures.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person) ?? []
  const flow = (from: End, to: End, how: Flow['how']): Flow => ({
    action: record.id,
    at: finishedAt,
    agent: action.agent,
    onBehalfOf: action.onBehalfOf,
    from: from.node,
    fromColumns: from.columns,
    to: to.node,
    toColumns: to.columns,
    how,
    rows: outcome.rows,
    approval: approval?.id,
    approvers,
    policies: record.decision.because,
  })
  if (targets.length === 0) return sources.map((source) => flow(source, agent, 'reads'))
  return targets.flatMap((target) =>
    (sources.length > 0 ? sources : [agent]).map((source) => flow(source, target, target.how)),
  )
}

interface End {
  readonly node: LineageNode
  readonly columns?: readonly string[] | undefined
}
type Target = End & { readonly how: Flow['how'] }

const datasets = (named: readonly NamedData[]): End[] =>
  named.map(({ name, columns }) => ({ node: { kind: 'dataset', name }, columns }))
