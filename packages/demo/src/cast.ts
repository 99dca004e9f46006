/**
 * The company's people and agents, as Countersign knows them from the first minute.
 *
 * @module
 */
import { newId, type Store } from '@countersign/core'
import { bySystem, type Fact, type Person, type Role } from '@countersign/schema'
import { enrolAgent } from '@countersign/server'
import { people } from './idp/people.ts'

export type AgentId = 'ml-bot' | 'finance-bot' | 'ops-bot'

/** Ana owns them all. Their teams are others', because who owns an agent cannot approve for it (P3). */
const agents: readonly { id: AgentId; name: string; team: string; groups: string[] }[] = [
  { id: 'ml-bot', name: 'ML bot', team: 'security-admins', groups: ['ml-agents'] },
  { id: 'finance-bot', name: 'Finance bot', team: 'finance-controllers', groups: ['finance-agents'] },
  { id: 'ops-bot', name: 'Ops bot', team: 'security-admins', groups: ['platform-agents'] },
]

export const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']

/** Two have `operations`: who stops an agent cannot start it again (P15), so another has to be able to. */
const roles: Readonly<Record<string, Role[]>> = {
  cleo: ['policy', 'identity', 'operations'],
  eve: ['auditor', 'operations'],
}

/** Introduces everyone to an instance that knows nobody; the agents' keys, which are shown once. */
export async function introduce(store: Store, issuer: string): Promise<Record<AgentId, string>> {
  const cast = people.map((one): Person => ({
    id: newId('per'),
    version: 1,
    issuer,
    subject: one.id,
    name: one.name,
    email: one.email,
    groups: [...one.groups],
    groupsAsOf: store.clock.now(),
    active: true,
    roles: roles[one.id] ?? [],
  }))
  const known = cast.map((person): Fact => ({ kind: 'person.changed', change: 'roles', by: bySystem, person }))
  await store.commit({ facts: [{ kind: 'deployment.founded', by: bySystem, demo: true }, ...known] })

  const owner = cast.find(({ subject }) => subject === 'ana')?.id ?? ''
  const keys = new Map<AgentId, string>()
  for (const agent of agents) {
    const { secret } = await enrolAgent(store, { ...agent, owner, environment: 'prod' }, bySystem)
    keys.set(agent.id, secret)
  }
  return Object.fromEntries(keys) as Record<AgentId, string>
}
