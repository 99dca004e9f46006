/**
 * The run of what was permitted, and what came of it.
 *
 * @module
 */
import type { ActionRecord, Agent, Fact, FactOf, Outcome, PermitRecord } from '@countersign/schema'
import { CountersignError, isError } from '../errors.ts'
import { mintPermit, type NodeLease } from './mint.ts'
import type { EnforcingAttempt, LogLine, Ran, Store } from '../ports.ts'
import { createRevocations } from './revoked.ts'
import type { Signal } from '../signal.ts'

export interface RunParts {
  readonly store: Pick<Store, 'clock' | 'commit' | 'permits'>
  readonly node: NodeLease
  /** How long to wait before an outcome is written again that could not be: the run has happened. */
  readonly recordAgainAfterMs?: readonly number[]
  readonly log: (line: LogLine) => void
  /** Told when a run has ended, and that stands in the record as far as it could be written. */
  ended?(permit: string): void
}

export interface Permitted {
  readonly kind: 'permitted'
  readonly record: ActionRecord
  readonly permit: PermitRecord
}

export interface Runs {
  /**
   * Never throws: once it has begun, it ends with an outcome, or as unknown at the permit's deadline. An outcome whose answer
   * was delivered and cannot be asked for again is handed over to be recorded, and nobody waits for it.
   */
  run(attempt: EnforcingAttempt, permitted: Permitted): Promise<void>
  isHere(permit: string): boolean
  /** Ends what runs here of an agent that is stopped, and what came with a key that is no longer good. */
  heed(agent: Agent): void
  /** Resolves once the store knows of every client that has gone from a run here. */
  leavesAreTold(): Promise<void>
  /** The store did not say whether this permit stands: nothing runs under it, and if it does stand, it is told so. */
  notBegun(permitted: PermitRecord): Promise<void>
}

/** Between tries to record an outcome, after the first few and until the permit's deadline closes it anyway. */
const tryAgainMs = 30_000

export function createRun({
  store,
  node,
  log,
  recordAgainAfterMs = [250, 1_000, 4_000, 10_000],
  ended = () => undefined,
}: RunParts): Runs {
  const here = new Set<string>()
  const revocations = createRevocations(store.clock)
  const leaving = new Set<Promise<void>>()

  return {
    async run(attempt, permitted) {
      const { id: permit, actionId } = permitted.permit
      here.add(permit)
      const ran = await runSafely(attempt, permitted)
      const { outcome, delivered } = ran
      const end = { kind: 'action.finished', permit, actionId, outcome: seen(outcome) } as const
      // Where nothing was begun there is nothing to hand out: the same is just run.
      const never = neverBegan(outcome)
      const result = !never && canBeAskedFor(permitted.permit, delivered) ? ran.result : undefined
      const fact: FactOf<'action.finished'> = { ...end, delivered: never || delivered, ...(result && { result }) }
      const isLazy = fact.delivered && fact.result === undefined
      const recorded = recordEnd(fact, isLazy)
      if (!isLazy) await recorded
    },

    isHere: (permit) => here.has(permit),
    heed: revocations.heed,

    async leavesAreTold() {
      if (leaving.size > 0) await Promise.all(leaving)
    },

    async notBegun({ id: permit, actionId, deadline }) {
      const summary = 'Nothing was run: the record could not be written. It may be sent again.'
      const outcome = seen({ kind: 'failed', summary, begun: false })
      // Whoever sent it is told so now.
      const fact: Fact = { kind: 'action.finished', permit, actionId, outcome, delivered: true }
      for (let tries = 0; store.clock.now() < deadline; tries++) {
        try {
          return void (await store.commit({ facts: [fact] }))
        } catch (error) {
          if (isError(error, 'ERR_PERMIT_FINISHED') || recordAgainAfterMs.length === 0) return
          await pause(recordAgainAfterMs[tries] ?? tryAgainMs) // away still, or the permit is not there, or not yet
        }
      }
    },
  }

  /** Until it stands, the same sent again is told that this still runs. Never throws. */
  async function recordEnd(fact: FactOf<'action.finished'>, lazy: boolean): Promise<void> {
    try {
      await record(fact, lazy)
    } catch (error) {
      // The client has its answer; the permit stays without an outcome and is closed as unknown at its deadline.
      log({ level: 'error', says: 'An outcome could not be recorded.', permit: fact.permit, code: codeOf(error) })
    } finally {
      here.delete(fact.permit)
      ended(fact.permit)
    }
  }

  /** A failure of the upstream is an outcome too. */
  async function runSafely(attempt: EnforcingAttempt, { record: judged, permit }: Permitted): Promise<Ran> {
    const stopListening = whenGone(attempt.signal, permit.id)
    const revoked = revocations.watch(permit, attempt.caller)
    let hasBegun = false
    const begun = () => void (hasBegun = true)
    try {
      const minted = mintPermit(judged, permit, { node, clock: store.clock, revoked: revoked.signal, begun })
      const ran = await attempt.run(minted)
      if (hasBegun || ran.outcome.kind !== 'failed') return ran
      return { ...ran, outcome: { ...ran.outcome, begun: false } }
    } catch (error) {
      log({ level: 'warn', says: 'A run failed.', permit: permit.id, code: codeOf(error) })
      const summary = error instanceof CountersignError ? error.message : 'The run failed.'
      const outcome: Outcome = { kind: 'failed', summary, ...(!hasBegun && { begun: false }) }
      return { outcome, delivered: false, result: undefined }
    } finally {
      stopListening()
      revoked.close()
    }
  }

  /** A client that gives up while its run goes on may send the same again. */
  function whenGone(client: Signal, permit: string): () => void {
    const leave = () => {
      const told: Promise<void> = store.permits
        .abandon({ permit })
        .catch((error: unknown) => log({ level: 'warn', says: 'A client has gone.', permit, code: codeOf(error) }))
        .finally(() => leaving.delete(told))
      leaving.add(told)
    }
    if (client.aborted) leave()
    else client.addEventListener('abort', leave, { once: true })
    return () => client.removeEventListener('abort', leave)
  }

  /** A store that is away for a moment, as when another one takes over, shall not cost the outcome. */
  async function record(fact: Fact, lazy: boolean): Promise<void> {
    for (const pauseMs of [...recordAgainAfterMs, undefined]) {
      try {
        return void (await store.commit({ facts: [fact], lazy }))
      } catch (error) {
        if (isError(error, 'ERR_PERMIT_FINISHED')) return // it was written, only nobody could say so
        if (pauseMs === undefined || !isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
        await pause(pauseMs)
      }
    }
  }
}

/** What a gateway of Countersign's own tells of its run. */
const seen = (outcome: Outcome): Outcome =>
  outcome.kind === 'done' || outcome.kind === 'failed' ? { ...outcome, seenBy: 'system' } : outcome

/** Nothing was sent, for certain, so the same attempt may be made again. */
export const neverBegan = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === 'failed' && outcome.begun === false

/** Keeps no process alive. */
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref())

/** An answer is data: it is kept only for who may come for it again, by the attempt's id or because it did not arrive (P10). */
const canBeAskedFor = ({ attempt, replayable }: PermitRecord, delivered: boolean): boolean =>
  attempt.id !== undefined || (replayable && !delivered)

const codeOf = (error: unknown) => (error instanceof CountersignError ? error.code : 'ERR_INTERNAL')
