/**
 * Signs and publishes the head of the ledger.
 *
 * @module
 */
import {
  CountersignError,
  type LogLine,
  type Running,
  sha256,
  signCheckpoint,
  type Signer,
  type Store,
} from '@countersign/core'

const atLeastEveryMs = 3_600_000

/** At most once a second when something changed, and at least once an hour. One instance at a time does it. */
export function publishCheckpoints(
  store: Pick<Store, 'ledger' | 'leases' | 'clock'>,
  signer: Signer,
  node: string,
  log: (line: LogLine) => void,
  everyMs = 1_000,
): Running & { publish(): Promise<void> } {
  let published = { size: -1, at: 0 }
  let running: Promise<void> | undefined
  const timer = setInterval(() => void publish(), everyMs)

  return {
    publish,
    async close() {
      clearInterval(timer)
      await running // it may have looked before the last entry came
      await publish()
      await store.leases.release('publisher', node).catch(() => undefined)
    },
  }

  function publish(): Promise<void> {
    running ??= once().finally(() => {
      running = undefined
    })
    return running
  }

  async function once(): Promise<void> {
    try {
      if ((await store.leases.hold('publisher', node, 5_000)) === undefined) return
      const head = await store.ledger.head()
      const now = store.clock.now()
      if (head.size === published.size && now - published.at < atLeastEveryMs) return
      await store.ledger.saveCheckpoint(await signCheckpoint(sha256, signer, head), head.size)
      published = { size: head.size, at: now }
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
      log({ level: 'warn', says: 'A checkpoint could not be published.', code })
    }
  }
}
