/**
 * The one way in for JSON: strict where `JSON.parse` is lenient, so that what is judged cannot be read two ways. It goes
 * over the text once and stops at the first fault, so that no text costs more than its length.
 *
 * @module
 */
import type { Json } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import { type ExactJson, type Numeral, readNumeral } from './numeral.ts'

export interface Bounds {
  /** Default 1 MiB. */
  readonly bytes?: number
  /** Default 64. */
  readonly depth?: number
}

/**
 * Parses RFC 8259 JSON that means the same to every reader (I-JSON, https://www.rfc-editor.org/rfc/rfc7493): UTF-8,
 * no duplicate keys, no lone surrogates, no integers beyond 2^53, bounded in size and depth, no `__proto__`.
 *
 * @throws ERR_INPUT_INVALID, ERR_INPUT_TOO_LARGE
 */
export function parseJson(input: string | Uint8Array, bounds: Bounds = {}): Json {
  return parse(input, bounds, plainNumber) as Json
}

/**
 * The same, for what is passed on and not counted with: integers beyond 2^53 and decimals that a double cannot hold are
 * exact, as numerals. Numbers beyond 10^308 or of more than 400 characters are refused.
 *
 * @throws ERR_INPUT_INVALID, ERR_INPUT_TOO_LARGE
 */
export function parseExactJson(input: string | Uint8Array, bounds: Bounds = {}): ExactJson {
  return parse(input, bounds, exactNumber)
}

function parse(
  input: string | Uint8Array,
  { bytes = 1 << 20, depth = 64 }: Bounds,
  numberOf: Reading['numberOf'],
): ExactJson {
  if (input.length > bytes) throw new CountersignError('ERR_INPUT_TOO_LARGE', { bytes })
  const reading: Reading = { text: typeof input === 'string' ? input : decode(input), at: 0, left: depth, numberOf }
  skipSpace(reading)
  const value = readValue(reading)
  skipSpace(reading)
  if (reading.at < reading.text.length) throw notJson()
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(input: Uint8Array): string {
  try {
    return utf8.decode(input)
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { json: 'not UTF-8' }, { cause })
  }
}

interface Reading {
  readonly text: string
  /** The next character that nobody has read. */
  at: number
  /** How many more levels may open. */
  left: number
  /** @throws ERR_INPUT_INVALID */
  numberOf(literal: string): number | Numeral
}

function readValue(reading: Reading): ExactJson {
  switch (reading.text.charAt(reading.at)) {
    case '{':
      return within(reading, readObject)
    case '[':
      return within(reading, readList)
    case '"':
      return readText(reading)
    case 't':
      return readWord(reading, 'true', true)
    case 'f':
      return readWord(reading, 'false', false)
    case 'n':
      return readWord(reading, 'null', null)
    default:
      return readNumber(reading)
  }
}

function within(reading: Reading, read: (reading: Reading) => ExactJson): ExactJson {
  if (reading.left === 0) throw invalid('nested too deeply')
  reading.left -= 1
  reading.at += 1
  skipSpace(reading)
  const value = read(reading)
  reading.left += 1
  return value
}

function readObject(reading: Reading): ExactJson {
  const object: Record<string, ExactJson> = {}
  if (takes(reading, '}')) return object
  do {
    if (reading.text[reading.at] !== '"') throw notJson()
    const key = readText(reading)
    if (key === '__proto__') throw invalid('a key that is not allowed')
    if (Object.hasOwn(object, key)) throw invalid('the same key twice')
    skipSpace(reading)
    if (!takes(reading, ':')) throw notJson()
    object[key] = readValue(reading)
    skipSpace(reading)
  } while (takes(reading, ','))
  if (!takes(reading, '}')) throw notJson()
  return object
}

function readList(reading: Reading): ExactJson {
  const list: ExactJson[] = []
  if (takes(reading, ']')) return list
  do {
    list.push(readValue(reading))
    skipSpace(reading)
  } while (takes(reading, ','))
  if (!takes(reading, ']')) throw notJson()
  return list
}

const [quote, backslash, firstPrintable] = [0x22, 0x5c, 0x20]

function readText(reading: Reading): string {
  const { text, at: start } = reading
  let escaped = false
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      reading.at = at + 1
      return wellFormed(escaped ? unescape(text.slice(start, at + 1)) : text.slice(start + 1, at))
    }
    if (code < firstPrintable) throw notJson()
    if (code !== backslash) continue
    escaped = true
    at += 1 // whatever is escaped ends no text
  }
  throw notJson()
}

function unescape(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch (cause) {
    throw notJson(cause)
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw invalid('a lone surrogate')
  return text
}

function readWord<Value>(reading: Reading, word: string, value: Value): Value {
  if (!reading.text.startsWith(word, reading.at)) throw notJson()
  reading.at += word.length
  return value
}

const numeral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

function readNumber(reading: Reading): number | Numeral {
  numeral.lastIndex = reading.at
  const [literal] = numeral.exec(reading.text) ?? []
  if (literal === undefined) throw notJson()
  reading.at += literal.length
  return reading.numberOf(literal)
}

const oddNumber = 'a number that not every reader reads alike'

function plainNumber(literal: string): number {
  const value = Number(literal)
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) throw invalid(oddNumber)
  return value
}

function exactNumber(literal: string): number | Numeral {
  const value = readNumeral(literal)
  if (value === undefined) throw invalid(oddNumber)
  return value
}

/** Goes past this character and the space after it, if it comes next. */
function takes(reading: Reading, character: string): boolean {
  if (reading.text[reading.at] !== character) return false
  reading.at += 1
  skipSpace(reading)
  return true
}

/** RFC 8259 §2. */
function skipSpace(reading: Reading): void {
  for (; ; reading.at += 1) {
    const code = reading.text.charCodeAt(reading.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
  }
}

const notJson = (cause?: unknown) => new CountersignError('ERR_INPUT_INVALID', { json: 'not JSON' }, { cause })
const invalid = (json: string) => new CountersignError('ERR_INPUT_INVALID', { json })
