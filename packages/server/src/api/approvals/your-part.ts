/**
 * What the person who looks can do about a question. The rules are core's: this asks them with a trial signature.
 *
 * @module
 */
import {
  askedGroups,
  catalogue,
  CountersignError,
  type ErrorCode,
  inForce,
  requesterChain,
  sign,
} from '@countersign/core'
import { type Agent, type Approval, type Assurance, isLocal, type Person, type YourPart } from '@countersign/schema'
import { mayBeAsked } from '../front/access.ts'

/** Which error this person's approval would meet now, given that reason; undefined if it would count. */
export function objection(
  approval: Approval,
  agent: Agent | undefined,
  person: Person,
  { assurance, now }: { assurance: Assurance; now: number },
): ErrorCode | undefined {
  if (!person.active) return 'ERR_APPROVER_INACTIVE'
  if (!agent || requesterChain(approval.card.bound.action, agent, now).includes(person.id)) return 'ERR_SELF_APPROVAL'
  const { digest, shown } = approval
  const trial = { person: person.id, verdict: 'approve', reason: '-', assurance, channel: 'console', at: now } as const
  try {
    sign(approval, { ...trial, digest, shown, groups: person.groups, membershipAsOf: person.groupsAsOf }, now)
    return undefined
  } catch (error) {
    if (error instanceof CountersignError) return error.code
    throw error
  }
}

export function yourPart(
  approval: Approval,
  agent: Agent | undefined,
  person: Person,
  how: { assurance: Assurance; now: number },
): YourPart {
  const code = objection(approval, agent, person, how)
  const reasonRequired = needsReason(approval, person)
  if (code === undefined) return { can: 'approve', reasonRequired }
  if (
    code === 'ERR_ASSURANCE_TOO_LOW' &&
    !isLocal(person) &&
    objection(approval, agent, person, { ...how, assurance: 'fresh' }) === undefined
  ) {
    const back = encodeURIComponent(`/approvals/${approval.id}`)
    const says = 'Prove once more that it is you. Your identity provider asks, then you are back here.'
    return { can: 'sign-in-again', says, signIn: `/sign-in?fresh=1&return=${back}`, reasonRequired }
  }
  return { can: 'look', code, says: whyNot(code, approval, agent, person, how.now) }
}

const localOnly =
  'It asks for a fresh proof by an identity provider, and none is connected: local people cannot give it.'

/** The one cause that applies, in words for the person who looks. */
function whyNot(code: ErrorCode, approval: Approval, agent: Agent | undefined, person: Person, now: number): string {
  if (code === 'ERR_ASSURANCE_TOO_LOW' && isLocal(person)) return localOnly
  if (code === 'ERR_SELF_APPROVAL') return ownPart(approval, agent, person, now)
  if (code !== 'ERR_APPROVER_NOT_ASKED') return catalogue[code].says
  const asked = askedGroups(approval)
  return `You are not in ${asked.length === 1 ? `the group ${asked[0]}, which is` : `any of the groups ${asked.join(', ')}, which are`} asked.`
}

/** Nobody approves their own (P3): which of its ties holds this person. */
function ownPart({ card, barred }: Approval, agent: Agent | undefined, { id }: Person, now: number): string {
  const { onBehalfOf, startedBy, agent: agentId } = card.bound.action
  if (!agent) return `The agent ${agentId} is not known any more, so nobody can approve this.`
  const issued = agent.keys.some((key) => key.issuedBy === id && inForce(key, now))
  const set = Object.entries(agent.setBy ?? {}).flatMap(([name, by]) => (by === id ? [name] : []))
  const ties: readonly (readonly [boolean, string])[] = [
    [agent.owner === id, `You own ${agent.name}`],
    [onBehalfOf === id, `${agent.name} acts for you`],
    [startedBy === id, `You started this session of ${agent.name}`],
    [agent.registeredBy === id, `You registered ${agent.name}`],
    [agent.changedBy === id, `You were the last to change ${agent.name}`],
    [set.length > 0, `You set what still stands of ${agent.name} (${set.join(', ')})`],
    [issued, `You issued a key of ${agent.name} that still works`],
    [barred.includes(id), 'You had a part in this when it was asked'],
  ]
  const tie = ties.find(([holds]) => holds)?.[1] ?? 'You are part of this action'
  return `${tie}, and nobody approves their own: someone else has to.`
}

/** Whether any sign-off this person could serve wants a reason. Asking for one too many does no harm. */
const needsReason = (approval: Approval, person: Person) =>
  mayBeAsked(person, approval) && approval.terms.signOffs.some(({ reasonRequired }) => reasonRequired)
