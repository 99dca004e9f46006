/**
 * What one instance at a time does by the clock. When that is gone, another does it.
 *
 * @module
 */
import { CountersignError, type LogLine, type Running, type Store } from '@countersign/core'

export interface Duty {
  /** Its lease has the same name. */
  readonly name: string
  readonly everyMs: number
  /** What the log says where it could not be done; it is tried again at the next time. */
  readonly failing: string
  /** Done once more by whoever gives it up. Default: false. */
  readonly lastly?: boolean
  work(): Promise<void>
}

export interface DutyParts {
  readonly store: Pick<Store, 'leases'>
  /** This instance. */
  readonly node: string
  log(line: LogLine): void
}

export interface RunningDuty extends Running {
  /** Does it, if it is this instance's, and waits until it is done. What is under way is waited for, not done twice. */
  now(): Promise<void>
}

/** An instance that died holds a duty no longer than this. */
const leaseMs = 5_000

export function startDuty(
  { name, everyMs, failing, lastly, work }: Duty,
  { store, node, log }: DutyParts,
): RunningDuty {
  let doing: Promise<void> | undefined
  const timer = setInterval(() => void now(), everyMs)

  return {
    now,
    async close() {
      clearInterval(timer)
      await doing
      if (lastly) await now()
      await store.leases.release(name, node).catch(() => undefined)
    },
  }

  function now(): Promise<void> {
    doing ??= once().finally(() => {
      doing = undefined
    })
    return doing
  }

  async function once(): Promise<void> {
    try {
      if ((await store.leases.hold(name, node, leaseMs)) !== undefined) await work()
    } catch (error) {
      log({ level: 'warn', says: failing, code: error instanceof CountersignError ? error.code : 'ERR_INTERNAL' })
    }
  }
}
