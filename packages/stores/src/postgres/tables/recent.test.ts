import type { Entry } from '@countersign/schema'
import { expect, it } from 'vitest'
import { createRecent } from './recent.ts'

const written = (index: number, sizeBytes = 1) => ({ entry: { index } as Entry, sizeBytes })
const indexes = (entries: readonly Entry[]) => entries.map(({ index }) => index)

it('hands out what follows without a gap, in order, whichever came first', () => {
  const recent = createRecent()
  recent.remember([written(7), written(8)])
  recent.remember([written(5), written(6), written(10)])
  expect(indexes(recent.from(5, 200))).toEqual([5, 6, 7, 8])
  expect(indexes(recent.from(6, 2))).toEqual([6, 7])
  expect(recent.from(9, 200)).toEqual([])
  expect(recent.at(10)?.index).toBe(10)
})

it('keeps nothing after its moment, so that what another instance erases is soon handed out by nobody (P12)', () => {
  let now = 0
  const recent = createRecent(() => now)
  recent.remember([written(1)])
  now += 5_000
  expect(recent.at(1)?.index).toBe(1)
  now += 1
  expect([recent.at(1), recent.from(1, 10)]).toEqual([undefined, []])
})

it('lets go of what has had its moment, though nobody writes or asks again', () => {
  let now = 0
  const due: { readonly work: () => void; readonly at: number }[] = []
  const recent = createRecent(
    () => now,
    (work, ms) => void due.push({ work, at: now + ms }),
  )
  recent.remember([written(1), written(2)])
  now = 3_000
  recent.remember([written(3)])
  expect(due.map(({ at }) => at)).toEqual([5_001])
  now = 5_001
  due.shift()?.work()
  expect([recent.kept(), due.map(({ at }) => at)]).toEqual([1, [8_001]])
  now = 8_001
  due.shift()?.work()
  expect([recent.kept(), due]).toEqual([0, []])
})

it('keeps nothing once something was erased here (P12)', () => {
  const recent = createRecent()
  recent.remember([written(1)])
  recent.forget()
  expect(recent.at(1)).toBeUndefined()
})

it.each([
  ['entries', Array.from({ length: 4_100 }, (_, index) => written(index)), 100],
  ['bytes', Array.from({ length: 20 }, (_, index) => written(index, 1 << 20)), 4],
])('has room for so many %s, and lets the oldest go', (_, many, first) => {
  const recent = createRecent()
  recent.remember(many)
  expect(recent.at(first - 1)).toBeUndefined()
  expect(indexes(recent.from(first, 5_000))).toEqual(indexes(many.slice(first).map(({ entry }) => entry)))
})
