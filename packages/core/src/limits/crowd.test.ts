import { expect, it } from 'vitest'
import { createCrowd } from './crowd.ts'

it('B6: counts what each holds open, and gives back once', () => {
  const crowd = createCrowd(2)
  const [first] = [crowd.enter('a'), crowd.enter('a')]
  expect(crowd.enter('a')).toBeUndefined()
  expect(crowd.enter('b')).toBeDefined()
  first?.()
  first?.()
  expect(crowd.enter('a')).toBeDefined()
  expect(crowd.enter('a')).toBeUndefined()
})
