/**
 * The one way in for JSON: strict where `JSON.parse` is lenient, so that what is judged cannot be read two ways.
 *
 * @module
 */
import type { Json } from '@countersign/schema'
import { CountersignError } from '../errors.ts'

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
export function parseJson(input: string | Uint8Array, { bytes = 1 << 20, depth = 64 }: Bounds = {}): Json {
  if (input.length > bytes) throw new CountersignError('ERR_INPUT_TOO_LARGE', { bytes })
  const text = typeof input === 'string' ? input : decode(input)
  checkShape(text, depth)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { json: 'not JSON' }, { cause })
  }
  checkValues(value)
  return value as Json
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(input: Uint8Array): string {
  try {
    return utf8.decode(input)
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { json: 'not UTF-8' }, { cause })
  }
}

/** Walks the tokens once before `JSON.parse` does, which would drop all but the last of equal keys, and may recurse. */
function checkShape(text: string, deepest: number): void {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs
  const open: (Set<string> | undefined)[] = []
  let keyNext = false
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [part] = found
    const keys = open.at(-1)
    switch (part) {
      case '{':
      case '[':
        open.push(part === '{' ? new Set() : undefined)
        if (open.length > deepest) throw invalid('nested too deeply')
        keyNext = part === '{'
        break
      case '}':
      case ']':
        open.pop()
        keyNext = false
        break
      case ',':
        keyNext = keys !== undefined
        break
      case ':':
        keyNext = false
        break
      default:
        if (keyNext && keys) addKey(keys, part)
        keyNext = false
    }
  }
}

function addKey(keys: Set<string>, literal: string): void {
  let key: unknown
  try {
    key = JSON.parse(literal)
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { json: 'not JSON' }, { cause })
  }
  if (typeof key !== 'string' || key === '__proto__') throw invalid('a key that is not allowed')
  if (keys.has(key)) throw invalid('the same key twice')
  keys.add(key)
}

function checkValues(value: unknown): void {
  if (typeof value === 'string' && !value.isWellFormed()) throw invalid('a lone surrogate')
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
  ) {
    throw invalid('a number that not every reader reads alike')
  }
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) Object.keys(value).forEach(checkValues)
  Object.values(value).forEach(checkValues)
}

const invalid = (json: string) => new CountersignError('ERR_INPUT_INVALID', { json })
