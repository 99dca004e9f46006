import type { ActionRecord } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keywordsOf, purposeKeywords } from './keywords.ts'

describe('the words of a purpose (P13)', () => {
  it.each<[string, string[]]>([
    ['Month END: close', ['month', 'end', 'close']],
    ['FIN-1234', ['fin', '1234']],
    ['billing, billing; BILLING', ['billing']],
    ['caf\u0065\u0301 and caf\u00e9', ['café', 'and']],
    ['ﬁnance ＡＢＣ', ['finance', 'abc']],
    ['https://tracker.example/OPS-7?q=a', ['https', 'tracker', 'example', 'ops', '7', 'q', 'a']],
    ['請求データ', ['請求データ']],
    [' … — ', []],
  ])('in %j are %j', (text, words) => {
    expect(purposeKeywords(text)).toEqual(words.map((word) => `purpose:${word}`))
  })

  it('are found again by themselves, and are not many, however much an agent writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const keywords = purposeKeywords(text)
        for (const keyword of keywords) {
          expect(purposeKeywords(keyword.slice('purpose:'.length))).toEqual([keyword])
        }
        expect(purposeKeywords(text.toUpperCase().toLowerCase())).toEqual(
          purposeKeywords(text.toUpperCase().toLowerCase().toLowerCase()),
        )
      }),
    )
    const long = Array.from({ length: 900 }, (_, place) => `w${place}`).join(' ')
    expect(purposeKeywords(long)).toHaveLength(200)
    expect(purposeKeywords('x'.repeat(2_000))).toEqual([`purpose:${'x'.repeat(64)}`])
  })

  it('stand beside the classes and the digest of the action', () => {
    const record = {
      purpose: { text: 'Close the month', workItem: 'FIN-9', link: 'https://t.example/9' },
      dataUse: { classes: ['financial', 'personal'] },
      digest: 'd'.repeat(64),
    } as unknown as ActionRecord
    expect(keywordsOf(record)).toEqual([
      ...['close', 'the', 'month', 'fin', '9', 'https', 't', 'example'].map((word) => `purpose:${word}`),
      'class:financial',
      'class:personal',
      `digest:${'d'.repeat(64)}`,
    ])
    const { purpose: _, ...silent } = record
    expect(keywordsOf(silent)).toHaveLength(3)
  })
})
