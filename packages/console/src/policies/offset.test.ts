import { expect, it } from 'vitest'
import { offsetOf } from './offset.ts'

it.each([
  [1, 1, 0],
  [2, 3, 6],
  [3, 1, 8],
  [9, 9, 9],
])('line %i, column %i is at %i', (line, column, offset) => {
  expect(offsetOf('abc\ndef\ng', line, column)).toBe(offset)
})
