/**
 * Who may see and do what at the console. Pure. Signing is not here: core alone says who signs.
 *
 * @module
 */
import { askableGroups, askedGroups, type PolicySet } from '@countersign/core'
import type { Action, ActionLife, Agent, Approval, Person, Role } from '@countersign/schema'

const readers: readonly Role[] = ['auditor', 'operations', 'policy', 'privacy']

export const hasRole = (person: Person, ...roles: readonly Role[]) => roles.some((role) => person.roles.includes(role))

/** Reads every record. Others read what concerns them. */
export const readsAll = (person: Person) => hasRole(person, ...readers)

const memberOf = (person: Person, groups: readonly string[]) => groups.some((group) => person.groups.includes(group))

/** Everyone who is or, after an escalation, could be asked. */
export const mayBeAsked = (person: Person, approval: Approval) => memberOf(person, askableGroups(approval))

export const isAsked = (person: Person, approval: Approval) => memberOf(person, askedGroups(approval))

/** Those who ask, those who are asked, those who answered, and the readers of records. */
export const maySeeApproval = (person: Person, approval: Approval) =>
  readsAll(person) ||
  mayBeAsked(person, approval) ||
  approval.barred.includes(person.id) ||
  approval.signatures.some((signature) => signature.person === person.id)

export const maySeeAction = (person: Person, life: ActionLife, agent: Agent | undefined) =>
  readsAll(person) ||
  isParty(person, life.record.action) ||
  answersFor(person, agent) ||
  (life.approval !== undefined && maySeeApproval(person, life.approval))

const isParty = (person: Person, { onBehalfOf, startedBy }: Pick<Action, 'onBehalfOf' | 'startedBy'>) =>
  person.id === onBehalfOf || person.id === startedBy

/** Its owner, or its team. */
export const answersFor = (person: Person, agent: Agent | undefined) =>
  agent !== undefined && (agent.owner === person.id || person.groups.includes(agent.team))

export const maySeeAgent = (person: Person, agent: Agent) =>
  readsAll(person) || hasRole(person, 'identity') || answersFor(person, agent)

/**
 * P15: operations, whoever answers for the agent, and whoever is asked to sign for it now. Stopping is never dangerous.
 */
export const mayStop = (person: Person, agent: Agent, unsettled: readonly Approval[]) =>
  hasRole(person, 'operations') ||
  answersFor(person, agent) ||
  unsettled.some((approval) => approval.card.bound.action.agent === agent.id && isAsked(person, approval))

/** P15: another person than the one who stopped it, and not its owner. */
export const mayStart = (person: Person, agent: Agent) =>
  agent.retiredAt === undefined &&
  hasRole(person, 'operations') &&
  (agent.stoppedBy ?? agent.changedBy) !== person.id &&
  agent.owner !== person.id

/** For good: whoever keeps agents in order, and its owner. */
export const mayRetire = (person: Person, agent: Agent) =>
  agent.retiredAt === undefined && (mayChangeAgents(person) || agent.owner === person.id)

/** Whoever keeps people or agents in order, and the readers of records. */
export const maySeePeople = (person: Person) => readsAll(person) || hasRole(person, 'identity')

/** Figures, and where the gateways are: nothing of what anyone does. */
export const maySeeSystem = (person: Person) => hasRole(person, 'operations', 'auditor')

/** Never one's own: a second person has to want it. So one who keeps the role `identity` is always left. */
export const mayChangeRoles = (person: Person, other: Pick<Person, 'id'>) =>
  hasRole(person, 'identity') && person.id !== other.id

/** Ending one's own is nobody else's business; nobody switches themselves off or on. */
export const mayEndSessions = (person: Person, other: Pick<Person, 'id'>) =>
  hasRole(person, 'identity') || person.id === other.id
export const maySwitch = (person: Person, other: Pick<Person, 'id'>) => mayChangeRoles(person, other)

/** An account that is linked signs for them, so it takes the role that says who people are. */
export const mayLink = (person: Person) => hasRole(person, 'identity')

export const mayChangeAgents = (person: Person) => hasRole(person, 'identity', 'operations')

/** What agents are offered is the operators' to say. */
export const mayAcceptTools = (person: Person) => hasRole(person, 'operations')

/** Someone with a part in this deployment: with a role, in a group that a sign-off names, or answering for an agent. */
export function belongs(person: Person, policies: PolicySet, agents: readonly Agent[]): boolean {
  const groups = policies.policies.flatMap(({ signOff }) =>
    signOff ? [...signOff.from, ...(signOff.escalate ? [signOff.escalate.to] : [])] : [],
  )
  return person.roles.length > 0 || memberOf(person, groups) || agents.some((agent) => answersFor(person, agent))
}
