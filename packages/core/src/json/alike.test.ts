import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alike, folded } from './alike.ts'

describe('A1: names that some reader takes for one', () => {
  it.each<[string, string, string]>([
    ['case', 'rows', 'ROWS'],
    ['a long s (Go)', 'rows', 'row\u017F'],
    ['the Kelvin sign (Go)', 'key', '\u212Aey'],
    ['the Angstrom sign', '\u00E5', '\u212B'],
    ['a dotless i (Java)', 'limit', 'l\u0131mit'],
    ['a dotted capital I', 'limit', 'L\u0130MIT'],
    ['a sharp s', 'strasse', 'stra\u00DFe'],
    ['a capital sharp s', 'stra\u00DFe', 'STRA\u1E9EE'],
    ['a final sigma', '\u03C3\u03B1\u03C3', '\u03A3\u0391\u03C2'],
    ['the micro sign', '\u00B5', '\u03BC'],
    ['composed and decomposed', 'caf\u00E9', 'cafe\u0301'],
    ['a ligature', 'file', '\uFB01le'],
    ['full width', 'rows', '\uFF52\uFF4F\uFF57\uFF53'],
    ['NUL at the end', 'rows', 'rows\0'],
    ['NUL inside', 'rows', 'rows\0.csv'],
    ['a control character', 'rows', 'ro\u0007ws'],
    ['a zero-width space', 'rows', 'ro\u200Bws'],
    ['a soft hyphen', 'rows', 'ro\u00ADws'],
    ['a variation selector', 'rows', 'rows\uFE0F'],
    ['a mark that turns the direction', 'rows', '\u202Erows'],
    ['space around it', 'rows', ' rows\t'],
    ['Cherokee', '\u13A0', '\uAB70'],
    ['Georgian', '\u10D0', '\u1C90'],
    ['Deseret, beyond the first plane', '\u{10400}', '\u{10428}'],
  ])('%s', (_, one, other) => {
    expect(alike(['a', one, other])).toEqual([one, other])
  })

  it.each<[string, string[]]>([
    ['other words', ['row', 'rows', 'r']],
    ['a line below', ['user_id', 'userid', 'user-id', 'user.id']],
    ['accents', ['resume', 'r\u00E9sum\u00E9']],
    ['vowels of Hindi', ['\u0915', '\u0915\u093F', '\u0915\u0940']],
    ['nothing', []],
  ])('not %s', (_, names) => {
    expect(alike(names)).toBeUndefined()
  })

  it('every letter is one with each form of it that a reader could make', () => {
    const apart: string[] = []
    for (let code = 0; code < 0x1_f0_00; code += 1) {
      if (code === 0x34_00) code = 0xa0_00 // ideographs have no case
      if (code === 0xac_00) code = 0xe0_00
      const letter = String.fromCodePoint(code)
      const forms = [letter.toLowerCase(), letter.toUpperCase(), ...forms4(letter)].filter((form) => form !== letter)
      if (forms.some((form) => folded(form) !== folded(letter))) apart.push(code.toString(16))
    }
    expect(apart).toEqual([])
  })

  it('what folds to one folds to it for good, whatever stands around', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(folded(folded(name))).toBe(folded(name))
        for (const form of forms4(name)) expect(folded(form)).toBe(folded(name))
        expect(folded(name.toUpperCase())).toBe(folded(name))
        expect(folded(name.toLowerCase())).toBe(folded(name))
      }),
    )
  })
})

const forms4 = (text: string) => (['NFC', 'NFD', 'NFKC', 'NFKD'] as const).map((form) => text.normalize(form))
