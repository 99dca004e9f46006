/**
 * How far the ledger reaches, told to whoever waits for more. The poll is the truth, notifications only make it early.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db.ts'

export interface Tail {
  readonly closed: boolean
  /** This process has written up to here: wakes its own followers now, and other nodes' by one notification. */
  grown(size: number): void
  /**
   * Whether the ledger is known to have reached no further than `size`, a second ago at most: no notification told of more, and
   * the look or the write that says so is no older.
   */
  endsAt(size: number): boolean
  /** Resolves when there is an entry at `index`, or `signal` aborts. */
  reaches(index: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** How often who waits for an entry looks by itself: a notification may be lost, and then it is this much later. */
const pollMs = 250
/**
 * Between two notifications to other instances, since each costs the server a flush; one tells of all that came
 * meanwhile.
 */
const restMs = 50

/** How long what was seen of the end of the ledger is believed; a stop is in force everywhere within it (P15). */
const believedMs = 1_000

export interface TailParts {
  readonly db: Db
  readonly tenant: string
  /** Milliseconds, of a clock that nobody sets. */
  readonly elapsedMs?: () => number
}

export function createTail({ db, tenant, elapsedMs = () => performance.now() }: TailParts): Tail {
  const channel = `countersign_${tenant}`
  const waiting = new Set<{ index: number; resolve: () => void }>()
  let size = 0
  /** How far others have said that it reaches. */
  let told = 0
  let seenAt = -Infinity
  /** Whether it may reach further than `size` by now. */
  let hinted = true
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let lookAgain = false
  let telling = false
  let tellAgain = false
  let closed = false
  const listener = db.listen(channel, hear)

  return {
    get closed() {
      return closed
    },
    grown(to) {
      seenAt = elapsedMs()
      reached(to)
      tell()
    },
    endsAt: (known) => size <= known && told <= known && elapsedMs() - seenAt <= believedMs,
    async reaches(index, signal) {
      if (index < size || signal.aborted || closed) return
      await new Promise<void>((resolve) => {
        const one = { index, resolve: done }
        function done() {
          waiting.delete(one)
          signal.removeEventListener('abort', done)
          resolve()
        }
        waiting.add(one)
        signal.addEventListener('abort', done)
        if (hinted) look()
        else lookLater()
      })
    },
    async close() {
      closed = true
      clearTimeout(timer)
      for (const { resolve } of waiting) resolve()
      await listener.close()
    },
  }

  function reached(to: number): void {
    size = Math.max(size, to)
    for (const { index, resolve } of waiting) if (index < size) resolve()
  }

  /** A notification says how far its writer had come: our own say nothing new. */
  function hear(reach?: string): void {
    const to = Number(reach)
    if (to <= size) return
    told = Number.isSafeInteger(to) ? Math.max(told, to) : Infinity
    hinted = true
    look()
  }

  /** One look at a time serves everyone; a hint that comes meanwhile asks for one more. */
  function look(): void {
    lookAgain = looking
    if (looking || waiting.size === 0) return
    looking = true
    hinted = false
    clearTimeout(timer)
    timer = undefined
    const askedAt = elapsedMs()
    void db
      .query<{ size: number }>(sizeNow, [tenant])
      .then(([row]) => {
        seenAt = Math.max(seenAt, askedAt)
        if (!lookAgain) told = 0 // whatever was said before is seen by now
        reached(row?.size ?? 0)
      })
      .catch(() => undefined) // the store is away: the next look may find it back
      .finally(() => {
        looking = false
        if (lookAgain) look()
        else if (waiting.size > 0 && !closed) lookLater()
      })
  }

  function lookLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, pollMs)
  }

  /**
   * One notification at a time, a moment apart: each costs the server a flush of its own. Never inside the transaction,
   * where it would queue all commits of the server.
   */
  function tell(): void {
    tellAgain = telling
    if (telling || closed) return
    telling = true
    void db
      .query(notify, [channel, String(size)])
      .catch(() => undefined) // only a hint
      .then(() => sleep(restMs, undefined, { ref: false }))
      .then(() => {
        telling = false
        if (tellAgain) tell()
      })
  }
}

const sizeNow = { name: 'head_size', text: 'select size from head where tenant = $1' }
const notify = { name: 'notify', text: 'select pg_notify($1, $2) as told' }
