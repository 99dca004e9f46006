/**
 * Compressed bodies (RFC 9110 §8.4.1), read in the one way there is: one member, nothing behind it.
 *
 * @module
 */
import { Readable } from 'node:stream'
import { crc32, createBrotliDecompress, createInflate, createInflateRaw } from 'node:zlib'
import { CountersignError } from '@countersign/core'

export const codings = ['gzip', 'br', 'deflate'] as const
export type Coding = (typeof codings)[number]

/** @throws ERR_INPUT_TYPE for a coding nobody reads here, or more than one */
export function codingOf(contentEncoding: string | undefined): Coding | undefined {
  const name = (contentEncoding ?? '')
    .trim()
    .toLowerCase()
    .replace(/^x-gzip$/, 'gzip')
  if (name === '' || name === 'identity') return undefined
  const coding = codings.find((known) => known === name)
  if (!coding)
    throw new CountersignError('ERR_INPUT_TYPE', { http: 'A body may be coded by one of gzip, br, deflate.' })
  return coding
}

/**
 * The decoded bytes, piece by piece, so that whoever takes them can stop. Ends with an error unless all of `coded` was
 * one whole message of its coding.
 *
 * @throws ERR_INPUT_INVALID
 */
export async function* decode(coding: Coding, coded: Buffer): AsyncGenerator<Buffer> {
  const head = coding === 'gzip' ? gzipHeadBytes(coded) : 0
  const inner = coded.subarray(head)
  const engine = coding === 'br' ? createBrotliDecompress() : coding === 'gzip' ? createInflateRaw() : createInflate()
  let sum = 0
  let size = 0
  try {
    for await (const part of Readable.from([inner]).pipe(engine) as AsyncIterable<Buffer>) {
      if (coding === 'gzip') sum = crc32(part, sum)
      size += part.length
      yield part
    }
  } catch (cause) {
    throw broken(cause)
  } finally {
    engine.destroy()
  }
  const rest = inner.subarray(engine.bytesWritten)
  const whole =
    coding === 'gzip'
      ? rest.length === 8 && rest.readUInt32LE(0) === sum && rest.readUInt32LE(4) === size % 2 ** 32
      : rest.length === 0
  if (!whole) throw broken()
}

/** RFC 1952 §2.3.1: how long the header is. */
function gzipHeadBytes(coded: Buffer): number {
  const flags = coded[3] ?? 0xff
  if (coded.length < 18 || coded[0] !== 0x1f || coded[1] !== 0x8b || coded[2] !== 8 || flags & 0xe0) throw broken()
  let at = 10
  if (flags & 4) at += 2 + (at + 2 <= coded.length ? coded.readUInt16LE(at) : coded.length)
  for (const text of [8, 16]) if (flags & text) at = afterZero(coded, at)
  if (flags & 2) at += 2
  if (at + 8 > coded.length) throw broken()
  return at
}

function afterZero(coded: Buffer, from: number): number {
  const zero = coded.indexOf(0, from)
  if (zero < 0) throw broken()
  return zero + 1
}

const broken = (cause?: unknown) =>
  new CountersignError('ERR_INPUT_INVALID', { http: 'The body is not what its coding says.' }, { cause })
