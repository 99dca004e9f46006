/**
 * Bytes and the texts that stand for them, the same in Node and in a browser.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text)

/** @throws ERR_LEDGER_BROKEN for what is not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CountersignError('ERR_LEDGER_BROKEN', { bytes: 'not UTF-8' }, { cause })
  }
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** For public values only: it takes as long as the first difference is far. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Standard base64 with padding (RFC 4648 §4), as C2SP notes use it. */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

/** @throws ERR_LEDGER_BROKEN for anything but the one encoding that `toBase64` gives */
export function fromBase64(text: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch (cause) {
    throw new CountersignError('ERR_LEDGER_BROKEN', { base64: 'malformed' }, { cause })
  }
  if (toBase64(bytes) !== text) throw new CountersignError('ERR_LEDGER_BROKEN', { base64: 'not canonical' })
  return bytes
}
