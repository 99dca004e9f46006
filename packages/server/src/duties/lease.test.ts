import { CountersignError, type Store } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { holdNodeLease } from './lease.ts'
import { openAll } from '../opened.ts'

/** A store whose lease table does what it is told, and a clock that is moved. */
function table() {
  const told = {
    answer: 1 as number | undefined | 'unreachable' | 'never',
    asked: 0,
    released: 0,
    elapsedMs: 0,
    lines: [] as unknown[],
  }
  const leases: Store['leases'] = {
    async hold() {
      told.asked += 1
      if (told.answer === 'unreachable') throw new CountersignError('ERR_STORE_UNAVAILABLE')
      if (told.answer === 'never') return new Promise(() => undefined)
      return told.answer
    },
    async release() {
      told.released += 1
    },
    list: async () => [],
  }
  const parts = {
    store: { leases },
    version: '1',
    log: (line: unknown) => void told.lines.push(line),
    forMs: 10_000,
    renewEveryMs: 1,
    elapsedMs: () => told.elapsedMs,
  }
  return { told, parts }
}

describe('the lease of an instance (P14)', () => {
  const opened = openAll()
  afterEach(() => opened.close())

  const renewed = async (told: { asked: number }) => {
    const before = told.asked
    await expect.poll(() => told.asked).toBeGreaterThan(before + 1)
  }

  it('carries the epoch that the store gave, and the next one after it was lost', async () => {
    const { told, parts } = table()
    const lease = await opened.add(holdNodeLease(parts))
    expect(lease.epoch()).toBe(1)
    told.answer = 2
    await renewed(told)
    expect(lease.epoch()).toBe(2)
  })

  it('ends by itself when the store cannot be reached, and comes back with it', async () => {
    const { told, parts } = table()
    const lease = await opened.add(holdNodeLease(parts))
    told.answer = 'unreachable'
    await renewed(told)
    told.elapsedMs += 9_999
    expect(lease.epoch()).toBe(1)
    told.elapsedMs += 1
    expect(lease.epoch()).toBeUndefined()
    expect(told.lines.length).toBeGreaterThan(0)
    told.answer = 7
    await renewed(told)
    expect(lease.epoch()).toBe(7)
  })

  it('ends by itself when the store hangs', async () => {
    const { told, parts } = table()
    const lease = await opened.add(holdNodeLease(parts))
    told.answer = 'unreachable'
    told.elapsedMs += 10_000
    expect(lease.epoch()).toBeUndefined()
  })

  it('is counted from before the question: a slow answer makes it shorter, never longer', async () => {
    const { told, parts } = table()
    const slow: Store['leases'] = {
      ...parts.store.leases,
      async hold(...how) {
        const answer = await parts.store.leases.hold(...how)
        told.elapsedMs += 10_000
        return answer
      },
    }
    const lease = await opened.add(holdNodeLease({ ...parts, store: { leases: slow }, renewEveryMs: 60_000 }))
    expect(lease.epoch()).toBeUndefined()
  })

  it('is not there while another has it, nor when it could not be taken', async () => {
    const { told, parts } = table()
    told.answer = undefined
    expect((await opened.add(holdNodeLease(parts))).epoch()).toBeUndefined()
    told.answer = 'unreachable'
    expect((await opened.add(holdNodeLease(parts))).epoch()).toBeUndefined()
  })

  it('is given back at the end, and not taken again', async () => {
    const { told, parts } = table()
    const lease = await holdNodeLease(parts)
    await lease.close()
    const { asked } = told
    expect(lease.epoch()).toBeUndefined()
    expect(told.released).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(told.asked).toBe(asked)
  })
})
