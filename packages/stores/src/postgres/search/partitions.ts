/**
 * The parts of `searched`, each with an index of its own that fits in memory: one for so many entries of the ledger.
 *
 * @module
 */
import type { Db } from '../db.ts'

/** Entries of a part: some hundred thousand actions. With twice as many, what is not there is looked for twice as long. */
export const usualWidth = 2 ** 18
/** Rows that wait beside the index of a part: every search looks through them, and to add them one by one is dear. */
const mostWaiting = 8_000

/** At the entry that its action begins with. */
interface Placed {
  readonly entry: number
}

export interface Partitions {
  /** Makes those up to the last of these, and the one after, so that nobody waits for it. */
  reach(rows: readonly Placed[]): Promise<void>
  /** These were written: puts them into the indexes when they are plenty, on the way. */
  written(rows: readonly Placed[]): void
  /** Waits for what is on its way. */
  close(): Promise<void>
}

export function createPartitions(db: Db, width: number): Partitions {
  const waiting = new Map<number, number>()
  let made = -1
  let tidying: Promise<unknown> = Promise.resolve()

  const later = (text: string) => {
    tidying = tidying.then(() => db.query({ name: '', text, timeoutMs: tidyMs })).catch(() => undefined)
  }

  return {
    async reach(rows) {
      const wanted = rows.reduce((most, { entry }) => Math.max(most, Math.floor(entry / width) + 1), made)
      for (let part = made + 1; part <= wanted; part += 1) {
        await make(part)
        if (part > 1) later(`vacuum (analyze) searched_${part - 2}`) // full: it is tidied once, and left alone
        made = part
      }
    },
    written(rows) {
      for (const { entry } of rows) {
        const part = Math.floor(entry / width)
        waiting.set(part, (waiting.get(part) ?? 0) + 1)
      }
      for (const [part, count] of waiting) {
        if (count < mostWaiting) continue
        waiting.delete(part)
        later(`select gin_clean_pending_list('searched_${part}_terms')`)
      }
    },
    close: async () => void (await tidying),
  }

  /** Beside the others, and then put to them: made in place it would keep everybody waiting. */
  async function make(part: number): Promise<void> {
    await db.tx(async (session) => {
      await session.query(inTurn)
      const [there] = await session.query({
        name: '',
        text: `select 1 where to_regclass('searched_${part}') is not null`,
      })
      if (there !== undefined) return
      for (const text of [
        `create table searched_${part} (like searched including defaults)`,
        `alter table searched_${part} add primary key (tenant, entry)`,
        `create index searched_${part}_terms on searched_${part} using gin (terms) with (gin_pending_list_limit = 16384)`,
        `alter table searched attach partition searched_${part} for values from (${part * width}) to (${(part + 1) * width})`,
      ])
        await session.query({ name: '', text })
    })
  }
}

/** For what is done on the way. */
const tidyMs = 60_000
/** One instance at a time; of no meaning but that nobody else has this number. */
const inTurn = { name: 'searched_in_turn', text: 'select 1 from pg_advisory_xact_lock(7302161)' }
