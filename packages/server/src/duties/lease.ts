import type { LogLine, NodeLease, Running, Store } from '@countersign/core'
import { newId, nodeLease } from '@countersign/core'

/**
 * An instance that loses its store begins nothing after this time; what a dead one had begun is taken over no sooner.
 */
export const nodeLeaseMs = 10_000

export interface LeaseParts {
  readonly store: Pick<Store, 'leases'>
  /** What this instance runs, for those who look at all of them. */
  readonly version: string
  log(line: LogLine): void
  readonly forMs?: number
  readonly renewEveryMs?: number
  /** Milliseconds that no clock change can move. */
  elapsedMs?(): number
}

/** How often that lease is renewed: three times before it ends, so that one slow answer loses nothing. */
const oftenMs = 3_000

/**
 * This instance's right to begin runs. It ends by itself when the store cannot be reached for as long as the lease
 * lasts, so a permit is never begun by an instance that others believe dead.
 */
export async function holdNodeLease({
  store,
  version,
  log,
  forMs = nodeLeaseMs,
  renewEveryMs = oftenMs,
  elapsedMs = () => performance.now(),
}: LeaseParts): Promise<NodeLease & Running> {
  const id = newId('nod')
  const name = `${nodeLease}${id}`
  const holder = `${id}/${version}`
  let held: { epoch: number; untilMs: number } | undefined
  let closed = false
  let renewing: Promise<void> | undefined
  await renew()
  const timer = setInterval(() => void renew(), renewEveryMs)

  return {
    id,
    epoch: () => (held && !closed && elapsedMs() < held.untilMs ? held.epoch : undefined),
    async close() {
      closed = true
      clearInterval(timer)
      await renewing
      await store.leases.release(name, holder).catch(() => undefined)
    },
  }

  /** One at a time, so that a late answer never stands over a newer one. */
  function renew(): Promise<void> {
    renewing ??= ask().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function ask(): Promise<void> {
    const askedAt = elapsedMs() // counted from before the question, so it ends here before it ends there
    try {
      const epoch = await store.leases.hold(name, holder, forMs)
      held = epoch === undefined ? undefined : { epoch, untilMs: askedAt + forMs }
    } catch {
      log({ level: 'warn', says: 'The lease of this instance could not be renewed.', node: id })
    }
  }
}
