import { CountersignError, type Follower, type LogLine } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { asked, createManualClock, decided, founded, sampleOpen, sampleRecord } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFollower } from './followers.ts'
import { wake } from './wake.ts'
import { openAll } from '../opened.ts'

describe('a follower of the ledger', () => {
  let opened: ReturnType<typeof openAll>
  let store: ReturnType<typeof createMemoryStore>
  let lines: LogLine[]
  let told: number[]
  beforeEach(() => {
    opened = openAll()
    store = createMemoryStore({ clock: createManualClock() })
    lines = []
    told = []
  })
  afterEach(async () => {
    await opened.close()
    await store.close()
  })

  const log = (line: LogLine) => void lines.push(line)
  const grow = (count: number) => store.commit({ facts: Array.from({ length: count }, founded) })
  const cursor = () => store.journal.cursor('reader', 'beginning')
  const start = (follow = async ({ index }: Entry): Promise<void> => void told.push(index)) =>
    opened.add(
      Promise.resolve(
        startFollower({ store, follower: { name: 'reader', from: 'beginning', follow }, log, firstRetryMs: 0 }),
      ),
    )

  it('is told of every entry in order, old and new', async () => {
    await grow(3)
    await start()
    await grow(2)
    await expect.poll(cursor).toBe(5)
    expect(told).toEqual([0, 1, 2, 3, 4])
  })

  it('goes on where it stopped', async () => {
    await grow(2)
    const first = await start()
    await expect.poll(cursor).toBe(2)
    await first.close()
    await grow(2)
    await start()
    await expect.poll(cursor).toBe(4)
    expect(told).toEqual([0, 1, 2, 3])
  })

  it('that begins at the head is told nothing of what was, and after a restart all that came meanwhile', async () => {
    await grow(2)
    const follower: Follower = { name: 'reader', from: 'head', follow: async ({ index }) => void told.push(index) }
    const first = startFollower({ store, follower, log, firstRetryMs: 0 })
    await expect.poll(cursor).toBe(2)
    await first.close()
    await grow(2)
    await opened.add(Promise.resolve(startFollower({ store, follower, log, firstRetryMs: 0 })))
    await expect.poll(cursor).toBe(4)
    expect(told).toEqual([2, 3])
  })

  it('is told at least once: an entry that was under way when it stopped comes again', async () => {
    await grow(1)
    let enter = () => {}
    const entered = new Promise<void>((resolve) => (enter = resolve))
    const first = await start(async () => {
      enter()
      throw new CountersignError('ERR_UPSTREAM')
    })
    await entered
    await first.close()
    expect(await cursor()).toBe(0)
    await start()
    await expect.poll(cursor).toBe(1)
    expect(told).toEqual([0])
  })

  it('that takes several together is told of all that gathered, and of a page it fails over one by one', async () => {
    await grow(3)
    const pages: number[][] = []
    const follower: Follower = {
      name: 'reader',
      from: 'beginning',
      follow: async ({ index }) => void told.push(index),
      async followPage(page) {
        pages.push(page.map(({ index }) => index))
        if (pages.length === 2) throw new Error('not together')
      },
    }
    await opened.add(Promise.resolve(startFollower({ store, follower, log, firstRetryMs: 0 })))
    await expect.poll(cursor).toBe(3)
    await grow(2)
    await expect.poll(cursor).toBe(5)
    expect([pages, told]).toEqual([
      [
        [0, 1, 2],
        [3, 4],
      ],
      [3, 4],
    ])
  })

  it('tries again, and in order', async () => {
    await grow(3)
    let fails = 4
    await start(async ({ index }) => {
      if (index === 1 && (fails -= 1) > 0) throw new Error('not now')
      told.push(index)
    })
    await expect.poll(cursor).toBe(3)
    expect(told).toEqual([0, 1, 2])
  })

  it('leaves out an entry it fails over ten times, says which, and goes on', async () => {
    await grow(3)
    let tries = 0
    await start(async ({ index }) => {
      if (index !== 1) return void told.push(index)
      tries += 1
      throw new Error('poison with a secret')
    })
    await expect.poll(cursor).toBe(3)
    expect([told, tries]).toEqual([[0, 2], 10])
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({ follower: 'reader', index: 1, code: 'ERR_INTERNAL' }),
    ])
    expect(JSON.stringify(lines)).not.toContain('secret')
  })

  it.each(['ERR_STORE_UNAVAILABLE', 'ERR_UPSTREAM', 'ERR_EGRESS_REFUSED'] as const)(
    'leaves nothing out while what it needs is away (%s)',
    async (code) => {
      await grow(2)
      let tries = 0
      await start(async ({ index }) => {
        if (index === 0 && (tries += 1) <= 12) throw new CountersignError(code)
        told.push(index)
      })
      await expect.poll(cursor).toBe(2)
      expect(told).toEqual([0, 1])
      expect(lines.some(({ level }) => level === 'error')).toBe(false)
    },
  )

  it('comes back when the journal breaks', async () => {
    await grow(2)
    let breaks = 2
    const journal = {
      ...store.journal,
      follow(index: number, signal: AbortSignal) {
        if ((breaks -= 1) >= 0) throw new CountersignError('ERR_STORE_UNAVAILABLE')
        return store.journal.follow(index, signal)
      },
    }
    const follower: Follower = {
      name: 'reader',
      from: 'beginning',
      follow: async ({ index }: Entry) => void told.push(index),
    }
    await opened.add(Promise.resolve(startFollower({ store: { journal }, follower, log, firstRetryMs: 1 })))
    await expect.poll(cursor).toBe(2)
    expect(lines.map(({ code }) => code)).toEqual(['ERR_STORE_UNAVAILABLE', 'ERR_STORE_UNAVAILABLE'])
  })

  it('closes while it waits to try again', async () => {
    await grow(1)
    const follower: Follower = {
      name: 'reader',
      from: 'beginning',
      follow: async () => Promise.reject(new Error('never')),
    }
    const running = startFollower({ store, follower, log, firstRetryMs: 3_600_000 })
    await expect.poll(() => lines.length).toBe(1)
    await running.close()
    expect(await cursor()).toBe(0)
  })

  it('whoever waits for an answer here is woken by what any instance writes', async () => {
    const shown: string[] = []
    await opened.add(
      wake(
        store,
        {
          desk: { show: ({ id }) => void shown.push(id) },
          gate: { show: () => undefined, heed: () => undefined },
          pins: { show: () => undefined },
          policies: { show: () => undefined },
          windows: { hear: () => undefined },
          allowancesChanged: () => undefined,
        },
        log,
      ),
    )
    const record = sampleRecord()
    const approval = sampleOpen(record)
    await store.commit({ facts: [decided(record), asked(approval)] })
    await expect.poll(() => shown).toEqual([approval.id])
  })
})
