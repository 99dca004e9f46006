/**
 * Nobody approves their own (P3). The one place that says who "own" is.
 *
 * @module
 */
import type { Action, Agent } from '@countersign/schema'

/** Everyone who has a part in this request: they may not sign it, whatever role they hold. */
export function requesterChain(action: Action, agent: Agent): string[] {
  const chain = [action.onBehalfOf, action.startedBy, agent.owner, agent.registeredBy, agent.changedBy]
  const people = chain.filter((person): person is string => person !== undefined && person !== 'house')
  return [...new Set(people)].toSorted()
}
