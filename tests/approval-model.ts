/**
 * What two desks and their gates have to answer, on a page: no store, no versions, no races.
 *
 * @module
 */
import type { ApprovalState } from '@countersign/schema'
import { begun, inTheWay, known, type Runs } from './run-model.ts'
import type { Signing } from './two-desks.ts'
import {
  allowedLane,
  barred,
  escalateAfterMs,
  groupsOf,
  membershipMs,
  minute,
  timeoutMs,
  validMs,
} from './two-desks-cast.ts'

/** A question as the model has it. */
export interface ApprovalLife {
  readonly state: ApprovalState
  readonly signed: readonly { readonly person: string; readonly assurance: string }[]
  readonly askedAt: number
  readonly settledAt: number
  readonly escalated: boolean
}

export interface World {
  readonly questions: Map<number, ApprovalLife>
  /** By lane. */
  readonly runs: readonly Runs[]
  readonly gone: Set<string>
  stopped: boolean
}

export interface Sending {
  readonly lane: number
  /** Whose gate it is, and whether that instance holds its lease. */
  readonly node: string
  readonly leased: boolean
  /** Under the attempt id of the newest run. */
  readonly again: boolean
}

export function attempted(world: World, { lane: each, node, leased, again }: Sending, now: number): string {
  if (world.stopped) return 'agent_stopped'
  const runs = world.runs[each] ?? []
  if (each === allowedLane) {
    if (!leased) return 'unavailable'
    return inTheWay(runs, node, again) ?? begun(runs, node, false, now)
  }
  const earlier = known(runs, again)
  if (earlier) return earlier
  const question = world.questions.get(each)
  if (question && inTime(question, now) === 'open') return 'waiting'
  if (question?.state === 'rejected' && now < question.settledAt + 10 * minute) return 'rejected'
  if (question && inTime(question, now) === 'granted') {
    // A leaver's signature no longer counts: the grant is void, and the question is asked anew.
    if (serves({ ...question, signed: question.signed.filter((one) => !world.gone.has(one.person)) })) {
      if (!leased) return 'unavailable' // and nothing is spent
      world.questions.set(each, { ...question, state: 'spent' })
      return begun(runs, node, true, now)
    }
  }
  world.questions.set(each, { state: 'open', signed: [], askedAt: now, settledAt: 0, escalated: false })
  return 'waiting'
}

export function signed(
  world: World,
  each: number,
  how: Signing,
  { now, start }: { now: number; start: number },
): boolean {
  const question = world.questions.get(each)
  if (!question || inTime(question, now) !== 'open') return false
  if (world.gone.has(how.person) || barred.includes(how.person) || how.stale) return false
  if (how.assurance === 'chat' && now - start > membershipMs) return false
  if (question.signed.some((one) => one.person === how.person)) return false
  const { controller, lawyer } = standing(how, question.escalated)
  if (!controller && !lawyer) return false
  if (how.verdict === 'reject') {
    world.questions.set(each, { ...question, state: 'rejected', settledAt: now })
    return true
  }
  if (!controller && how.assurance === 'chat') return false
  const next = { ...question, signed: [...question.signed, how] }
  world.questions.set(each, serves(next) ? { ...next, state: 'granted', settledAt: now } : next)
  return true
}

export function escalatedBy(world: World, each: number, who: string, now: number): boolean {
  const question = world.questions.get(each)
  if (question?.state !== 'open' || question.escalated) return false
  const { controller, lawyer } = standing({ person: who }, false)
  if (world.gone.has(who) || barred.includes(who) || (!controller && !lawyer)) return false
  world.questions.set(each, { ...question, escalated: true })
  return now >= 0
}

export function settled(question: ApprovalLife, now: number): ApprovalLife {
  const state = inTime(question, now)
  if (state !== question.state) return { ...question, state, settledAt: now }
  return {
    ...question,
    escalated: question.escalated || (state === 'open' && now >= question.askedAt + escalateAfterMs),
  }
}

export function takeBack(world: World, each: number): void {
  const question = world.questions.get(each)
  if (question?.state === 'open') world.questions.set(each, { ...question, state: 'cancelled' })
  if (question?.state === 'granted') world.questions.set(each, { ...question, state: 'voided' })
}

function inTime({ state, askedAt, settledAt }: ApprovalLife, now: number): ApprovalState {
  if (state === 'open' && now >= askedAt + timeoutMs) return 'expired'
  if (state === 'granted' && now >= settledAt + validMs) return 'expired'
  return state
}

const standing = (who: { person: string }, escalated: boolean) => {
  const groups = groupsOf[who.person] ?? []
  const lawyer = groups.includes('legal') || (escalated && groups.includes('cfo-office'))
  return { controller: groups.includes('controllers'), lawyer }
}

export function serves({ signed: by, escalated }: Pick<ApprovalLife, 'signed' | 'escalated'>): boolean {
  const controllers = by.filter((one) => standing(one, escalated).controller)
  const lawyers = by.filter((one) => standing(one, escalated).lawyer && one.assurance !== 'chat')
  return controllers.length >= 2 && lawyers.length >= 1
}
