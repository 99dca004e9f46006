/**
 * A noun as its row: what rules and queries look at, nothing more.
 *
 * @module
 */
import type { ActionRecord, Approval, PermitRecord } from '@countersign/schema'
import { keysOf, type Lookup, searchable } from './keys.ts'
import type { ActionRow, ApprovalRow, PermitRow, Place } from './world.ts'

export function approvalRow(
  approval: Approval,
  stored: ApprovalRow | undefined,
  { index }: Place,
  lookup: Lookup,
): ApprovalRow {
  const { agent, onBehalfOf } = approval.card.bound.action
  return {
    id: approval.id,
    version: approval.version,
    state: approval.state,
    digestKey: keysOf(lookup).digest(approval.digest),
    action: approval.actionId,
    agent,
    onBehalfOf: onBehalfOf ?? null,
    barred: [...new Set([...(stored?.barred ?? []), ...approval.barred])],
    askedAt: approval.askedAt,
    dueAt: dueAt(approval) ?? null,
    askedEntry: stored?.askedEntry ?? index,
    entry: index,
  }
}

/** When someone has to look at it again if nothing happens. */
function dueAt(approval: Approval): number | undefined {
  switch (approval.state) {
    case 'open':
      return Math.min(approval.expiresAt, approval.escalateAt ?? Infinity)
    case 'granted':
      return approval.validUntil
    case 'spent':
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'voided':
      return undefined
  }
}

export function permitRow(permit: PermitRecord, { index }: Place, lookup: Lookup): PermitRow {
  const { credential, id: attemptId } = permit.attempt
  const keys = keysOf(lookup)
  return {
    id: permit.id,
    action: permit.actionId,
    approval: permit.approval ?? null,
    credential: searchable(credential),
    attemptKey: attemptId === undefined ? null : keys.attempt(credential, attemptId),
    digestKey: keys.digest(permit.digest),
    replayable: permit.replayable,
    deadline: permit.deadline,
    outcome: null,
    delivered: false,
    node: permit.node,
    abandoned: false,
    entry: index,
    endedEntry: null,
  }
}

export function actionRow(record: ActionRecord, { index, at, subject }: Place): ActionRow {
  const { action, picture, decision, risk } = record
  return {
    id: record.id,
    entry: index,
    at,
    agent: action.agent,
    people: [action.onBehalfOf, action.startedBy].filter((person) => person !== undefined).map(searchable),
    verb: action.verb,
    operation: searchable(action.operation),
    environment: searchable(action.environment),
    datasets: datasetsOf([...picture.reads, ...picture.writes]),
    model: picture.model === undefined ? null : searchable(picture.model.name),
    decision: decision.kind,
    risk: risk.score,
    subject,
  }
}

export const datasetsOf = (data: readonly { readonly name: string }[]): string[] => [
  ...new Set(data.map(({ name }) => searchable(name))),
]
