/**
 * The run of what was permitted, and what came of it.
 *
 * @module
 */
import type { ActionRecord, Fact, PermitRecord } from '@countersign/schema'
import { CountersignError, isError } from './errors.ts'
import { mintPermit, type NodeLease } from './permit.ts'
import type { Attempt, LogLine, Ran, Store } from './ports.ts'

export interface RunParts {
  readonly store: Pick<Store, 'clock' | 'commit'>
  readonly node: NodeLease
  /** How long to wait before an outcome is written again that could not be: the run has happened. */
  readonly recordAgainAfterMs?: readonly number[]
  readonly log: (line: LogLine) => void
}

export interface Permitted {
  readonly kind: 'permitted'
  readonly record: ActionRecord
  readonly permit: PermitRecord
}

/** Never throws: once it has begun, it ends with an outcome, or as unknown at the permit's deadline. */
export function createRun({ store, node, log, recordAgainAfterMs = [250, 1_000, 4_000, 10_000] }: RunParts) {
  return async (attempt: Attempt, leaveToRun: Permitted): Promise<void> => {
    const { outcome, delivered, result } = await runSafely(attempt, leaveToRun)
    const { id: permit, actionId } = leaveToRun.permit
    const kept = result && canBeAskedFor(leaveToRun.permit, delivered) ? { result } : {}
    try {
      await record({ kind: 'action.finished', permit, actionId, outcome, delivered, ...kept })
    } catch (error) {
      // The client has its answer; the permit stays without an outcome and is closed as unknown at its deadline.
      log({ level: 'error', says: 'An outcome could not be recorded.', permit, code: codeOf(error) })
    }
  }

  /** A failure of the upstream is an outcome too. */
  async function runSafely(attempt: Attempt, { record: judged, permit }: Permitted): Promise<Ran> {
    try {
      return await attempt.run(mintPermit(judged, permit, node, store.clock))
    } catch (error) {
      log({ level: 'warn', says: 'A run failed.', permit: permit.id, code: codeOf(error) })
      const summary = error instanceof CountersignError ? error.message : 'The run failed.'
      return { outcome: { kind: 'failed', summary }, delivered: false, result: undefined }
    }
  }

  /** A store that is away for a moment, as when another one takes over, shall not cost the outcome. */
  async function record(fact: Fact): Promise<void> {
    for (const pauseMs of [...recordAgainAfterMs, undefined]) {
      try {
        return void (await store.commit({ facts: [fact] }))
      } catch (error) {
        if (isError(error, 'ERR_PERMIT_FINISHED')) return // it was written, only nobody could say so
        if (pauseMs === undefined || !isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}

/** An answer is data: it is kept only for who may come for it again, by the attempt's id or because it did not arrive (P10). */
const canBeAskedFor = ({ attempt, replayable }: PermitRecord, delivered: boolean): boolean =>
  attempt.id !== undefined || (replayable && !delivered)

const codeOf = (error: unknown) => (error instanceof CountersignError ? error.code : 'ERR_INTERNAL')
