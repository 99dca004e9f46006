import type { Fact } from '@countersign/schema'

/** What the store knows of an action that a fact only names by its id. */
export type SubjectOfAction = (actionId: string) => string | undefined

/**
 * Whose key seals a fact, and thus whose erasure makes it unreadable:
 * - an action and all that follows from it: the person acted for, else the agent (by its id);
 * - what was denied in a flood: the same;
 * - an agent's own record: the agent; a person's: the person;
 * - a look into the record, and a click that was refused: the person who did it;
 * - all else: `system`, which is never erased.
 *
 * A countersignature belongs to the action it answers: who approved must stay known as long as what was approved.
 */
export function subjectOf(fact: Fact, subjectOfAction: SubjectOfAction): string {
  switch (fact.kind) {
    case 'action.decided':
      return fact.record.action.onBehalfOf ?? fact.record.action.agent
    case 'approval.changed': {
      const { onBehalfOf, agent } = fact.approval.card.bound.action
      return onBehalfOf ?? agent
    }
    case 'action.permitted':
      return subjectOfAction(fact.permit.actionId) ?? fact.permit.agent
    case 'action.finished':
    case 'action.replayed':
      return subjectOfAction(fact.actionId) ?? 'system'
    case 'agent.changed':
      return fact.agent.id
    case 'person.changed':
      return fact.person.id
    case 'signature.refused':
    case 'record.read':
      return fact.by
    case 'record.denied':
      return fact.onBehalfOf ?? fact.agent
    case 'deployment.founded':
    case 'policy.activated':
    case 'tool.changed':
    case 'record.erased':
      return 'system'
  }
}
