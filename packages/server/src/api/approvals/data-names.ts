import type { Approval, ApprovalSummary } from '@countersign/schema'

/** Names of the data it reads or writes; where none is known, of what it acts on. */
export function dataNames({ card }: Pick<Approval, 'card'>): string[] {
  const { action, dataUse } = card.bound
  const data = [...dataUse.reads, ...dataUse.writes].map(({ name }) => name)
  return [...new Set(data.length > 0 ? data : action.resources.map(({ name }) => name))]
}

/** Whether each of these words occurs in what an approver would look for it by. */
export function speaksOf(search: string, summary: ApprovalSummary, approval: Pick<Approval, 'card'>): boolean {
  const { sentence, agent, onBehalfOf, environment, verb, destination, classes } = summary
  const names = [agent.name, agent.id, onBehalfOf?.name ?? '', destination?.name ?? '']
  const all = [sentence, verb, environment, ...names, ...classes, ...dataNames(approval)].join('\n').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
