/**
 * What is wrong now at this instance and may right itself: kept until it is right again, so that a reason known somewhere
 * reaches whoever looks, and not the log alone.
 *
 * @module
 */
import type { Clock, Concern, Concerns, LogLine } from './ports.ts'

export interface KeptConcerns extends Concerns {
  /** In the order in which they were raised. */
  list(): readonly Concern[]
}

export interface ConcernsParts {
  readonly clock: Clock
  log(line: LogLine): void
}

/** Concerns that stand at once, more than a person could read; what comes after is only logged. */
const most = 500
/** Characters of a concern's cause; the rest of it would be a page, and is cut. */
const longest = 1_000

export function createConcerns({ clock, log }: ConcernsParts): KeptConcerns {
  const standing = new Map<string, Concern>()
  return {
    raise(key, cause) {
      const says = cause.length > longest ? `${cause.slice(0, longest)} …` : cause
      const known = standing.get(key)
      if (known?.says === says) return
      log({ level: 'warn', says, concern: key })
      if (known || standing.size < most) standing.set(key, { key, says, since: known?.since ?? clock.now() })
    },
    clear(key) {
      if (standing.delete(key)) log({ level: 'info', says: 'It is right again.', concern: key })
    },
    list: () => [...standing.values()],
  }
}
