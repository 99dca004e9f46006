/**
 * Everyone who reads the ledger, each at its own pace: a slow one keeps nobody waiting.
 *
 * What a follower depends on may be down: then it stands still, however long, and goes on where it stood. An entry that it
 * fails over for a reason of its own, or that cannot be read, is tried ten times (about a minute and a half) and then left
 * out, with an error line that names it: the entry itself stays in the ledger, and those behind it are not held up.
 *
 * @module
 */
import {
  CountersignError,
  type Follower,
  isError,
  type Journal,
  type LogLine,
  type Running,
  type Store,
} from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { createBookmark } from './bookmark.ts'

export interface FollowParts {
  readonly store: Pick<Store, 'journal'>
  readonly follower: Follower
  log(line: LogLine): void
  /** Where a follower stands, kept with the facts or, for what is only of this process, in memory. */
  readonly cursor?: Pick<Journal, 'cursor' | 'moveCursor'>
  readonly firstRetryMs?: number
  /** How often it tries an entry before it leaves that out. Default: ten times. */
  readonly tries?: number
}

/** How it fares, as far as this process can tell. */
export interface Following extends Pick<Follower, 'name' | 'from'> {
  /** The entry it fails over now. */
  readonly trouble: { readonly index: number; readonly tries: number; readonly code: string } | undefined
  /** Entries given up since this process started; the newest 20. */
  readonly leftOut: readonly { readonly index: number; readonly code: string }[]
}

export interface RunningFollower extends Running {
  state(): Following
}

/** Entries left out that are shown of a follower; of older ones the log and the ledger tell. */
const mostLeftOut = 20
/** The pause between tries doubles up to this: a receiver that is back is served within half a minute. */
const slowestRetryMs = 30_000
/** How long entries gather for one that takes several together; the more there were, the shorter. */
const gatherMs = 250
/** From so many entries in one page on it goes on at once, without gathering. */
const plenty = 1_000
/** The first pause after a failure; the next ones double. */
const soonestRetryMs = 250
/** How often an entry is tried before it is left out, so that the others go on; that it was left out is told. */
const triesOfOne = 10

/** Hands every entry to the follower at least once, in order, from where it stopped last time. */
export function startFollower({
  store,
  follower,
  log,
  cursor = follower.place ?? store.journal,
  firstRetryMs = soonestRetryMs,
  tries: mostTries = triesOfOne,
}: FollowParts): RunningFollower {
  const { name } = follower
  let trouble: Following['trouble']
  const leftOut: { index: number; code: string }[] = []
  const closing = new AbortController()
  const { signal } = closing
  let unreadable = { index: -1, tries: 0 }
  const done = keepGoing()
  return {
    state: () => ({ name, from: follower.from, trouble, leftOut: [...leftOut] }),
    async close() {
      closing.abort()
      await done
    },
  }

  function leaveOut(index: number, code: string): void {
    trouble = undefined
    leftOut.push({ index, code })
    if (leftOut.length > mostLeftOut) leftOut.shift()
  }

  /** Another instance has told the follower of more than it was told of here: where it stands has to be read again. */
  function isElsewhere(error: unknown): boolean {
    return follower.place !== undefined && isError(error, 'ERR_STORE_CONFLICT')
  }

  async function keepGoing(): Promise<void> {
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = longer(waitMs)) {
      try {
        await goOn(() => (waitMs = firstRetryMs))
      } catch (error) {
        log({ level: 'warn', says: 'A follower stopped and will go on.', follower: name, code: codeOf(error) })
        await pause(waitMs, signal)
        if (!isDown(error) && !isElsewhere(error)) await oneByOne().catch(() => undefined) // what it met is met and told at the next start
      }
    }
  }

  /** A journal is read by the page, and an entry that cannot be read spoils its page: so the others are read alone. */
  async function oneByOne(): Promise<void> {
    for (let index = await cursor.cursor(name, follower.from); !signal.aborted; index += 1) {
      try {
        const [entry] = await store.journal.read(index, 1)
        if (!entry) return
        await handOn(entry)
        if (signal.aborted) return
      } catch (error) {
        if (isDown(error) || isElsewhere(error)) return
        unreadable = { index, tries: unreadable.index === index ? unreadable.tries + 1 : 1 }
        trouble = { ...unreadable, code: codeOf(error) }
        if (unreadable.tries < mostTries) return
        leaveOut(index, codeOf(error))
        const says = 'An entry was left out: it cannot be read.'
        log({ level: 'error', says, follower: name, index, code: codeOf(error) })
      }
      await cursor.moveCursor(name, index + 1)
    }
  }

  async function goOn(progressed: () => void): Promise<void> {
    const from = await cursor.cursor(name, follower.from)
    const bookmark = createBookmark((index) => cursor.moveCursor(name, index))
    try {
      for await (const page of store.journal.follow(from, signal)) {
        if (await handOnWhole(page)) {
          reached(page.at(-1))
          if (page.length < plenty) await pause(gatherMs * (1 - page.length / plenty), signal)
        } else {
          for (const entry of page) {
            await handOn(entry)
            if (signal.aborted) return
            reached(entry)
          }
        }
      }
    } finally {
      await bookmark.close()
    }

    function reached(entry: Entry | undefined): void {
      if (entry === undefined) return
      bookmark.reached(entry.index + 1)
      progressed()
    }
  }

  /** False where it takes them one by one, or fails over one of them: that one is found by handing on each alone. */
  async function handOnWhole(page: readonly Entry[]): Promise<boolean> {
    if (follower.followPage === undefined) return false
    try {
      await follower.followPage(page)
      trouble = undefined
      return true
    } catch (error) {
      if (isElsewhere(error)) throw error
      return false
    }
  }

  async function handOn(entry: Entry): Promise<void> {
    const { index } = entry
    for (let waitMs = firstRetryMs, tries = 1; !signal.aborted; waitMs = longer(waitMs)) {
      try {
        await follower.follow(entry)
        trouble = undefined
        return
      } catch (error) {
        if (isElsewhere(error)) throw error
        const code = codeOf(error)
        trouble = { index, tries, code }
        if (tries === mostTries) {
          leaveOut(index, code)
          log({
            level: 'error',
            says: 'An entry was left out: the follower fails over it.',
            follower: name,
            index,
            code,
          })
          return
        }
        log({ level: 'warn', says: 'A follower will try an entry again.', follower: name, index, code })
        if (!isDown(error)) tries += 1
        await pause(waitMs, signal)
      }
    }
  }
}

/** Nothing is wrong with the entry: what it is to be handed to cannot be reached. */
const isDown = (error: unknown) => isError(error, 'ERR_STORE_UNAVAILABLE', 'ERR_UPSTREAM', 'ERR_EGRESS_REFUSED')

const longer = (waitMs: number) => Math.min(waitMs * 2, slowestRetryMs)

const codeOf = (error: unknown) => (error instanceof CountersignError ? error.code : 'ERR_INTERNAL')

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
