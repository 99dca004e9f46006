import { deferred } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import type { Entry } from '@countersign/schema'
import { createHints, type HintParts, type Told } from './hints.ts'

const entryAt = (index: number): Entry => ({
  index,
  id: `ent_${index}`,
  at: 0,
  fact: { kind: 'policy.activated', by: 'house', version: `v${index}`, policies: [] },
})

/** A journal that can be made to grow, and to fail, between any two steps. */
function growing() {
  const state = { size: 3, failing: false, reading: undefined as Promise<void> | undefined }
  let bell = deferred<void>()
  const store: HintParts['store'] = {
    ledger: { head: async () => ({ size: state.size, root: new Uint8Array() }) } as HintParts['store']['ledger'],
    journal: {
      async read(index: number, limit: number) {
        await state.reading
        return Array.from({ length: limit }, (_, at) => entryAt(index + at))
      },
      async *follow(index: number, signal: AbortSignal) {
        signal.addEventListener('abort', () => bell.resolve(), { once: true })
        for (let next = index; !signal.aborted;) {
          while (next < state.size) yield [entryAt(next++)]
          bell = deferred()
          await bell.promise
        }
      },
    } as unknown as HintParts['store']['journal'],
  }
  const grow = async () => {
    state.size += 1
    bell.resolve()
    for (let turns = 0; turns < 10; turns++) await Promise.resolve()
  }
  return { state, store, grow }
}

describe('hints', () => {
  it('that arrive while a window is being caught up come after, once', async () => {
    const { state, store, grow } = growing()
    const hints = createHints({ store, log: () => {} })
    const early: Told[] = []
    await hints.listen(undefined, (told) => early.push(told))

    const reading = deferred<void>()
    state.reading = reading.promise
    const told: Told[] = []
    const listening = hints.listen(1, (one) => told.push(one))
    await grow()
    await grow()
    expect(told).toEqual([])
    reading.resolve()
    await listening
    await grow()
    expect(told.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
    expect(early.map(({ index }) => index)).toEqual([3, 4, 5])
    hints.close()
  })

  it('are not told twice to a window that looked further than the reader had come', async () => {
    const { state, store, grow } = growing()
    const hints = createHints({ store, log: () => {} })
    await hints.listen(undefined, () => {})
    state.size += 2 // committed, and the reader has not woken yet
    const told: Told[] = []
    await hints.listen(3, (one) => told.push(one))
    await grow()
    expect(told.map(({ index }) => index)).toEqual([3, 4, 5])
    hints.close()
  })

  it('end for a window that leaves, and begin again for the next', async () => {
    const { store, grow } = growing()
    const hints = createHints({ store, log: () => {} })
    const first: Told[] = []
    const leave = await hints.listen(undefined, (one) => first.push(one))
    leave()
    await grow()
    const second: Told[] = []
    await hints.listen(undefined, (one) => second.push(one))
    await grow()
    expect([first, second.map(({ index }) => index)]).toEqual([[], [4]])
    hints.close()
  })
})
