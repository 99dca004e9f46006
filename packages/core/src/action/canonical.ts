/**
 * The one form in which anything is hashed.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { Numeral } from '../json/numeral.ts'

/**
 * How deep a value may be nested; an action with a deeper one is refused, so that no reader of it needs a deep stack.
 */
export const deepest = 100

/**
 * Canonical JSON: sorted keys, no spaces (https://www.rfc-editor.org/rfc/rfc8785#section-3.2). Members that are
 * `undefined` are left out, as in JSON. Numerals, which RFC 8785 does not know, are written with all their digits.
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
  if (value instanceof Numeral) return value.text
  return Array.isArray(value) ? list(value, depth) : object(value, depth)
}

function list(items: readonly unknown[], depth: number): string {
  let inside = ''
  for (const item of items) inside += `${inside && ','}${canonical(item, depth + 1)}`
  return `[${inside}]`
}

function object(value: object, depth: number): string {
  if (!isPlain(value)) throw invalid('not a plain object')
  let inside = ''
  for (const key of inOrder(Object.keys(value))) {
    const member: unknown = (value as Record<string, unknown>)[key]
    if (member !== undefined) inside += `${inside && ','}${text(key)}:${canonical(member, depth + 1)}`
  }
  return `{${inside}}`
}

/** By UTF-16 code units, as RFC 8785 §3.2.3 asks for. Many are so already, and looking is cheaper than sorting. */
export const inOrder = (keys: string[]): string[] =>
  keys.every((key, at) => at === 0 || (keys[at - 1] ?? '') <= key) ? keys : keys.toSorted()

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Printable ASCII without quote and backslash, as nearly all text here is: it stands as it is. */
const asItIs = /^[ !#-[\]-~]*$/

function text(value: string): string {
  if (asItIs.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw invalid('a lone surrogate')
  return JSON.stringify(value)
}

function number(value: number): string {
  if (Number.isSafeInteger(value)) return String(value)
  if (!Number.isFinite(value)) throw invalid('not a finite number')
  if (Number.isInteger(value) && Math.abs(value) < 1e21) {
    throw invalid('an integer beyond 2^53, which has to travel as a string')
  }
  return JSON.stringify(value)
}

const invalid = (why: string) => new CountersignError('ERR_INPUT_INVALID', { canonical: why })
