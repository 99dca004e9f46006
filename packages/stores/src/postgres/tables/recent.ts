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

/** `elapsedMs` is a clock that nobody sets. */
export function createRecent(elapsedMs = () => performance.now()): Recent {
  /** Oldest first. */
  const known = new Map<number, Written & { readonly since: number }>()
  let bytes = 0

  const at = (index: number): Entry | undefined => {
    const found = known.get(index)
    return found !== undefined && elapsedMs() - found.since <= momentMs ? found.entry : undefined
  }

  return {
    remember(written) {
      const since = elapsedMs()
      for (const one of written) {
        known.set(one.entry.index, { ...one, since })
        bytes += one.sizeBytes
      }
      for (const [index, { sizeBytes }] of known) {
        if (known.size <= mostEntries && bytes <= mostBytes) break
        known.delete(index)
        bytes -= sizeBytes
      }
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
  }
}
