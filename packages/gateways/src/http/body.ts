/**
 * The body of a request: decoded, bounded, read once. Past 1 MiB it lies on disk, and what it says is not looked at.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { CountersignError, type ExactJson, parseExactJson } from '@countersign/core'
import { codingOf, decode } from './decode.ts'
import type { Spool, Spooled } from './spool.ts'
import { type Head, isJson } from './wire.ts'

export type Body = ShownBody | SpooledBody

/** One that people can be shown, and expressions can read. */
export interface ShownBody {
  readonly bytes: Uint8Array
  /** The parsed body, if it says that it is JSON. */
  readonly json: ExactJson | undefined
}

/** One of which size, type and hash are known. */
export interface SpooledBody {
  readonly spooled: Spooled
  readonly json: undefined
}

/**
 * Of a body held in memory and shown; a larger one is kept in a file meanwhile and shown by size, type and hash. A
 * compressed one is refused.
 */
export const shownBytes = 1_048_576

export interface Reading {
  readonly maxBytes: number
  readonly spool: Spool
  /** Called once all that the head tells has been looked at, before the body is read. */
  proceed(): void
}

/** @throws ERR_INPUT_INVALID, ERR_INPUT_TOO_LARGE, ERR_INPUT_TYPE, ERR_SPOOL */
export async function readBody(
  request: IncomingMessage,
  { headers }: Head,
  { maxBytes, spool, proceed }: Reading,
): Promise<Body | undefined> {
  const json = isJson(headers('content-type') ?? '')
  const coding = codingOf(headers('content-encoding'))
  const announced = Number(headers('content-length') ?? 0)
  if (announced > (coding ? shownBytes : maxBytes)) throw tooLarge(coding ? shownBytes : maxBytes, coding)
  proceed()
  if (announced === 0 && headers('transfer-encoding') === undefined) return undefined

  const all = coding ? undefined : whatIsHere(request)
  if (all && all.length <= maxBytes && all.length <= shownBytes) return shown(request, all, json)
  let plain = all ? only(all) : arriving(request)
  if (coding) {
    const coded = await collect(bounded(plain, shownBytes, coding))
    if (coded.length === 0) return undefined
    plain = decode(coding, coded)
  }
  const { bytes, rest } = await begin(bounded(plain, maxBytes))
  if (rest) return spooledBody(request, await spool.keep(rest))
  return shown(request, bytes, json)
}

function shown({ rawTrailers }: IncomingMessage, bytes: Buffer, json: boolean): ShownBody | undefined {
  if (rawTrailers.length > 0) throw trailed()
  if (bytes.length === 0) return undefined
  return { bytes, json: json ? parseExactJson(bytes, { bytes: shownBytes }) : undefined }
}

/** Most bodies came with their head, and need not be waited for. What is here is no more than one read of the connection. */
function whatIsHere(request: IncomingMessage): Buffer | undefined {
  if (!request.complete || request.destroyed) return undefined
  return (request.read() as Buffer | null) ?? Buffer.alloc(0)
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function spooledBody({ rawTrailers }: IncomingMessage, spooled: Spooled): Promise<SpooledBody> {
  if (rawTrailers.length === 0) return { spooled, json: undefined }
  await spooled.close()
  throw trailed()
}

/** They would be neither shown nor sent, and an upstream might have read them (RFC 9110 §6.5). */
const trailed = () => new CountersignError('ERR_INPUT_INVALID', { http: 'A request with trailers is not read here.' })

/** Whoever stops reading leaves the connection as it is, so that a refusal can still be said. */
async function* arriving(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { http: 'The body broke off.' }, { cause })
  }
}

async function* bounded(parts: AsyncIterable<Buffer>, maxBytes: number, coding?: string): AsyncGenerator<Buffer> {
  let sizeBytes = 0
  for await (const part of parts) {
    sizeBytes += part.length
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes, coding)
    yield part
  }
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

/** All of it, or, where that is too large, all of it in parts. */
async function begin(parts: AsyncGenerator<Buffer>): Promise<{ bytes: Buffer; rest?: AsyncGenerator<Buffer> }> {
  const first: Buffer[] = []
  let sizeBytes = 0
  for (;;) {
    const { done, value } = await parts.next()
    if (done) return { bytes: Buffer.concat(first, sizeBytes) }
    first.push(value)
    sizeBytes += value.length
    if (sizeBytes > shownBytes) return { bytes: Buffer.alloc(0), rest: followed(first, parts) }
  }
}

async function* followed(first: Buffer[], parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for (let part = first.shift(); part; part = first.shift()) yield part
  yield* parts
}

const tooLarge = (maxBytes: number, coding?: string) =>
  new CountersignError('ERR_INPUT_TOO_LARGE', {
    http: `${coding ? `A body coded with ${coding}` : 'A body'} may have ${maxBytes.toLocaleString('en-US')} bytes at most here.`,
  })
