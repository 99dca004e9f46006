/**
 * How many of something each has open at the same time, so that nobody takes the places of all. Bounded memory: nothing
 * is kept of whoever has nothing open.
 *
 * @module
 */
export interface Crowd {
  /**
   * One more of this one's, or something that takes so many places. What comes back lets it out again, however often it
   * is called; undefined: there are too many.
   */
  enter(who: string, count?: number): (() => void) | undefined
}

export function createCrowd(most: number): Crowd {
  const open = new Map<string, number>()
  return {
    enter(who, count = 1) {
      const already = open.get(who) ?? 0
      if (already + count > most) return undefined
      open.set(who, already + count)
      let within = true
      return () => {
        if (!within) return
        within = false
        const left = (open.get(who) ?? 0) - count
        if (left > 0) open.set(who, left)
        else open.delete(who)
      }
    },
  }
}
