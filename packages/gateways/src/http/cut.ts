/**
 * The end of a run from outside, wherever it stands.
 *
 * @module
 */

/** What an abort signal is, without what one costs for every call that nobody ends. */
export interface Cut {
  /** Why it was ended; undefined until it was. */
  readonly reason: string | undefined
  /** Calls back once it is ended, at once if it was; what comes back takes that back. */
  heard(end: (reason: string) => void): () => void
}

export interface Cutter extends Cut {
  /** Only the first counts. */
  end(reason: string): void
}

export function createCut(): Cutter {
  const ends = new Set<(reason: string) => void>()
  let why: string | undefined
  return {
    get reason() {
      return why
    },
    heard(end) {
      if (why === undefined) ends.add(end)
      else end(why)
      return () => void ends.delete(end)
    },
    end(reason) {
      if (why !== undefined) return
      why = reason
      for (const end of ends) end(reason)
      ends.clear()
    },
  }
}
