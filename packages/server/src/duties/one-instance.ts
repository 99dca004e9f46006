/**
 * Of several instances one hands the entries to a follower; when it is gone, another does.
 *
 * @module
 */
import type { Follower, LogLine, Store } from '@countersign/core'
import type { RunningFollower } from './followers.ts'

export interface TurnParts {
  readonly store: Pick<Store, 'leases'>
  /** This instance. */
  readonly node: string
  readonly follower: Pick<Follower, 'name' | 'from'>
  start(): RunningFollower
  log(line: LogLine): void
  readonly leaseMs?: number
  readonly everyMs?: number
  /** Milliseconds that no clock change can move. */
  elapsedMs?(): number
}

/** After the instance that hands a follower its entries has died, another does so this much later at most. */
const holdsForMs = 5_000
/** How often its holder renews that lease, and others look whether it is free. */
const renewEveryMs = 1_000

/** Follows while it holds the lease. At a change of hands an entry may be handed over twice, never left out. */
export async function onOneInstance({
  store,
  node,
  follower,
  start,
  log,
  leaseMs = holdsForMs,
  everyMs = renewEveryMs,
  elapsedMs = () => performance.now(),
}: TurnParts): Promise<RunningFollower> {
  const lease = `follower:${follower.name}`
  let following: RunningFollower | undefined
  let untilMs = 0
  let looking: Promise<void> | undefined
  await look()
  const timer = setInterval(() => void look(), everyMs)

  return {
    state: () => following?.state() ?? { name: follower.name, from: follower.from, trouble: undefined, leftOut: [] },
    async close() {
      clearInterval(timer)
      await looking
      await following?.close()
      await store.leases.release(lease, node).catch(() => undefined)
    },
  }

  function look(): Promise<void> {
    looking ??= hold().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function hold(): Promise<void> {
    const askedAt = elapsedMs()
    try {
      const epoch = await store.leases.hold(lease, node, leaseMs)
      untilMs = epoch === undefined ? 0 : askedAt + leaseMs
    } catch {
      log({ level: 'warn', says: 'The lease of a follower could not be renewed.', follower: follower.name })
    }
    if (elapsedMs() < untilMs) following ??= start()
    else {
      const former = following
      following = undefined
      await former?.close()
    }
  }
}
