/**
 * Signs and publishes the head of the ledger.
 *
 * @module
 */
import { sha256, signCheckpoint, type Signer, type Store } from '@countersign/core'
import type { Duty } from './duty.ts'

/** Without anything new a checkpoint is signed this often, so that who watches sees the ledger is alive. */
const atLeastEveryMs = 3_600_000
/** How often, at most, a checkpoint is signed while the ledger grows. */
const mostOftenMs = 1_000

/** At most once in `everyMs` when something changed, at least once an hour, and for the last entries of all. */
export function checkpoints(store: Pick<Store, 'ledger' | 'clock'>, signer: Signer, everyMs = mostOftenMs): Duty {
  let published = { size: -1, at: 0 }
  return {
    name: 'checkpoints',
    everyMs,
    failing: 'A checkpoint could not be published.',
    lastly: true,
    async work() {
      const head = await store.ledger.head()
      const now = store.clock.now()
      if (head.size === published.size && now - published.at < atLeastEveryMs) return
      await store.ledger.saveCheckpoint(await signCheckpoint(sha256, signer, head), head.size)
      published = { size: head.size, at: now }
    },
  }
}
