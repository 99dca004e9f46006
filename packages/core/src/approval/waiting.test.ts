import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Approval } from '@countersign/schema'
import { expect, it } from 'vitest'
import type { Store } from '../ports.ts'
import { createSignal } from '../signal.ts'
import { createDesk } from './desk.ts'
import { now, open, signOff } from './sample.ts'

/** Lets go of all that nobody can reach. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
}

it('who waits for people keeps nothing of the question but its id', async () => {
  const seen: WeakRef<Approval>[] = []
  const get = async () => {
    const approval = open(signOff())
    seen.push(new WeakRef(approval))
    return approval
  }
  const store = { clock: { now: () => now }, approvals: { get } } as unknown as Store
  const desk = createDesk({ store })
  const patience = createSignal()
  const answered = desk.waitFor('apr_1', patience.signal)
  await expect
    .poll(() => {
      collect()
      return seen.map((one) => one.deref() === undefined)
    })
    .toEqual([true])
  expect(desk.waiting()).toBe(1)
  patience.abort()
  expect((await answered).state).toBe('open')
  expect(seen.length).toBe(2)
})
