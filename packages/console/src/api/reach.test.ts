import { expect, it } from 'vitest'
import { createReach } from './reach.ts'

it('remembers since when Countersign is lost, not when that was last noticed', () => {
  const clock = { at: 1_000 }
  const told: (number | undefined)[] = []
  const reach = createReach(() => clock.at)
  const stop = reach.onChange(() => told.push(reach.lostAt()))
  reach.lost()
  clock.at = 5_000
  reach.lost()
  expect(reach.lostAt()).toBe(1_000)
  reach.found()
  reach.found()
  clock.at = 9_000
  reach.lost()
  stop()
  reach.found()
  expect(told).toEqual([1_000, undefined, 9_000])
})

it('is not found again by the answer to a question from before', () => {
  const reach = createReach(() => 1_000)
  const answered = reach.asked()
  reach.lost()
  answered()
  expect(reach.lostAt()).toBe(1_000)
  reach.asked()()
  expect(reach.lostAt()).toBeUndefined()
})
