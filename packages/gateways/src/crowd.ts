/**
 * How many each may have open at the same time, so that nobody takes the places of all.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'

export interface Crowd {
  /**
   * One more of this one's. What comes back lets it out again, however often it is called.
   *
   * @throws ERR_TOO_MANY
   */
  enter(who: string): () => void
}

export function createCrowd(most: number): Crowd {
  const open = new Map<string, number>()
  return {
    enter(who) {
      const already = open.get(who) ?? 0
      if (already >= most) throw new CountersignError('ERR_TOO_MANY')
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
