/** How many of something each may have within a time. Bounded memory, whoever counts: the one longest unheard of is forgotten. */
export interface Allowance {
  /** Counts one more; false once there were `most`. */
  take(who: string): boolean
  /** Whether the next would be refused; counts nothing. */
  isSpent(who: string): boolean
}

export interface AllowanceParts {
  readonly most: number
  readonly withinMs: number
  now(): number
  /** How many are kept in mind at once. */
  readonly mostKnown?: number
}

/** Senders counted at once, so that memory stays bounded; the oldest begins anew. */
const mostRemembered = 10_000

export function createAllowance({ most, withinMs, now, mostKnown = mostRemembered }: AllowanceParts): Allowance {
  const windows = new Map<string, { readonly since: number; count: number }>()

  /** A clock that was set back begins a new window. */
  function windowOf(who: string) {
    const known = windows.get(who)
    const at = now()
    return known && at >= known.since && at < known.since + withinMs ? known : { since: at, count: 0 }
  }

  return {
    take(who) {
      const window = windowOf(who)
      window.count += 1
      windows.delete(who)
      windows.set(who, window)
      const [oldest] = windows.keys()
      if (windows.size > mostKnown && oldest !== undefined) windows.delete(oldest)
      return window.count <= most
    },
    isSpent: (who) => windowOf(who).count >= most,
  }
}
