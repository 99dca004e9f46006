import { describe, expect, it } from 'vitest'
import type { SealedAction } from '../action/seal.ts'
import { createWeights, weightOf } from './weights.ts'

const of = (parameters: unknown) => ({ action: { parameters } }) as SealedAction

describe('B6: what the actions of one credential weigh', () => {
  it.each<[string, unknown, number]>([
    ['a number', 1, 48],
    ['nothing', null, 48],
    ['a text', 'abc', 51],
    ['a list of lists', [[], []], 144],
    ['an object', { ab: 'c', d: true }, 148],
  ])('%s', (_, value, weight) => {
    expect(weightOf(value)).toBe(weight)
  })

  it('is bounded, whatever it is made of; another’s is not counted, and what has gone is free again', () => {
    const weigh = createWeights()
    const heavy = of(Array.from({ length: 300_000 }, () => []))
    const leaves = Array.from({ length: 9 }, () => weigh('key_1', heavy))
    expect(() => weigh('key_1', heavy)).toThrow(expect.objectContaining({ code: 'ERR_TOO_MANY' }))
    expect(() => weigh('key_1', of('x'.repeat(1_000)))).not.toThrow()
    expect(() => weigh('key_2', heavy)).not.toThrow()
    leaves[0]?.()
    leaves[0]?.()
    expect(() => weigh('key_1', heavy)).not.toThrow()
    expect(() => weigh('key_1', heavy)).toThrow()
  })
})
