/**
 * Everyone who reads the ledger, each at its own pace: a slow one keeps nobody waiting.
 *
 * @module
 */
import type { Follower, Journal, LogLine, Running, Store } from '@countersign/core'
import { CountersignError, type Desk } from '@countersign/core'

const slowestRetryMs = 30_000

/** Where a follower stands, kept with the facts or, for what is only of this process, in memory. */
type Cursor = Pick<Journal, 'cursor' | 'moveCursor'>

/** Hands every entry to the follower at least once, in order, from where it stopped last time. */
export function startFollower(
  store: Store,
  follower: Follower,
  log: (line: LogLine) => void,
  cursor: Cursor = store.journal,
): Running {
  const closing = new AbortController()
  const { signal } = closing
  const done = keepGoing()
  return {
    async close() {
      closing.abort()
      await done
    },
  }

  async function keepGoing(): Promise<void> {
    for (let waitMs = 250; !signal.aborted; waitMs = Math.min(waitMs * 2, slowestRetryMs)) {
      try {
        await goOn()
      } catch (error) {
        const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
        log({ level: 'warn', says: 'A follower stopped and will go on.', follower: follower.name, code })
        await pause(waitMs, signal)
      }
    }
  }

  async function goOn(): Promise<void> {
    const from = await cursor.cursor(follower.name)
    for await (const entry of store.journal.follow(from, signal)) {
      await follower.follow(entry)
      await cursor.moveCursor(follower.name, entry.index + 1)
    }
  }
}

/** Wakes whoever waits for an answer here. From now on is enough: who waits looks for itself after it began to listen. */
export async function wakeDesk(store: Store, desk: Desk, log: (line: LogLine) => void): Promise<Running> {
  let { size: next } = await store.ledger.head()
  const cursor: Cursor = {
    cursor: async () => next,
    async moveCursor(_, index) {
      next = index
    },
  }
  const waker: Follower = {
    name: 'desk',
    async follow({ fact }) {
      if (fact.kind === 'approval.changed') desk.show(fact.approval)
    },
  }
  return startFollower(store, waker, log, cursor)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
