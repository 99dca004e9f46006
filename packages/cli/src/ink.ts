/**
 * How words look in a terminal: agents' text made visible, and colour where someone looks.
 *
 * @module
 */
import { styleText } from 'node:util'
import { visible, visibleText } from '@countersign/core/visible'

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Ink = Readonly<Record<Colour, (text: string) => string>>

/** https://no-color.org: any value but an empty one says no, whatever the terminal can. */
export const takesColour = (
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean => stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'

export function inkOf({ colour = false }: { readonly colour?: boolean | undefined }): Ink {
  const paint = (name: Colour) => (text: string) => (colour ? styleText(name, text, { validateStream: false }) : text)
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  }
}

/**
 * What agents, gateways or upstreams wrote, in one line: it cannot move the cursor, hide or forge a line, turn the words
 * around. Every such text that a command prints goes through here.
 */
export const plain = (text: string): string => visibleText(text)

/**
 * What the terminal is handed in the end, whoever wrote it: line ends, tabs and our own colours pass, and whatever else
 * could steer a terminal is shown by its number.
 */
export function safely(text: string): string {
  return text
    .split(ownCodes)
    .map((part, at) => (at % 2 === 1 ? part : block(part)))
    .join('')
}

/** What this tool itself writes: colours, and going back to the start of a line of progress. */
// oxlint-disable-next-line no-control-regex
const ownCodes = /(\u001b\[(?:1|2|22|31|32|33|36|39)m|\u001b\[K|\r)/

const block = (text: string) =>
  visible(text, 'block')
    .map((piece) => ('text' in piece ? piece.text : `[${piece.code}]`))
    .join('')

/** JSON that is the same to a program, and that no terminal obeys. */
export const printable = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  )

const escaped = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`
