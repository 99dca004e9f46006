import { bySystem, type Fact } from '@countersign/schema'
import { describe, expect, it, vi } from 'vitest'
import { CountersignError } from '../errors.ts'
import type { LogLine } from '../ports.ts'
import { createAllowance } from './allowance.ts'
import { createFloods } from './floods.ts'
import { sampled } from './sampled.ts'

describe('B4: an allowance', () => {
  it('lets each have so many within a time, and then again', () => {
    let now = 0
    const allowance = createAllowance({ most: 2, withinMs: 100, now: () => now })
    expect([allowance.take('a'), allowance.take('a'), allowance.take('a')]).toEqual([true, true, false])
    expect([allowance.isSpent('a'), allowance.isSpent('b'), allowance.take('b')]).toEqual([true, false, true])
    now = 100
    expect([allowance.isSpent('a'), allowance.take('a')]).toEqual([false, true])
    now = 50 // set back
    expect(allowance.isSpent('a')).toBe(false)
  })

  it('keeps so many in mind, and forgets the one longest unheard of', () => {
    const allowance = createAllowance({ most: 1, withinMs: 100, now: () => 0, mostKnown: 2 })
    for (const who of ['a', 'b', 'a', 'c']) allowance.take(who)
    expect(['a', 'b', 'c'].map((who) => allowance.isSpent(who))).toEqual([true, false, true])
  })
})

describe('B4: a flood', () => {
  const open = (refuse = false) => {
    const written: Fact[] = []
    const floods = createFloods<string, string>({
      store: {
        clock: { now: () => 7 },
        async commit({ facts }) {
          if (refuse) throw new CountersignError('ERR_STORE_UNAVAILABLE')
          return written.push(...facts)
        },
      },
      most: 2,
      withinMs: 1_000,
      sumEveryMs: 1,
      alone: (what) => ({ kind: 'record.read', by: bySystem, what, query: '' }),
      brief: (what) => what,
      summed: (all) => ({ kind: 'record.read', by: bySystem, what: 'sum', query: all.join(' ') }),
    })
    return { written, floods }
  }

  it('misses none: the first by themselves, the others in sums, each before it is answered', async () => {
    const { written, floods } = open()
    const all = Array.from({ length: 50 }, (_, n) => `n${n}`)
    const how = await Promise.all(all.map((each) => floods.record('a', each)))
    expect(how.filter((each) => each === 'alone')).toHaveLength(2)
    const told = written.flatMap((fact) => (fact.kind === 'record.read' ? [fact] : []))
    expect(told.map(({ what }) => what)).toEqual(['n0', 'n1', 'sum'])
    expect([told[0]?.what, told[1]?.what, ...(told[2]?.query.split(' ') ?? [])]).toEqual(all)
    expect(await floods.record('b', 'x')).toBe('alone')
    expect(await floods.record('a', 'last')).toBe('summed')
    expect(written.at(-1)).toMatchObject({ query: 'last' })
  })

  it('that cannot be written is nobody’s answer', async () => {
    const { floods } = open(true)
    const all = await Promise.allSettled(['a', 'b', 'c', 'd'].map((each) => floods.record('x', each)))
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
  })
})

it('B4: a log is sampled: twenty of a kind in ten seconds, and how many more there were', () => {
  vi.useFakeTimers()
  try {
    let now = 0
    const lines: LogLine[] = []
    const log = sampled((line) => void lines.push(line), { now: () => now })
    for (let n = 0; n < 500; n++) log({ level: 'warn', says: 'not served', code: 'ERR_AGENT_UNKNOWN', request: n })
    log({ level: 'warn', says: 'not served', code: 'ERR_INPUT_INVALID' })
    expect(lines).toHaveLength(21)
    vi.advanceTimersByTime(10_000)
    expect(lines.at(-1)).toMatchObject({ says: 'not served', code: 'ERR_AGENT_UNKNOWN', timesMore: 480 })
    now = 10_000
    log({ level: 'warn', says: 'not served', code: 'ERR_AGENT_UNKNOWN' })
    expect(lines).toHaveLength(23)
    expect(lines.at(-1)).not.toHaveProperty('timesMore')
  } finally {
    vi.useRealTimers()
  }
})
