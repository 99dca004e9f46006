/**
 * Whether the house is reached. Told by every request and by the line that events come on; while it is lost nothing can
 * be signed, and what is in view may be old.
 *
 * @module
 */
export interface Reach {
  /** When it was lost, by this browser's clock. */
  lostAt(): number | undefined
  lost(): void
  found(): void
  onChange(tell: () => void): () => void
}

export function createReach(now: () => number): Reach {
  const listeners = new Set<() => void>()
  let lostAt: number | undefined
  const become = (next: number | undefined) => {
    if (next === lostAt) return
    lostAt = next
    listeners.forEach((tell) => tell())
  }
  return {
    lostAt: () => lostAt,
    lost: () => become(lostAt ?? now()),
    found: () => become(undefined),
    onChange(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
  }
}
