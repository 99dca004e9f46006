import type { Clock } from '@countersign/core'
import type { Db } from './db.ts'

export interface DatabaseClock extends Clock {
  /** Looks now. */
  compare(): Promise<void>
  close(): void
}

/** How often the database is asked for its time; from one look to the next this machine's count carries it on. */
const compareMs = 1_000
/** A look at the clock that took longer says too little about when it was answered, and does not count. */
const longestLookMs = 200

/**
 * The database's clock, carried on between two looks by a count that nobody can set: what the instance shows and what a
 * commit decides by agree closely, whatever becomes of this machine's own clock.
 */
export async function createDatabaseClock(db: Pick<Db, 'query'>, elapsedMs = sinceStart): Promise<DatabaseClock> {
  let aheadMs = Date.now() - elapsedMs()
  await compare()
  const timer = setInterval(() => void compare().catch(() => undefined), compareMs) // while the store is away, the last one holds
  timer.unref()
  return {
    now: () => Math.round(elapsedMs() + aheadMs),
    compare,
    close: () => clearInterval(timer),
  }

  async function compare(): Promise<void> {
    const askedAt = elapsedMs()
    const [row] = await db.query<{ now: number }>(readClock)
    const answeredAt = elapsedMs()
    if (row !== undefined && answeredAt - askedAt <= longestLookMs) aheadMs = row.now - (askedAt + answeredAt) / 2
  }
}

const sinceStart = () => performance.now()

const readClock = {
  name: 'clock_compare',
  text: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
}
