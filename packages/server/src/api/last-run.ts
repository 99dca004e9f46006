/**
 * The last run of the same shape that people approved: what a reviewer compares the next one with.
 *
 * @module
 */
import type { ActionLife, Approval, LastRun } from '@countersign/schema'
import { outcomeOf } from './action.ts'
import { shapeOf } from './likeness.ts'
import type { Looking } from './looking.ts'
import { moment } from './route.ts'

/** Out of what the agent did before, newest first. One that the person may not see is passed over (`maySee`). */
export function lastRunOf(
  { card, actionId }: Approval,
  lives: readonly ActionLife[],
  maySee: (life: ActionLife) => boolean,
): ActionLife | undefined {
  const shape = shapeOf(card.bound.action)
  return lives.find(
    (life) =>
      life.record.id !== actionId &&
      life.approval?.state === 'spent' &&
      life.outcome?.kind === 'done' &&
      shapeOf(life.record.action) === shape &&
      maySee(life),
  )
}

export async function lastRunView(life: ActionLife, { names }: Looking): Promise<LastRun | undefined> {
  const { outcome } = outcomeOf(life)
  if (!outcome) return undefined
  const { resources, parameters, definition } = life.record.action
  const approvals = life.approval?.signatures.filter(({ verdict }) => verdict === 'approve') ?? []
  return {
    action: life.record.id,
    at: moment(life.permittedAt ?? life.at),
    resources,
    parameters,
    ...(definition !== undefined && { definition }),
    approvedBy: await names.people(approvals.map(({ person }) => person)),
    outcome,
  }
}
