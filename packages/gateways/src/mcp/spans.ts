/**
 * Where the parts of a JSON text lie, so that what is passed on can be passed on as it was written: numbers of any size,
 * the order of members, and what nobody here knows.
 *
 * Every function takes text that `JSON.parse` has accepted, and reads it once, in linear time.
 *
 * @module
 */

/** The members of the object that `text` is, each as it was written, by name. Undefined if it is none, or has a name twice. */
export function membersOf(text: string): ReadonlyMap<string, string> | undefined {
  const members = new Map<string, string>()
  let at = afterBlanks(text, 0)
  if (text[at] !== '{') return undefined
  at = afterBlanks(text, at + 1)
  while (text[at] !== '}') {
    const nameEnd = afterString(text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    const from = afterBlanks(text, afterBlanks(text, nameEnd) + 1)
    const to = afterValue(text, from)
    if (members.has(name)) return undefined
    members.set(name, text.slice(from, to))
    at = afterComma(text, to)
  }
  return members
}

/** The items of the list that `text` is, each as it was written. Undefined if it is none. */
export function itemsOf(text: string): readonly string[] | undefined {
  const items: string[] = []
  let at = afterBlanks(text, 0)
  if (text[at] !== '[') return undefined
  at = afterBlanks(text, at + 1)
  while (text[at] !== ']') {
    const to = afterValue(text, at)
    items.push(text.slice(at, to))
    at = afterComma(text, to)
  }
  return items
}

/** In one line, which an event or a line of stdio has to be: blanks between tokens are all that JSON has of line ends. */
export const inOneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ')

/**
 * The same text with every number replaced that `replace` has something for; what stands in strings is left alone.
 */
export function withNumbers(text: string, replace: (literal: string) => string | undefined): string {
  let result = ''
  let kept = 0
  for (let at = nextOf(textOrNumber, text, 0); at < text.length; at = nextOf(textOrNumber, text, at)) {
    if (text[at] === '"') {
      at = afterString(text, at)
      continue
    }
    const end = nextOf(noNumber, text, at)
    const other = replace(text.slice(at, end))
    if (other !== undefined) {
      result += text.slice(kept, at) + other
      kept = end
    }
    at = end
  }
  return result + text.slice(kept)
}

function afterValue(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return afterString(text, from)
  if (first !== '{' && first !== '[') return nextOf(endOfWord, text, from)
  let depth = 1
  let at = from + 1
  while (depth > 0) {
    at = nextOf(bracketOrText, text, at)
    const found = text[at]
    if (found === '"') at = afterString(text, at)
    else {
      depth += found === '{' || found === '[' ? 1 : -1
      at += 1
    }
    if (at >= text.length && depth > 0) throw new SyntaxError('not JSON')
  }
  return at
}

function afterString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let escapes = quote
    while (text[escapes - 1] === '\\') escapes -= 1
    if ((quote - escapes) % 2 === 0) return quote + 1
  }
  throw new SyntaxError('not JSON')
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (blanks.has(text.charCodeAt(at))) at += 1
  return at
}

function afterComma(text: string, at: number): number {
  const next = afterBlanks(text, at)
  return text[next] === ',' ? afterBlanks(text, next + 1) : next
}

const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const textOrNumber = /["\d-]/g
const noNumber = /[^\d.eE+-]/g
const endOfWord = /[\s,\]}]/g
const bracketOrText = /["{}[\]]/g

function nextOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}
