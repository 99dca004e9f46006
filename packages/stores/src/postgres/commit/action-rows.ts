/**
 * Actions as they are searched for: what was decided as a row, and what later facts add to it.
 *
 * @module
 */
import type { Slot } from '@countersign/core'
import type { ActionRecord, Fact, Outcome } from '@countersign/schema'
import { searchable } from './keys.ts'

export interface ActionRow {
  readonly id: string
  readonly entry: number
  readonly at: number
  readonly agent: string
  readonly people: readonly string[]
  readonly verb: string
  readonly operation: string
  readonly environment: string
  readonly datasets: readonly string[]
  readonly model: string | null
  readonly decision: string
  readonly risk: number
  readonly subject: string
}

export interface ActionPatch {
  readonly id: string
  readonly approval: string | null
  readonly permit: string | null
  readonly outcome: Outcome['kind'] | null
  readonly datasets: readonly string[]
}

export interface ActionRows {
  readonly rows: Map<string, ActionRow>
  readonly patches: Map<string, ActionPatch>
}

/** Takes up a fact that will stand. */
export function takeUp(actions: ActionRows, fact: Fact, slot: Slot): void {
  if (fact.kind === 'action.decided') actions.rows.set(fact.record.id, rowOf(fact.record, slot))
  if (fact.kind === 'approval.changed' && fact.approval.version === 1) {
    patch(actions, fact.approval.actionId, { approval: fact.approval.id })
  }
  if (fact.kind === 'action.permitted') {
    const { id, actionId, approval = null } = fact.permit
    patch(actions, actionId, { permit: id, approval })
  }
  if (fact.kind === 'action.finished') {
    const { outcome, actionId } = fact
    const data = outcome.kind === 'done' ? [...(outcome.reads ?? []), ...(outcome.writes ?? [])] : []
    patch(actions, actionId, { outcome: outcome.kind, datasets: datasetsOf(data) })
  }
}

function rowOf({ id, action, dataUse, decision, risk }: ActionRecord, { index, at, subject }: Slot): ActionRow {
  const people = [action.onBehalfOf, action.startedBy].filter((person) => person !== undefined)
  return {
    id,
    entry: index,
    at,
    agent: action.agent,
    people: people.map(searchable),
    verb: action.verb,
    operation: searchable(action.operation),
    environment: searchable(action.environment),
    datasets: datasetsOf([...dataUse.reads, ...dataUse.writes]),
    model: dataUse.model === undefined ? null : searchable(dataUse.model.name),
    decision: decision.kind,
    risk: risk.score,
    subject,
  }
}

function patch({ patches }: ActionRows, id: string, more: Partial<ActionPatch>): void {
  const before = patches.get(id)
  patches.set(id, {
    id,
    approval: more.approval ?? before?.approval ?? null,
    permit: more.permit ?? before?.permit ?? null,
    outcome: more.outcome ?? before?.outcome ?? null,
    datasets: [...(before?.datasets ?? []), ...(more.datasets ?? [])],
  })
}

const datasetsOf = (data: readonly { readonly name: string }[]): string[] => [
  ...new Set(data.map(({ name }) => searchable(name))),
]
