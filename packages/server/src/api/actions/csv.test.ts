import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvRow } from './csv.ts'

describe('a row for a spreadsheet', () => {
  it.each([
    ['a text', ['plain'], '"plain"'],
    ['a comma, a quote and a line break', ['a,b', 'say "no"', 'one\r\ntwo'], '"a,b","say ""no""","one\r\ntwo"'],
    ['a number, a yes and nothing', [-7, true, undefined, ''], '-7,true,,""'],
    ['a formula', ['=HYPERLINK("http://evil")'], `"'=HYPERLINK(""http://evil"")"`],
    ['what begins with +, - or @', ['+1', '-1', '@a'], `"'+1","'-1","'@a"`],
    ['a formula behind blanks', [' \t=1', '\n=1', '＝1'], `"' \t=1","'\n=1","'＝1"`],
    ['an equals sign inside', ['a=b'], '"a=b"'],
  ])('holds %s', (_, cells, expected) => {
    expect(csvRow(cells)).toBe(`${expected}\r\n`)
  })

  it('gives back every text that it was given, and none of them is a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const read = cellsOf(csvRow(texts))
        expect(read.map((cell, at) => (cell === texts[at] ? cell : cell.slice(1)))).toEqual(texts)
        expect(read.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([])
      }),
    )
  })
})

/** Reads one row in which every cell is quoted. */
const cellsOf = (row: string): string[] =>
  [...row.slice(0, -2).matchAll(/"((?:[^"]|"")*)"(?:,|$)/gu)].map(([, cell = '']) => cell.replaceAll('""', '"'))
