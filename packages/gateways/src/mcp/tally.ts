/**
 * How many of something each credential holds open, so that none takes what others need.
 *
 * @module
 */
export interface Tally {
  /** Takes one more; how to give it back, or undefined if there are too many. */
  enter(who: string): (() => void) | undefined
}

export function createTally(most: number): Tally {
  const open = new Map<string, number>()
  return {
    enter(who) {
      const count = open.get(who) ?? 0
      if (count >= most) return undefined
      open.set(who, count + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        const now = (open.get(who) ?? 1) - 1
        if (now === 0) open.delete(who)
        else open.set(who, now)
      }
    },
  }
}
