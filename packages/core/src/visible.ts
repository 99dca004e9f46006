/**
 * Text that agents and people wrote, made safe to read in a browser or a terminal: what has no shape of its own, or
 * changes the shape of what stands beside it, is shown by its number. Nothing is ever left out. Imports no `node:`.
 *
 * @module
 */
export type Piece = { readonly text: string } | { readonly code: string; readonly says: string }

/** `block` keeps line ends and tabs, as code and long texts have them. */
export type Setting = 'line' | 'block'

/** Marks shown on one letter; more climb over the lines around it (https://www.unicode.org/reports/tr36/). */
const mostMarks = 2

// oxlint-disable-next-line no-control-regex
const plain = /^[ -~]*$/
const emoji = /\p{Extended_Pictographic}/u
const mark = /\p{M}/u
const shapeless = /[\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]|[^\P{Zs} ]/u

const names: Readonly<Record<number, string>> = {
  0x00: 'null',
  0x09: 'tab',
  0x0a: 'line end',
  0x0d: 'carriage return',
  0x1b: 'escape',
  0x7f: 'delete',
  0xa0: 'no-break space',
  0xad: 'soft hyphen',
  0x200b: 'zero-width space',
  0x200c: 'zero-width non-joiner',
  0x200d: 'zero-width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'end of direction',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x2060: 'word joiner',
  0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate',
  0x2068: 'first-strong isolate',
  0x2069: 'end of isolate',
  0xfeff: 'byte order mark',
}

export function visible(text: string, setting: Setting = 'line'): Piece[] {
  if (plain.test(text)) return text === '' ? [] : [{ text }]
  const pieces: Piece[] = []
  let run = ''
  let marks = 0
  let before = ''
  for (const character of text) {
    marks = mark.test(character) ? marks + 1 : 0
    if (isShown(character, before, marks, setting)) run += character
    else {
      if (run !== '') pieces.push({ text: run })
      run = ''
      pieces.push(coded(character))
    }
    before = character
  }
  if (run !== '') pieces.push({ text: run })
  return pieces
}

/** The same as one string, for titles and labels. */
export const visibleText = (text: string): string =>
  visible(text)
    .map((piece) => ('text' in piece ? piece.text : `[${piece.code}]`))
    .join('')

function isShown(character: string, before: string, marks: number, setting: Setting): boolean {
  if (setting === 'block' && (character === '\n' || character === '\t')) return true
  // The selector that colours an emoji. Anywhere else, selectors can carry hidden bytes.
  if (character === '\ufe0f') return emoji.test(before)
  if (isSelector(character)) return false
  return marks <= mostMarks && !shapeless.test(character)
}

function isSelector(character: string): boolean {
  const point = character.codePointAt(0) ?? 0
  return (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef)
}

function coded(character: string): Piece {
  const point = character.codePointAt(0) ?? 0
  const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
  return { code, says: names[point] ?? (mark.test(character) ? 'combining mark' : 'a character without a shape') }
}
