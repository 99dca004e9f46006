import type { LogLine, NodeLease, Running, Store } from '@countersign/core'
import { newId } from '@countersign/core'

const forMs = 10_000
const renewEveryMs = 3_000

/**
 * This instance's right to begin runs. It ends by itself when the store cannot be reached for as long as the lease
 * lasts, so a permit is never begun by an instance that others believe dead.
 */
export async function holdNodeLease(
  store: Pick<Store, 'leases'>,
  log: (line: LogLine) => void,
): Promise<NodeLease & Running> {
  const id = newId('nod')
  let held: { epoch: number; untilMs: number } | undefined
  await renew()
  const timer = setInterval(() => void renew(), renewEveryMs)

  return {
    id,
    epoch: () => (held && performance.now() < held.untilMs ? held.epoch : undefined),
    async close() {
      clearInterval(timer)
      held = undefined
      await store.leases.release(`node:${id}`, id).catch(() => undefined)
    },
  }

  async function renew(): Promise<void> {
    const asked = performance.now() // counted from before the question, so it ends here before it ends there
    try {
      const epoch = await store.leases.hold(`node:${id}`, id, forMs)
      held = epoch === undefined ? undefined : { epoch, untilMs: asked + forMs }
    } catch {
      log({ level: 'warn', says: 'The lease of this instance could not be renewed.', node: id })
    }
  }
}
