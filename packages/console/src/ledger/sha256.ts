/**
 * SHA-256 (https://doi.org/10.6028/NIST.FIPS.180-4 §6.2), synchronous: checking a ledger hashes millions of small
 * inputs, and a browser's own hash answers each with a promise. Written for speed: plain loops, and the same few arrays
 * for every call.
 *
 * @module
 */
const roundConstants = fractions(64, Math.cbrt)
const initial = fractions(8, Math.sqrt)

const state = new Int32Array(8)
const schedule = new Int32Array(64)
const tail = new Uint8Array(128)
const tailView = new DataView(tail.buffer)

export function sha256(bytes: Uint8Array): Uint8Array {
  state.set(initial)
  const whole = bytes.length - (bytes.length % 64)
  for (let at = 0; at < whole; at += 64) compress(bytes, at)
  const end = fillTail(bytes, whole)
  for (let at = 0; at < end; at += 64) compress(tail, at)

  const digest = new Uint8Array(32)
  for (let place = 0; place < 32; place += 1) digest[place] = (state[place >> 2] ?? 0) >>> (24 - 8 * (place & 3))
  return digest
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What is left over, a one bit, zeros, and the length in bits, 64 of them (§5.1.1). Returns where it ends. */
function fillTail(bytes: Uint8Array, whole: number): number {
  const rest = bytes.length - whole
  const end = rest < 56 ? 64 : 128
  tail.fill(0)
  tail.set(bytes.subarray(whole))
  tail[rest] = 0x80
  tailView.setUint32(end - 8, Math.floor(bytes.length / 2 ** 29))
  tailView.setUint32(end - 4, bytes.length << 3)
  return end
}

function compress(bytes: Uint8Array, at: number): void {
  for (let index = 0; index < 16; index += 1) schedule[index] = word(bytes, at + index * 4)
  for (let index = 16; index < 64; index += 1) {
    const early = schedule[index - 15] ?? 0
    const late = schedule[index - 2] ?? 0
    const small0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const small1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    schedule[index] = (schedule[index - 16] ?? 0) + small0 + (schedule[index - 7] ?? 0) + small1
  }

  let a = state[0] ?? 0
  let b = state[1] ?? 0
  let c = state[2] ?? 0
  let d = state[3] ?? 0
  let e = state[4] ?? 0
  let f = state[5] ?? 0
  let g = state[6] ?? 0
  let h = state[7] ?? 0
  for (let index = 0; index < 64; index += 1) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
    const choice = (e & f) ^ (~e & g)
    const first = (h + big1 + choice + (roundConstants[index] ?? 0) + (schedule[index] ?? 0)) | 0
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + big0 + majority) | 0
  }
  add(0, a)
  add(1, b)
  add(2, c)
  add(3, d)
  add(4, e)
  add(5, f)
  add(6, g)
  add(7, h)
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)

const turn = (value: number, by: number): number => (value >>> by) | (value << (32 - by))

/** Modulo 2^32, as the array keeps it. */
const add = (index: number, value: number): void => void (state[index] = (state[index] ?? 0) + value)

/** The first 32 bits of the fractional parts of roots of the first primes (§4.2.2, §5.3.3). */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const primes: number[] = []
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number)
  }
  return Int32Array.from(primes, (prime) => ((root(prime) % 1) * 2 ** 32) | 0)
}
