/**
 * The one form in which anything is hashed.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'

/** How deep a value may be nested. */
export const deepest = 100

/**
 * Canonical JSON: sorted keys, no spaces (https://www.rfc-editor.org/rfc/rfc8785#section-3.2). Members that are
 * `undefined` are left out, as in JSON.
 *
 * @throws ERR_INPUT_INVALID for what has no canonical form: lone surrogates, NaN, infinities, integers beyond 2^53,
 * anything but plain JSON values, and nesting deeper than 100
 */
export function canonical(value: unknown, depth = 0): string {
  if (depth > deepest) throw invalid('nested too deeply')
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return number(value)
  if (typeof value === 'boolean' || value === null) return String(value)
  if (typeof value !== 'object') throw invalid(`a ${typeof value}`)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`

  if (!isPlain(value)) throw invalid('not a plain object')
  const members: string[] = []
  // Default sort compares UTF-16 code units, which is the order RFC 8785 §3.2.3 asks for.
  for (const key of Object.keys(value).toSorted()) {
    const member: unknown = (value as Record<string, unknown>)[key]
    if (member !== undefined) members.push(`${text(key)}:${canonical(member, depth + 1)}`)
  }
  return `{${members.join(',')}}`
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function text(value: string): string {
  if (!value.isWellFormed()) throw invalid('a lone surrogate')
  return JSON.stringify(value)
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw invalid('not a finite number')
  if (Number.isInteger(value) && Math.abs(value) < 1e21 && !Number.isSafeInteger(value)) {
    throw invalid('an integer beyond 2^53, which has to travel as a string')
  }
  return JSON.stringify(value)
}

const invalid = (why: string) => new CountersignError('ERR_INPUT_INVALID', { canonical: why })
