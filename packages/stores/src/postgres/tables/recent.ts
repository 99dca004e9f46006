/**
 * The newest entries that this instance wrote, as it wrote them: who follows closely is spared to read and decrypt them
 * again. Only for a moment, so that what another instance erases is not handed out much longer.
 *
 * @module
 */
import type { Entry } from '@countersign/schema'

export interface Written {
  readonly entry: Entry
  readonly sizeBytes: number
}

export interface Recent {
  remember(written: readonly Written[]): void
  /** From `index` on, up to the first that is not here. */
  from(index: number, limit: number): Entry[]
  at(index: number): Entry | undefined
  /** Whatever was erased may be among them. */
  forget(): void
  /** How many are in memory. */
  kept(): number
}

/**
 * Entries just written that are kept for their followers, who then need not read and decrypt them; older ones they
 * read.
 */
const mostEntries = 4_000
/** What those take at most; then the oldest go. */
const mostBytes = 16 << 20
/** How long such an entry is used: decrypted text stays no longer in memory than its followers need. */
const momentMs = 5_000

/** `elapsedMs` is a clock that nobody sets; `later` keeps no process alive. */
export function createRecent(elapsedMs = () => performance.now(), later = unhurried): Recent {
  /** Oldest first. */
  const known = new Map<number, Written & { readonly since: number }>()
  let bytes = 0
  let leaving = false

  const at = (index: number): Entry | undefined => {
    const found = known.get(index)
    return found !== undefined && elapsedMs() - found.since <= momentMs ? found.entry : undefined
  }

  /** Nobody may come who writes more: what has had its moment goes by itself. */
  function leaveInTime(): void {
    const [oldest] = known.values()
    if (leaving || !oldest) return
    leaving = true
    later(
      () => {
        leaving = false
        dropWhile(({ since }) => elapsedMs() - since > momentMs)
        leaveInTime()
      },
      oldest.since + momentMs + 1 - elapsedMs(),
    )
  }

  function dropWhile(mustGo: (oldest: Written & { readonly since: number }) => boolean): void {
    for (const [index, one] of known) {
      if (!mustGo(one)) return
      known.delete(index)
      bytes -= one.sizeBytes
    }
  }

  return {
    remember(written) {
      const since = elapsedMs()
      for (const one of written) {
        known.set(one.entry.index, { ...one, since })
        bytes += one.sizeBytes
      }
      dropWhile(() => known.size > mostEntries || bytes > mostBytes)
      leaveInTime()
    },
    from(index, limit) {
      const found: Entry[] = []
      for (let entry = at(index); entry !== undefined && found.length < limit; entry = at(index + found.length)) {
        found.push(entry)
      }
      return found
    },
    at,
    forget() {
      known.clear()
      bytes = 0
    },
    kept: () => known.size,
  }
}

const unhurried = (work: () => void, ms: number): void => void setTimeout(work, ms).unref()
