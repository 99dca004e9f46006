import type { Clock, Store } from '@countersign/core'

export function createTombstones(clock: Clock): Store['tombstones'] {
  const until = new Map<string, number>()
  return {
    async put(name, forMs) {
      const now = clock.now()
      for (const [known, over] of until) if (over <= now) until.delete(known)
      until.set(name, Math.max(until.get(name) ?? 0, now + forMs))
    },
    stands: async (name) => (until.get(name) ?? 0) > clock.now(),
  }
}
