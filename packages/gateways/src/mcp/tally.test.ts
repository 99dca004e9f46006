import { expect, it } from 'vitest'
import { createTally } from './tally.ts'

it('B6: counts what each holds open, and gives back once', () => {
  const tally = createTally(2)
  const [first] = [tally.enter('a'), tally.enter('a')]
  expect(tally.enter('a')).toBeUndefined()
  expect(tally.enter('b')).toBeDefined()
  first?.()
  first?.()
  expect(tally.enter('a')).toBeDefined()
  expect(tally.enter('a')).toBeUndefined()
})
