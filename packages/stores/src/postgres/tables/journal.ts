import { isError, type Journal } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { setTimeout as sleep } from 'node:timers/promises'
import { createErase, type EraseParts } from './erase.ts'
import type { Reading } from './reading.ts'
import type { Tail } from './tail.ts'

export interface JournalParts extends EraseParts, Pick<Reading, 'entries'> {
  readonly tail: Tail
}

/** Entries read for a follower at a time. */
const pageSize = 200
/** Of those that were written here a moment ago, which are not read. */
const mostAtHand = 1_000
/** Between two tries of a follower while the store is away; nothing is missed meanwhile. */
const retryMs = 250

export function createJournal({ db, tenant, entries, tail, recent, ...parts }: JournalParts): Journal {
  const reading = new Map<number, Promise<readonly Entry[]>>()
  return {
    async *follow(index, signal) {
      for (let next = index; !signal.aborted;) {
        await tail.reaches(next, signal)
        if (signal.aborted) return
        const written = recent.from(next, mostAtHand)
        const page = written.length > 0 ? written : await readOn(next, signal)
        if (signal.aborted) return
        if (page.length > 0) yield page
        next += page.length
      }
    },
    read: (index, limit) => entries.range(index, limit),
    async cursor(follower, from) {
      const find = () => db.query<{ index: number }>(cursorOf, [tenant, follower])
      const [known] = await find()
      if (known) return known.index
      await db.query(setCursor, [tenant, follower, from === 'head'])
      const [placed] = await find()
      return placed?.index ?? 0
    },
    async moveCursor(follower, index) {
      await db.query(moveCursor, [tenant, follower, index])
    },
    ...createErase({ ...parts, db, tenant, recent }),
  }

  /** Followers that stand at the same place, as they do at the end, read and open it once. */
  function readTogether(index: number): Promise<readonly Entry[]> {
    const known = reading.get(index)
    if (known) return known
    const page = entries.range(index, pageSize).finally(() => reading.delete(index))
    reading.set(index, page)
    return page
  }

  /** While the store is away a follower waits: nothing is missed, since it goes on where it was. */
  async function readOn(index: number, signal: AbortSignal): Promise<readonly Entry[]> {
    try {
      return await readTogether(index)
    } catch (error) {
      if (tail.closed || !isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
      await sleep(retryMs, undefined, { signal }).catch(() => undefined)
      return []
    }
  }
}

const cursorOf = { name: 'cursor', text: 'select index from cursor where tenant = $1 and follower = $2' }
const setCursor = {
  name: 'cursor_place',
  text: `insert into cursor (tenant, follower, index)
    select $1, $2, case when $3::boolean then size else 0 end from head where tenant = $1
    on conflict (tenant, follower) do nothing`,
}
const moveCursor = {
  name: 'cursor_move',
  text: `insert into cursor (tenant, follower, index) values ($1, $2, $3)
    on conflict (tenant, follower) do update set index = excluded.index`,
}
