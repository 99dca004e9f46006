import { describe, expect, it } from 'vitest'
import { duration, moment, pressing, relative, timeLeft, timeLeftAloud } from './time.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

describe('time in words', () => {
  it.each([
    [-5, '0:00'],
    [999, '0:00'],
    [7 * second, '0:07'],
    [4 * minute + 7 * second + 900, '4:07'],
    [9 * minute + 59 * second, '9:59'],
    [10 * minute, '10 min'],
    [hour - 1, '59 min'],
    [hour, '1 h'],
    [90 * minute, '1 h 30 min'],
    [2 * day + 5 * hour, '2 d 5 h'],
  ])('%i ms left reads %s', (ms, words) => {
    expect(timeLeft(ms)).toBe(words)
  })

  it.each([
    [0, 'no time left', 'over'],
    [30 * second, 'less than a minute left', 'soon'],
    [minute, '1 minute left', 'soon'],
    [30 * minute, '30 minutes left', 'later'],
    [90 * minute, '1 hour 30 minutes left', 'later'],
  ] as const)('%i ms left is said as %s', (ms, aloud, how) => {
    expect(timeLeftAloud(ms)).toBe(aloud)
    expect(pressing(ms)).toBe(how)
  })

  it.each([
    [0, 'just now'],
    [-42 * second, '42 s ago'],
    [-3 * minute, '3 min ago'],
    [-5 * hour, '5 h ago'],
    [2 * day, 'in 2 d'],
  ])('%i ms from now is %s', (apart, words) => {
    expect(relative(1e12 + apart, 1e12)).toBe(words)
  })

  it.each([
    [Date.UTC(2026, 10, 30, 14, 3, 22), '14:03:22 UTC'],
    [Date.UTC(2026, 10, 28, 9, 5), '28 Nov, 09:05 UTC'],
    [Date.UTC(2025, 11, 31, 23, 59), '31 Dec 2025, 23:59 UTC'],
  ])('G18: absolute times: %i is told as %s, beside how long ago it was', (at, words) => {
    expect(moment(at, Date.UTC(2026, 10, 30, 20), 'UTC')).toBe(words)
  })

  it('a moment is told in the zone of whoever looks, if they want that', () => {
    expect(moment(Date.UTC(2026, 5, 1, 12), Date.UTC(2026, 5, 1, 13), 'local')).not.toContain('Invalid')
  })

  it.each([
    [310, '310 ms'],
    [3_120, '3.1 s'],
    [125_000, '2 min 5 s'],
    [2 * hour, '2 h'],
  ])('%i ms took %s', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })
})
