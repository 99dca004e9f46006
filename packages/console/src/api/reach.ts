/**
 * Whether Countersign is reached. Told by every request and by the line that events come on; while it is lost nothing
 * can be signed, and what is in view may be old.
 *
 * @module
 */
export interface Reach {
  /** When it was lost, by this browser's clock. */
  lostAt(): number | undefined
  lost(): void
  found(): void
  /** Gives what to call at the answer: one to a question from before Countersign was lost proves nothing. */
  asked(): () => void
  onChange(tell: () => void): () => void
}

export function createReach(now: () => number): Reach {
  const listeners = new Set<() => void>()
  let lostAt: number | undefined
  let losses = 0
  const become = (next: number | undefined) => {
    if (next === lostAt) return
    lostAt = next
    listeners.forEach((tell) => tell())
  }
  return {
    lostAt: () => lostAt,
    lost() {
      if (lostAt !== undefined) return
      losses += 1
      become(now())
    },
    found: () => become(undefined),
    asked() {
      const before = losses
      return () => {
        if (losses === before) become(undefined)
      }
    },
    onChange(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
  }
}
