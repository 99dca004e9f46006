import type { ActionLife, NamedData } from '@countersign/schema'
import type { Flow, LineageNode } from '../ports.ts'

/**
 * What flowed where in an action that was done: from every source to every place it reached. What was really read and
 * written counts; where the run did not say, what was approved does. What a client says of its own run may add to that,
 * and takes nothing away: nobody saw it.
 */
export function flowsOf(life: ActionLife): Flow[] {
  const { record, permit, approval, outcome, finishedAt = life.at } = life
  if (!permit || outcome?.kind !== 'done') return []
  const { action, dataUse } = record
  const agent: End = { node: { kind: 'agent', name: action.agent } }
  const isSeen = outcome.seenBy !== 'client'
  const sources = datasets(isSeen ? (outcome.reads ?? dataUse.reads) : both(outcome.reads, dataUse.reads))
  const written = isSeen ? (outcome.writes ?? dataUse.writes) : both(outcome.writes, dataUse.writes)
  const targets: Target[] = datasets(written).map((end) => ({ ...end, how: 'writes' }))
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

/** What is named twice is one, with the columns of both; without columns it is all of them. */
function both(told: readonly NamedData[] = [], approved: readonly NamedData[]): NamedData[] {
  const found = new Map<string, NamedData>()
  for (const data of [...approved, ...told]) {
    const before = found.get(data.name) ?? data
    const columns = before.columns && data.columns && [...new Set([...before.columns, ...data.columns])]
    found.set(data.name, columns ? { name: data.name, columns } : { name: data.name })
  }
  return [...found.values()]
}

const datasets = (named: readonly NamedData[]): End[] =>
  named.map(({ name, columns }) => ({ node: { kind: 'dataset', name }, columns }))
