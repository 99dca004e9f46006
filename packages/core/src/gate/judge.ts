/**
 * From an attempt to a decision with everything it rests on: data, risk, policy.
 *
 * @module
 */
import type { ActionRecord, Agent, Person, Registry } from '@countersign/schema'
import type { SealedAction } from '../action/seal.ts'
import { newId } from '../id.ts'
import { classify } from '../lineage/classify.ts'
import { mustBeSpelledAsRegistered } from '../lineage/spelled.ts'
import { decide } from '../policy/decide.ts'
import type { Attempt, Clock, PolicyEngine, PolicyQuestion, Store } from '../ports.ts'
import { type RiskPoints, riskOf } from '../risk/signals.ts'
import { createSharedLook } from '../shared.ts'

export interface JudgeParts {
  readonly store: Pick<Store, 'actions'>
  readonly policy: PolicyEngine
  readonly registry: () => Registry
  readonly clock: Clock
  readonly risk?: RiskPoints
  /** IANA time zone in which policies read hours and weekdays. Default UTC. */
  readonly timeZone?: string
}

/** Who acts, and for whom, as they stand when it is judged. */
export interface Acting {
  readonly agent: Agent
  /** Undefined if it acts for nobody, or for somebody who is not known here. */
  readonly onBehalfOf: Person | undefined
}

/** @throws ERR_INPUT_INVALID for another spelling of what is registered */
export type Judge = (
  sealed: SealedAction,
  attempt: Pick<Attempt, 'caller' | 'context' | 'enforces'>,
  acting: Acting,
) => Promise<ActionRecord>

export function createJudge({ store, policy, registry, clock, risk: points, timeZone = 'UTC' }: JudgeParts): Judge {
  const localTime = createLocalTime(timeZone)
  const done = new Set<string>()
  /** A crowd that does the same for the first time asks the store once. */
  const seen = createSharedLook((key) => store.actions.seen(...(JSON.parse(key) as [agent: string, operation: string])))

  return async (sealed, attempt, { agent, onBehalfOf }) => {
    const { caller, context } = attempt
    const { action, digest } = sealed
    const policies = policy.active() // in the same moment as the registry, so that both are of one set
    mustBeSpelledAsRegistered(action.resources, context.lineage, registry())
    const dataUse = classify(context.lineage, registry())
    const when = localTime(clock.now())
    const firstTime = !(await seenBefore(action.agent, action.operation))
    const { effect, destructive } = context
    const { verb, environment } = action
    const risk = riskOf({ verb, effect, destructive, environment, dataUse, firstTime, when }, points)

    const questions = action.resources.map((resource): PolicyQuestion => ({
      action,
      resource,
      agent,
      onBehalfOf,
      context: {
        risk: risk.score,
        dataUse,
        measures: context.measures,
        client: context.client,
        purposeGiven: Boolean(context.purpose?.text?.trim()),
        changes: effect !== 'read',
        when,
      },
    }))
    const decision = decide(policies, questions, risk.score, {
      enforces: (duty) => attempt.enforces?.(duty) ?? false,
    })

    return {
      id: newId('act'),
      action,
      digest,
      sentence: context.sentence,
      effect,
      ...(context.purpose && { purpose: context.purpose }),
      dataUse,
      measures: context.measures,
      risk,
      decision,
      observed: (agent.mode === 'observe' || context.observed) && decision.kind === 'ask',
      attempt: {
        credential: caller.credential,
        ...(context.attemptId !== undefined && { id: context.attemptId }),
      },
      session: context.session,
      ...(context.trace !== undefined && { trace: context.trace }),
      client: context.client,
    }
  }

  /** Once true it stays true, so the store is asked only until then. */
  async function seenBefore(agent: string, operation: string): Promise<boolean> {
    const key = JSON.stringify([agent, operation])
    if (!done.has(key) && (await seen(key))) done.add(key)
    return done.has(key)
  }
}

function createLocalTime(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' })
  const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  let known = { hourOf: Number.NaN, hour: 0, weekday: 1 }

  return (now: number) => {
    const quarter = Math.floor(now / 900_000) // no zone changes its hour within a quarter of an hour
    if (known.hourOf !== quarter) {
      const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
      known = { hourOf: quarter, hour: Number(parts.hour), weekday: weekdays.indexOf(parts.weekday ?? '') + 1 }
    }
    return { hour: known.hour, weekday: known.weekday }
  }
}
