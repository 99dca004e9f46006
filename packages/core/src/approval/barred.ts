/**
 * Nobody approves their own (P3). The one place that says who "own" is.
 *
 * @module
 */
import type { Action, Agent, AgentKey } from '@countersign/schema'

/**
 * Everyone who has a part in this request: they may not sign it, whatever role they hold. Whoever issued a key that is
 * good at `now` was shown it, and can act as the agent. Whoever set what still stands of the agent shaped what it asks,
 * however many others changed something else since.
 */
export function requesterChain(action: Action, agent: Agent, now: number): string[] {
  const issuers = agent.keys.filter((key) => inForce(key, now)).map(({ issuedBy }) => issuedBy)
  const shapedBy = [agent.registeredBy, agent.changedBy, ...Object.values(agent.setBy ?? {})]
  const chain = [action.onBehalfOf, action.startedBy, agent.owner, ...shapedBy, ...issuers]
  const people = chain.filter((person): person is string => person !== undefined && !nobody.includes(person))
  return [...new Set(people)].toSorted()
}

/** Who changes agents without being a person. */
const nobody: readonly string[] = ['system', 'operator']

/** Whether a key proves its agent at that moment. */
export const inForce = ({ expiresAt, revokedAt = Infinity }: AgentKey, now: number): boolean =>
  now < expiresAt && now < revokedAt
