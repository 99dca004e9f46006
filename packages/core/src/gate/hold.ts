/**
 * What waits for people: the question about it that stands, or a new one.
 *
 * @module
 */
import { type ActionRecord, type Agent, type Approval, byAgent } from '@countersign/schema'
import type { SealedAction } from '../action/seal.ts'
import { isLive } from '../approval/approval.ts'
import type { Desk } from '../approval/desk.ts'
import { type Limits, tooMany } from '../approval/limits.ts'
import { questionOf } from '../approval/question.ts'
import { mustBeAbout } from '../approval/recheck.ts'
import { isError } from '../errors.ts'
import { inOrder } from '../in-order.ts'
import { denied } from '../policy/denied.ts'
import type { Store } from '../ports.ts'
import type { EarlierRuns } from './earlier.ts'
import type { Refusals } from './refusal.ts'
import type { Verdict } from './verdict.ts'

export interface HoldParts {
  readonly store: Store
  readonly desk: Desk
  readonly limits?: Limits | undefined
  readonly earlierRuns: EarlierRuns
  readonly refusals: Refusals
}

/** A repeat within this time of a rejection gets the rejection again, no new question. */
const rejectionHoldsMs = 10 * 60_000

/** Finds the question whose answer it waits for, asks it, or tells what becomes of it without one. */
export function createHold({ store, desk, limits, earlierRuns, refusals }: HoldParts) {
  const { clock } = store
  /** Counted and asked one after the other, so that a crowd at once asks no more than its limit. */
  const inTurn = inOrder()

  return async (sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Approval | Verdict> => {
    const { asked: latest, begun } = await earlierRuns.find(record)
    if (begun) return { kind: 'known', earlier: begun }
    if (latest) mustBeAbout(latest, sealed)
    if (latest && isLive(latest, clock.now())) return latest
    if (latest?.state === 'rejected' && clock.now() < latest.settledAt + rejectionHoldsMs) return refusals.of(latest)
    if (latest) await desk.expireOrEscalate(latest.id)
    const { agent: asking, onBehalfOf = '' } = record.action
    return inTurn(`${asking} ${onBehalfOf}`, () => askAnew(sealed, record, agent))
  }

  async function askAnew(sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Approval | Verdict> {
    if (await tooMany(store, record.action, clock.now(), limits))
      return { kind: 'denying', record: denied(record, 'too_many_questions') }
    const approval = questionOf(sealed, record, agent, clock.now())
    try {
      await store.commit({
        facts: [
          { kind: 'action.decided', record },
          { kind: 'approval.changed', change: 'asked', by: byAgent(agent.id), approval },
        ],
      })
      return approval
    } catch (error) {
      if (isError(error, 'ERR_STORE_CONFLICT')) return { kind: 'changed' } // another instance asked at the same moment
      throw error
    }
  }
}
