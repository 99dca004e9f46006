/**
 * The last run of the same shape that people approved: what a reviewer compares the next one with.
 *
 * @module
 */
import type { Action, ActionLife, Approval, LastRun } from '@countersign/schema'
import { outcomeOf } from '../actions/action.ts'
import { shapeOf } from './group-key.ts'
import type { Viewer } from '../front/viewer.ts'
import { moment } from '../front/route.ts'

/** How near a run is to a question; 0 is nearest. */
export type Nearness = 0 | 1 | 2

/**
 * Out of what the agent did before, newest first: the newest of those that are nearest. The same things sent to the
 * same place come before the same things sent elsewhere, and those before other things of the same shape. One that the
 * person may not see is passed over (`maySee`).
 */
export function lastRunOf(
  { card, actionId }: Approval,
  lives: readonly ActionLife[],
  maySee: (life: ActionLife) => boolean,
): { readonly life: ActionLife; readonly nearness: Nearness } | undefined {
  const { action, dataUse } = card.bound
  const shape = shapeOf(action)
  const ranked = lives
    .filter(
      (life) =>
        life.record.id !== actionId &&
        life.approval?.state === 'spent' &&
        life.outcome?.kind === 'done' &&
        shapeOf(life.record.action) === shape &&
        maySee(life),
    )
    .map((life) => ({ life, nearness: nearnessOf(life) }))
    .toSorted((one, other) => one.nearness - other.nearness)
  return ranked[0]

  function nearnessOf({ record }: ActionLife): Nearness {
    if (namesOf(record.action) !== namesOf(action)) return 2
    return record.dataUse.destination?.name === dataUse.destination?.name ? 0 : 1
  }
}

const namesOf = ({ resources }: Action) =>
  JSON.stringify(resources.map(({ kind, name }) => JSON.stringify([kind, name])).toSorted())

export async function lastRunView(life: ActionLife, { names }: Viewer): Promise<LastRun | undefined> {
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
