import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import type { Db } from '../db.ts'
import { createTail, type Tail } from './tail.ts'

const forGood = new AbortController().signal
let tail: Tail
afterEach(() => tail.close())

/** A database that other instances write to; `tell` is a notification of theirs. */
function open() {
  const there = { size: 0, looks: 0, at: 0, tell: (_told?: string) => {} }
  const db = {
    async query() {
      there.looks += 1
      return [{ size: there.size }]
    },
    listen(_channel: string, wake: (told?: string) => void) {
      there.tell = wake
      return { close: async () => undefined }
    },
  } as unknown as Db
  tail = createTail({ db, tenant: 'default', elapsedMs: () => there.at })
  return there
}

it('finds by looking what no notification told of, also after a time in which nobody waited', async () => {
  const there = open()
  tail.grown(1)
  const first = tail.reaches(1, forGood)
  await pause(5) // the look that every tail begins with
  tail.grown(2)
  await first
  await pause(600) // whoever would have looked found nobody waiting
  const second = tail.reaches(2, forGood)
  there.size = 3
  await second
})

it('asks nothing because of what it has written itself, and at once because of what others have', async () => {
  const there = open()
  tail.grown(5)
  const waiting = tail.reaches(5, forGood)
  await pause(5)
  const before = there.looks
  there.tell('5')
  expect(there.looks).toBe(before)
  there.size = 6
  there.tell('6')
  expect(there.looks).toBe(before + 1)
  await waiting
})

it('knows where the ledger ends by what was written or seen within a second, until somebody tells of more', async () => {
  const there = open()
  expect(tail.endsAt(0)).toBe(false) // nobody has looked
  tail.grown(5)
  expect([tail.endsAt(4), tail.endsAt(5)]).toEqual([false, true])
  there.at = 1_001
  expect(tail.endsAt(5)).toBe(false)

  there.size = 6
  const waiting = tail.reaches(5, forGood)
  await waiting
  expect([tail.endsAt(5), tail.endsAt(6)]).toEqual([false, true])
  there.tell('8')
  expect([tail.endsAt(6), tail.endsAt(8)]).toEqual([false, true])
  there.tell('not a number')
  expect(tail.endsAt(8)).toBe(false)
  there.size = 9
  await tail.reaches(8, forGood)
  expect(tail.endsAt(9)).toBe(true)
})
