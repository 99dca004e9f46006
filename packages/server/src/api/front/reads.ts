/**
 * Who read which records is itself on the record.
 *
 * @module
 */
import { byPerson } from '@countersign/schema'
import type { ApiParts } from './parts.ts'

export interface Reads {
  /** Resolves once the read is recorded; without that, nothing is shown (P8). */
  record(by: string, what: string, query: string): Promise<void>
}

/** A console that looks again every second is one reading: the same person, the same records, within this time. */
const sameReadingMs = 60_000
/** Readings remembered at once; of one that was forgotten the next look is recorded again. */
const most = 10_000

export function createReads({ store, clock }: Pick<ApiParts, 'store' | 'clock'>): Reads {
  const recorded = new Map<string, { at: number; done: Promise<unknown> }>()

  return {
    async record(by, what, asked) {
      const query = asked.slice(0, 500)
      const key = JSON.stringify([by, what, query])
      const now = clock.now()
      const before = recorded.get(key)
      if (before && now - before.at < sameReadingMs) {
        await before.done
        return
      }
      const done = store.commit({ facts: [{ kind: 'record.read', by: byPerson(by), what, query }] })
      recorded.delete(key)
      recorded.set(key, { at: now, done })
      forgetOldest()
      try {
        await done
      } catch (error) {
        if (recorded.get(key)?.done === done) recorded.delete(key)
        throw error
      }
    },
  }

  function forgetOldest(): void {
    for (const key of recorded.keys()) {
      if (recorded.size <= most) return
      recorded.delete(key)
    }
  }
}
