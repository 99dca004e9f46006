import { deferred } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { bySystem, type Entry } from '@countersign/schema'
import { createHints, type Told } from './hints.ts'

const entryAt = (index: number): Entry => ({
  index,
  id: `ent_${index}`,
  at: 0,
  fact: { kind: 'policy.activated', by: bySystem, version: `v${index}`, policies: [] },
})

/** A ledger that grows, is heard of, and is read, in any order. */
function growing() {
  const state = { size: 3, heard: 3, reading: undefined as Promise<void> | undefined }
  const hints = createHints({
    ledger: { head: async () => ({ size: state.size, root: new Uint8Array() }) },
    journal: {
      async read(index: number, limit: number) {
        await state.reading
        return Array.from({ length: limit }, (_, at) => entryAt(index + at))
      },
    },
  } as unknown as Parameters<typeof createHints>[0])
  const hear = () => {
    while (state.heard < state.size) hints.hear(entryAt(state.heard++))
  }
  const grow = () => {
    state.size += 1
    hear()
  }
  return { state, hints, hear, grow }
}

describe('hints', () => {
  it('that arrive while a window is being caught up come after, once', async () => {
    const { state, hints, grow } = growing()
    const early: Told[] = []
    await hints.listen(undefined, (told) => early.push(told))

    const reading = deferred<void>()
    state.reading = reading.promise
    const told: Told[] = []
    const listening = hints.listen(1, (one) => told.push(one))
    grow()
    grow()
    expect(told).toEqual([])
    reading.resolve()
    await listening
    grow()
    expect(told.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
    expect(early.map(({ index }) => index)).toEqual([3, 4, 5])
  })

  it('are not told twice to a window that looked further than was heard of', async () => {
    const { state, hints, grow } = growing()
    state.size += 2 // committed, and not heard of yet
    const told: Told[] = []
    await hints.listen(3, (one) => told.push(one))
    grow()
    expect(told.map(({ index }) => index)).toEqual([3, 4, 5])
  })

  it('end for a window that leaves, and begin again for the next', async () => {
    const { hints, grow } = growing()
    const first: Told[] = []
    const leave = await hints.listen(undefined, (one) => first.push(one))
    leave()
    grow()
    const second: Told[] = []
    await hints.listen(undefined, (one) => second.push(one))
    grow()
    expect([first, second.map(({ index }) => index)]).toEqual([[], [4]])
  })
})
