import type { Store } from '@countersign/core'
import type { Agent, AgentView, Approval, Person } from '@countersign/schema'
import { mayChangeAgents, mayRetire, mayStart, mayStop } from '../front/access.ts'
import { filteredPage } from '../front/filtered-page.ts'
import type { Names } from '../front/names.ts'
import { moment } from '../front/route.ts'

export interface AgentViewer {
  readonly person: Person
  readonly names: Names
  /** Open questions and unspent grants, of any agents. */
  readonly unsettled: readonly Approval[]
  readonly actions: Pick<Store['actions'], 'search'>
  readonly now: number
}

/** An agent as this person may see it: never a key, only what became of each. */
export async function viewOf(
  agent: Agent,
  { person, names, unsettled, actions, now }: AgentViewer,
): Promise<AgentView> {
  const own = unsettled.filter(({ card }) => card.bound.action.agent === agent.id)
  const { id, version, name, team, groups, environment, mode, status } = agent
  const one = { limit: 1, after: undefined }
  const [newest] = (await filteredPage(one, (paged) => actions.search({ agent: id, ...paged }))).items
  return {
    id,
    version,
    name,
    owner: await names.person(agent.owner),
    team,
    groups,
    environment,
    mode,
    status: agent.retiredAt === undefined ? status : 'retired',
    keys: agent.keys.map((key) => ({
      id: key.id,
      createdAt: moment(key.createdAt),
      expiresAt: moment(key.expiresAt),
      state: (key.revokedAt ?? Infinity) <= now ? 'revoked' : key.expiresAt <= now ? 'expired' : 'active',
    })),
    registeredBy: await names.person(agent.registeredBy),
    changedBy: await names.person(agent.changedBy),
    openQuestions: own.filter(({ state }) => state === 'open').length,
    ...(newest && { lastSeenAt: moment(newest.at) }),
    you: {
      mayChange: agent.retiredAt === undefined && mayChangeAgents(person),
      mayStop: status === 'active' && mayStop(person, agent, own),
      mayStart: status === 'stopped' && mayStart(person, agent),
      mayRetire: mayRetire(person, agent),
    },
  }
}
