/**
 * What the person who looks can do about a question. The rules are core's: this asks them with a trial signature.
 *
 * @module
 */
import { catalogue, CountersignError, type ErrorCode, requesterChain, sign } from '@countersign/core'
import type { Agent, Approval, Assurance, Person, YourPart } from '@countersign/schema'
import { mayBeAsked } from './access.ts'

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
  if (code === undefined) return { can: 'sign', reasonRequired }
  if (
    code === 'ERR_ASSURANCE_TOO_LOW' &&
    objection(approval, agent, person, { ...how, assurance: 'fresh' }) === undefined
  ) {
    const back = encodeURIComponent(`/approvals/${approval.id}`)
    const says = 'Prove once more that it is you. Your identity provider asks, then you are back here.'
    return { can: 'sign-in-again', says, signIn: `/sign-in?fresh=1&return=${back}`, reasonRequired }
  }
  return { can: 'look', code, says: catalogue[code].says }
}

/** Whether any sign-off this person could serve wants a reason. Asking for one too many does no harm. */
const needsReason = (approval: Approval, person: Person) =>
  mayBeAsked(person, approval) && approval.terms.signOffs.some(({ reasonRequired }) => reasonRequired)
