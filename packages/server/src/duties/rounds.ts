/**
 * What the house does by the clock: expire and escalate questions, close permits without outcome.
 *
 * @module
 */
import type { Desk, LogLine, Running, Store } from '@countersign/core'
import { closeOverdue, CountersignError, nodeLease } from '@countersign/core'

/** A node that died holds the rounds no longer than this. */
const leaseMs = 5_000

/** One instance makes the rounds at a time; that a question expires in time does not depend on it. */
export function makeRounds(
  store: Store,
  desk: Desk,
  node: string,
  log: (line: LogLine) => void,
  everyMs = 500,
): Running {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = undefined
    })
  }, everyMs)

  return {
    async close() {
      clearInterval(timer)
      await running
      await store.leases.release('rounds', node).catch(() => undefined)
    },
  }

  async function round(): Promise<void> {
    try {
      if ((await store.leases.hold('rounds', node, leaseMs)) === undefined) return
      const rounds = [desk.settleDue(), closeOverdue(store, log), leaveBehind()]
      const failed = (await Promise.allSettled(rounds)).find((each) => each.status === 'rejected')
      if (failed) throw failed.reason
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
      log({ level: 'warn', says: 'A round could not be finished.', code })
    }
  }

  /** The clients of an instance that is gone have gone as well. */
  async function leaveBehind(): Promise<void> {
    const held = await store.leases.list()
    const notOf = held.flatMap(({ name }) => (name.startsWith(nodeLease) ? [name.slice(nodeLease.length)] : []))
    await store.permits.abandon({ notOf })
  }
}
