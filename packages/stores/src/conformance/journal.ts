import { deferred } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { agentChanged, founded } from './facts.ts'
import { sampleAgent, unique } from './samples.ts'
import { follow, type OpenStore, stage } from './stage.ts'

export function journal(open: OpenStore): void {
  describe('journal', () => {
    const scene = stage(open)

    describe('read', () => {
      it('gives entries from an index on, oldest first, at most as many as asked', async () => {
        const { store } = scene
        const agents = Array.from({ length: 5 }, () => sampleAgent())
        const index = await store.commit({ facts: agents.map((agent) => agentChanged(agent)) })
        const entries = await store.journal.read(index + 1, 3)
        expect(entries.map((entry) => entry.index)).toEqual([index + 1, index + 2, index + 3])
        expect(entries.map((entry) => entry.fact)).toEqual(agents.slice(1, 4).map((agent) => agentChanged(agent)))
        expect(await store.journal.read(index + 5, 10)).toEqual([])
      })
    })

    describe('follow', () => {
      it('gives every entry from any index on, once and in order, then waits for more', async () => {
        const { store } = scene
        const index = await store.commit({ facts: [founded(), founded(), founded()] })
        for (const from of [index, index + 1, index + 2]) {
          const following = follow(store, from, 4)
          await store.commit({ facts: [founded()] })
          expect((await following).map((entry) => entry.index)).toEqual([from, from + 1, from + 2, from + 3])
        }
      })

      it('misses and repeats nothing while others commit', async () => {
        const { store } = scene
        const { size } = await store.ledger.head()
        const following = [size, size + 10, size + 99].map((from) => follow(store, from, size + 100 - from))
        await Promise.all(Array.from({ length: 50 }, () => store.commit({ facts: [founded(), founded()] })))
        for (const entries of await Promise.all(following)) {
          const from = size + 100 - entries.length
          expect(entries.map((entry) => entry.index)).toEqual(entries.map((_, place) => from + place))
          expect(entries).toEqual(await store.journal.read(from, 100))
        }
      })

      it('ends when it is aborted: while it waits, or before it begins', async () => {
        const { store } = scene
        const { size } = await store.ledger.head()
        const waiting = new AbortController()
        const { promise: begun, resolve: begin } = deferred<void>()
        const following = gather(store.journal.follow(size, waiting.signal), begin)
        await store.commit({ facts: [founded()] })
        await begun
        await turns()
        waiting.abort()
        expect(await following).toHaveLength(1)
        expect(await gather(store.journal.follow(0, AbortSignal.abort()))).toEqual([])
      })

      it('does not outlive the store', async () => {
        const closing = await open()
        const following = gather(closing.journal.follow(0, new AbortController().signal))
        await turns()
        await closing.close()
        await following.catch((error: unknown) => expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' }))
      })

      it('ends for a follower that leaves', async () => {
        const { store } = scene
        const index = await store.commit({ facts: [founded()] })
        for await (const [entry] of store.journal.follow(index, new AbortController().signal)) {
          expect(entry?.index).toBe(index)
          break
        }
      })
    })

    describe('cursors', () => {
      it('begin at 0 and stay where they were put, each follower its own', async () => {
        const { store } = scene
        const [one, other] = [unique('follower'), unique('follower')]
        expect(await store.journal.cursor(one, 'beginning')).toBe(0)
        await store.journal.moveCursor(one, 7)
        await store.journal.moveCursor(one, 9)
        expect(await store.journal.cursor(one, 'beginning')).toBe(9)
        expect(await store.journal.cursor(other, 'beginning')).toBe(0)
      })

      it('begin at the head where the past is not wanted, and skip nothing that came since', async () => {
        const { store } = scene
        const name = unique('follower')
        const first = await store.commit({ facts: [founded()] })
        expect(await store.journal.cursor(name, 'head')).toBe(first + 1)
        await store.commit({ facts: [founded()] })
        expect(await store.journal.cursor(name, 'head')).toBe(first + 1)
        expect(await store.journal.cursor(name, 'beginning')).toBe(first + 1)
      })
    })
  })
}

async function gather(pages: AsyncIterable<readonly Entry[]>, first?: () => void): Promise<readonly Entry[]> {
  const all: Entry[] = []
  for await (const page of pages) {
    all.push(...page)
    first?.()
  }
  return all
}

/** Time for a follower to find that there is no more, and to wait. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
