/**
 * What the planner knows of the tables while they are young. PostgreSQL's own daemon looks once a minute; until then,
 * plans are made for tables thought empty, are kept, and read them from end to end however much has come since. So a
 * ledger is looked at when it has become four times as long.
 *
 * @module
 */
import type { Db } from './db.ts'

export interface Statistics {
  /** The ledger reaches this far now. */
  grown(size: number): void
  /** Waits for the look that is on its way. */
  close(): Promise<void>
}

/** Entries from which on PostgreSQL is asked to look at its tables; below, any plan is fast. */
const firstLook = 128
/** How much the ledger grows from one look to the next, so that looks become rare. */
const timesLonger = 4

export function keepStatistics(db: Pick<Db, 'query'>, size: number): Statistics {
  let next = nextAfter(size)
  let looking: Promise<unknown> = Promise.resolve()
  return {
    grown(to) {
      if (to < next) return
      next = nextAfter(to)
      looking = looking.then(() => db.query(analyze)).catch(() => undefined) // the daemon looks too
    },
    close: async () => void (await looking),
  }
}

const nextAfter = (size: number) => Math.max(firstLook, size * timesLonger)

/** Of segments only what is asked by: their records would be read, and say nothing. */
const analyze = {
  name: '',
  text: `analyze segment (tenant, first, count, subjects, keys), mention, permit, approval, countersignature,
    subject_key, searched, ln_edge, ln_way`,
  timeoutMs: 60_000,
}
