/**
 * Numbers that a double cannot hold. RFC 8259 §6 allows them, and ids of this size are common: they are kept as they came.
 *
 * @module
 */
import type { Json } from '@countersign/schema'

/** JSON in which numbers that a double cannot hold are exact. */
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | Numeral
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson }

/** A number by its digits. `text` is what it is written as, the same for each way to write that number. */
export class Numeral {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Undefined for what is no integer. */
  get integer(): bigint | undefined {
    return /^-?\d+$/.test(this.text) ? BigInt(this.text) : undefined
  }
}

/** Whether nothing in it needs a numeral. */
export function isPlainJson(value: ExactJson): value is Json {
  if (typeof value !== 'object' || value === null) return true
  return !(value instanceof Numeral) && (Object.values(value) as ExactJson[]).every(isPlainJson)
}

/** Characters of a number; one with more cannot be read for certain, and what holds it is refused. */
const mostCharacters = 400
const mostMagnitude = 308

/**
 * The number that these digits write: a double where it is that very number and no reader makes another of it, else a
 * numeral; undefined for one that no double comes near.
 */
export function readNumeral(literal: string): number | Numeral | undefined {
  if (literal.length > mostCharacters) return undefined
  const double = Number(literal)
  if (Number.isSafeInteger(double) && /^-?\d{1,15}$/.test(literal)) return double // nearly all of them
  if (!Number.isFinite(double)) return undefined
  const exact = decimalOf(literal)
  if (exact === undefined || (double === 0 && exact.digits !== '')) return undefined
  if (Number.isInteger(double) && !Number.isSafeInteger(double)) return new Numeral(written(exact))
  return sameDecimal(exact, decimalOf(String(double))) ? double : new Numeral(written(exact))
}

/** `digits` × 10^`exponent`, the digits without zeros at either end; zero has none. */
interface Decimal {
  readonly negative: boolean
  readonly digits: string
  readonly exponent: number
}

function decimalOf(literal: string): Decimal | undefined {
  const [, sign = '', whole = '', part = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  const all = (whole + part).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { negative: false, digits, exponent: 0 }
  const exponent = Number(power) - part.length + (all.length - digits.length)
  if (Math.abs(exponent) > mostMagnitude + mostCharacters) return undefined
  return { negative: sign === '-', digits, exponent }
}

const sameDecimal = (one: Decimal, other: Decimal | undefined): boolean =>
  one.negative === other?.negative && one.digits === other.digits && one.exponent === other.exponent

/** Integers in full, the others with a point after the first digit. */
function written({ negative, digits, exponent }: Decimal): string {
  const sign = negative ? '-' : ''
  if (exponent >= 0) return `${sign}${digits}${'0'.repeat(exponent)}`
  const power = exponent + digits.length - 1
  const rest = digits.slice(1)
  return `${sign}${digits.slice(0, 1)}${rest && `.${rest}`}${power === 0 ? '' : `e${power}`}`
}
