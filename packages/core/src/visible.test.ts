import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visible, visibleText } from './visible.ts'

describe('text of agents is shown as text (P9)', () => {
  it.each<[string, string, string]>([
    ['plain text as it is', 'Export 48,211 rows', 'Export 48,211 rows'],
    ['letters of every script', 'Größe, Ελλάδα, 日本語, العربية', 'Größe, Ελλάδα, 日本語, العربية'],
    ['markup as characters', '<b>Approved</b>', '<b>Approved</b>'],
    ['a direction override', 'invoice\u202Efdp.exe', 'invoice[U+202E]fdp.exe'],
    ['isolates', '\u2066a\u2069', '[U+2066]a[U+2069]'],
    ['zero-width characters', 'ad\u200Bmin\uFEFF', 'ad[U+200B]min[U+FEFF]'],
    ['a terminal escape', '\u001b[2J', '[U+001B][2J'],
    ['a line end inside a line', 'one\ntwo\r', 'one[U+000A]two[U+000D]'],
    ['spaces that are none', 'a\u00a0b\u3000c', 'a[U+00A0]b[U+3000]c'],
    ['fillers that look like nothing', 'a\u3164b\u2800', 'a[U+3164]b[U+2800]'],
    ['tags that carry hidden words', 'hi\u{E0041}\u{E007F}', 'hi[U+E0041][U+E007F]'],
    ['selectors that carry hidden bytes', 'a\uFE01\u{E0100}', 'a[U+FE01][U+E0100]'],
    ['an emoji with its colour', '⚠️ ok', '⚠️ ok'],
    ['marks that would climb over other lines', 'e\u0301\u0301\u0301\u0301', 'e\u0301\u0301[U+0301][U+0301]'],
    ['half a character', 'a\ud800', 'a[U+D800]'],
    ['private use', '\ue000', '[U+E000]'],
  ])('%s', (_, text, expected) => {
    expect(visibleText(text)).toBe(expected)
  })

  it('keeps line ends and tabs in a block, and names what it marks', () => {
    expect(visible('a\n\tb', 'block')).toEqual([{ text: 'a\n\tb' }])
    expect(visible('\u202e')).toEqual([{ code: 'U+202E', says: 'right-to-left override' }])
  })

  it('never leaves anything out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const back = visible(text, 'block')
          .map((piece) =>
            'text' in piece ? piece.text : String.fromCodePoint(Number.parseInt(piece.code.slice(2), 16)),
          )
          .join('')
        return back === text
      }),
    )
  })

  it('shows no control, format or direction character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => !/[\p{C}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(visibleText(text)),
      ),
    )
  })
})
