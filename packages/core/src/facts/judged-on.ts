/**
 * What a permit was judged on, held against the world at the very place where it would stand. The write proves that the world
 * was the latest, not that the gate judged on it: what is not compared here, a change on another instance does not revoke.
 *
 * @module
 */
import type { PermitRecord } from '@countersign/schema'
import { conflict, type Refused, type Touched } from './law.ts'
import { policiesInForce, type World } from './world.ts'

type JudgedOn = Pick<PermitRecord, 'agent' | 'agentVersion' | 'people' | 'tool' | 'policyVersion'>

export const rowsJudgedOn = ({ agent, people = [], tool }: JudgedOn): Touched => ({
  agents: [agent],
  people: people.map(({ id }) => id),
  tools: tool === undefined ? [] : [tool.id],
  policies: [policiesInForce],
})

/**
 * Why it has to be judged anew, or cannot be: the agent, which has to be active (P15), with its keys; the person acted for and
 * whoever signed; the policies; the tool, which another definition makes another one.
 */
export function moved(
  { agent: id, agentVersion, people = [], tool, policyVersion }: JudgedOn,
  world: Pick<World, 'agents' | 'people' | 'tools' | 'policies'>,
): Refused | undefined {
  const agent = world.agents.get(id)
  if (agent?.version !== agentVersion || agent.status !== 'active') return conflict({ agent: id })
  const person = people.find((each) => (world.people.get(each.id)?.version ?? 0) !== each.version)
  if (person !== undefined) return conflict({ person: person.id })
  const { version = policyVersion } = world.policies.get(policiesInForce) ?? {}
  if (version !== policyVersion) return { code: 'ERR_POLICY_OUTDATED', detail: { inForce: version } }
  if (tool !== undefined && world.tools.get(tool.id)?.pinned !== tool.definition) {
    return { code: 'ERR_TOOL_CHANGED', detail: { tool: tool.id } }
  }
  return undefined
}
