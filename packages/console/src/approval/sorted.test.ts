import type { ApprovalSummary } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { sorted, step } from './sorted.ts'

const question = (id: string, over: Partial<ApprovalSummary>): ApprovalSummary =>
  ({ id, state: 'open', mine: false, expiresAt: '2026-03-01T08:00:00.000Z', ...over }) as ApprovalSummary

describe('the inbox', () => {
  it('puts first what waits for you, then what runs out first', () => {
    const list = [
      question('late', { expiresAt: '2026-03-01T09:00:00.000Z' }),
      question('soon', {}),
      question('mine-late', { mine: true, expiresAt: '2026-03-01T10:00:00.000Z' }),
      question('mine', { mine: true }),
      question('done', { state: 'rejected' }),
    ]
    expect(sorted(list, 'open').map(({ id }) => id)).toEqual(['mine', 'mine-late', 'soon', 'late'])
    expect(sorted(list, 'settled').map(({ id }) => id)).toEqual(['done'])
  })

  it.each<[string | undefined, 1 | -1, string | undefined]>([
    [undefined, 1, 'a'],
    [undefined, -1, 'c'],
    ['a', 1, 'b'],
    ['c', 1, 'c'],
    ['a', -1, 'a'],
    ['gone', 1, 'a'],
  ])('a step from %s by %i leads to %s', (at, by, to) => {
    expect(step(['a', 'b', 'c'], at, by)).toBe(to)
  })
})
