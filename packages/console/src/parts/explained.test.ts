import { expect, it } from 'vitest'
import { answerOf } from './explained.tsx'

it.each([
  ['allow', 'allow', 'allowed'],
  ['deny', 'allow', 'asks people'],
  ['deny', 'deny', 'denied'],
  ['error', 'allow', 'denied'],
] as const)('P8: %s with the sign-offs and %s without them reads %s', (auto, approvable, word) => {
  expect(answerOf(auto, approvable).word).toBe(word)
})
