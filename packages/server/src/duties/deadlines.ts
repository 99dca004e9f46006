/**
 * What is over by the clock: questions expire and escalate, permits without outcome are closed.
 *
 * @module
 */
import { closeOverdue, type Desk, type LogLine, nodeLease, type Store } from '@countersign/core'
import type { Duty } from './duty.ts'

export interface DeadlineParts {
  readonly store: Store
  readonly desk: Pick<Desk, 'expireOrEscalateDue'>
  log(line: LogLine): void
  /** Default: once a second. */
  readonly everyMs?: number
}

/**
 * How often questions and runs past their time are looked for; that a question expires does not depend on it. Each look asks the
 * database six times, which was most of what an instance costs while nobody does anything.
 */
const lookEveryMs = 1_000

/** That a question expires in time does not depend on it. */
export function deadlines({ store, desk, log, everyMs = lookEveryMs }: DeadlineParts): Duty {
  return {
    name: 'deadlines',
    everyMs,
    failing: 'Deadlines could not be kept.',
    async work() {
      const all = [desk.expireOrEscalateDue(), closeOverdue(store, log), leaveBehind()]
      const failed = (await Promise.allSettled(all)).find((each) => each.status === 'rejected')
      if (failed) throw failed.reason
    },
  }

  /** The clients of an instance that is gone have gone as well. */
  async function leaveBehind(): Promise<void> {
    const held = await store.leases.list()
    const notOf = held.flatMap(({ name }) => (name.startsWith(nodeLease) ? [name.slice(nodeLease.length)] : []))
    await store.permits.abandon({ notOf })
  }
}
