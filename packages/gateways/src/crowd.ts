/**
 * How many each may have open at the same time, so that nobody takes the places of all.
 *
 * @module
 */
export interface Crowd {
  /** One more of this one's: how to let it out again, however often that is called; undefined if there are too many. */
  enter(who: string): (() => void) | undefined
}

export function createCrowd(most: number): Crowd {
  const open = new Map<string, number>()
  return {
    enter(who) {
      const already = open.get(who) ?? 0
      if (already >= most) return undefined
      open.set(who, already + 1)
      let within = true
      return () => {
        if (!within) return
        within = false
        const left = (open.get(who) ?? 1) - 1
        if (left > 0) open.set(who, left)
        else open.delete(who) // nothing is kept of whoever is gone
      }
    },
  }
}
