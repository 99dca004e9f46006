/**
 * Nobody approves their own (P3). The one place that says who "own" is.
 *
 * @module
 */
import type { Action, Agent } from '@countersign/schema'

/** Everyone who has a part in this request: they may not sign it, whatever role they hold. */
export function requesterChain(action: Action, agent: Agent): string[] {
  const chain = [action.onBehalfOf, action.startedBy, agent.owner, agent.registeredBy, agent.changedBy]
  return [...new Set(chain.filter((person) => person !== undefined && person !== 'house'))].toSorted() as string[]
}
