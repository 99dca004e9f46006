import { subjectOfAction, type State, wordOf } from './state.ts'

/**
 * Erasing reaches what the facts have added up to as well (P12). What was used stays used: versions, attempts, grants.
 */
export function forget(state: State, subject: string): void {
  for (const { record } of state.actions.all()) {
    if (subjectOfAction(state, record.id) === subject) forgetAction(state, record.id)
  }
  for (const { approval } of state.approvals.all()) {
    const { onBehalfOf, agent } = approval.card.bound.action
    if ((onBehalfOf ?? agent) === subject) state.approvals.remove(approval.id)
  }
  const person = state.people.get(subject)
  if (person) state.accounts.remove(wordOf(person.issuer, person.subject))
  state.people.remove(subject)
  state.agents.remove(subject)
}

function forgetAction(state: State, id: string): void {
  for (const { permit, outcome, ...life } of state.permits.all()) {
    if (permit.actionId !== id) continue
    const kept = outcome && { kind: outcome.kind, summary: '' }
    state.permits.set(permit.id, { ...life, permit, outcome: kept, result: undefined, delivered: true })
  }
  state.keywords.remove(id)
  state.actions.remove(id)
}
