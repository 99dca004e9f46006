import { describe, expect, it } from 'vitest'
import { counted, either, outcomeWords, riskWord, sizeWords } from './words.ts'

describe('words', () => {
  it('tells an outcome in one line', () => {
    const startedAt = '2026-03-01T08:00:00.000Z'
    expect(outcomeWords({ kind: 'done', summary: 's', rows: 48_211, bytes: 9, durationMs: 3_120, startedAt })).toBe(
      'ran, 48,211 rows, 3.1 s',
    )
    expect(outcomeWords({ kind: 'running', summary: 's', startedAt })).toBe('running')
    expect(outcomeWords({ kind: 'done', summary: 's', bytes: 2_500_000, startedAt })).toBe('ran, 2.5 MB')
  })

  it.each([
    [0, 'low'],
    [29, 'low'],
    [30, 'raised'],
    [50, 'high'],
    [79, 'high'],
    [80, 'critical'],
    [100, 'critical'],
  ] as const)('risk %i is %s', (score, word) => {
    expect(riskWord(score)).toBe(word)
  })

  it('counts and lists', () => {
    expect(counted(1, 'person', 'people')).toBe('1 person')
    expect(counted(1_000, 'entry', 'entries')).toBe('1,000 entries')
    expect(either(['a', 'b', 'c'])).toBe('a, b or c')
    expect(sizeWords(999)).toBe('999 bytes')
    expect(sizeWords(48_211)).toBe('48 kB')
  })
})
