import type { Clock } from '@countersign/core'
import type { Db } from './db.ts'

export interface DatabaseClock extends Clock {
  close(): void
}

const compareMs = 10_000
/** A look that took longer says too little about when it was answered. */
const longestLookMs = 200

/** This machine's clock, put right by the database's: what the house shows and what a commit decides by agree closely. */
export async function createDatabaseClock(db: Db): Promise<DatabaseClock> {
  let aheadMs = 0
  await compare()
  const timer = setInterval(() => void compare().catch(() => undefined), compareMs) // while the store is away, the last one holds
  timer.unref()
  return {
    now: () => Math.round(Date.now() + aheadMs),
    close: () => clearInterval(timer),
  }

  async function compare(): Promise<void> {
    const askedAt = Date.now()
    const [row] = await db.query<{ now: number }>(readClock)
    const answeredAt = Date.now()
    if (row !== undefined && answeredAt - askedAt <= longestLookMs) aheadMs = row.now - (askedAt + answeredAt) / 2
  }
}

const readClock = {
  name: 'clock_compare',
  text: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
}
