import type { Clock, Store } from '@countersign/core'

interface Lease {
  readonly holder: string | undefined
  readonly until: number
  readonly epoch: number
}

const nobodyYet: Lease = { holder: undefined, until: 0, epoch: 0 }

export function createLeases(clock: Clock): Store['leases'] {
  const leases = new Map<string, Lease>()

  return {
    async hold(name, holder, forMs) {
      const now = clock.now()
      const lease = leases.get(name) ?? nobodyYet
      const putBack = lease.until > now + 2 * forMs // the clock, since it was given
      const held = lease.holder !== undefined && now < lease.until
      if (held && lease.holder !== holder && !putBack) return undefined
      const epoch = held && lease.holder === holder ? lease.epoch : lease.epoch + 1
      leases.set(name, { holder, until: now + forMs, epoch })
      return epoch
    },
    async release(name, holder) {
      const lease = leases.get(name)
      // The row stays, so that its epoch is never given out again.
      if (lease?.holder === holder) leases.set(name, { ...lease, holder: undefined })
    },
    async list() {
      const now = clock.now()
      return [...leases]
        .flatMap(([name, { holder, until }]) => (holder !== undefined && now < until ? [{ name, holder, until }] : []))
        .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    },
  }
}
