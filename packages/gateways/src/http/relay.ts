/**
 * An upstream's answer → the agent, within the ceilings. Both ways at the pace of the slower side.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseJson } from '@countersign/core'
import type { Json } from '@countersign/schema'
import type { Ceilings } from './ceilings.ts'
import { mask } from './mask.ts'
import { countLines, countRecords, type RowCounter } from './rows.ts'
import { isJson, isSafe } from './wire.ts'

/** How the relay ended, and what was seen of the answer on the way. */
export interface Relayed {
  readonly end: 'whole' | 'exceeded' | 'withheld' | 'broken'
  readonly rows: number | undefined
  readonly bytes: number
  /** What the agent was sent, unless that is too large to keep. */
  readonly kept: Buffer | undefined
}

/** Answers up to this size are kept for a replay, and can be read as a whole. */
const keptBytes = 1_048_576

interface Way {
  readonly answer: IncomingMessage
  readonly response: ServerResponse
  readonly ceilings: Ceilings
  readonly clientSilenceMs: number
  readonly method: string
  /** Writes the head; called once, before the first byte. `length` is known where the body is read as a whole. */
  begin(length?: number): void
}

export async function relay(way: Way): Promise<Relayed> {
  const { answer, ceilings } = way
  const { statusCode = 502 } = answer
  const announced = Number(answer.headers['content-length'] ?? 0)
  if (ceilings.bytes !== undefined && announced > ceilings.bytes) return nothing('exceeded')
  // What is not a success is a message, not data: it is masked and bounded, but has no rows.
  const countsRows = ceilings.rowsFrom !== undefined && ceilings.rowsFrom !== 'request' && statusCode < 300
  // Where a part begins and ends is the client's choice (RFC 9110 §15.3.7), so nobody can count or mask what is in it.
  if (statusCode === 206 && (ceilings.fields.length > 0 || (countsRows && ceilings.rows !== undefined)))
    return nothing('withheld')
  const readAsWhole =
    ceilings.fields.length > 0 || (countsRows && ceilings.rowsFrom === 'json' && ceilings.rows !== undefined)
  if (readAsWhole && way.method !== 'HEAD') return relayWhole(way, countsRows)
  return relayStream(way, countsRows)
}

async function relayStream(way: Way, countsRows: boolean): Promise<Relayed> {
  const { answer, response, ceilings } = way
  const counter = countsRows ? counterFor(answer, ceilings) : undefined
  if (countsRows && !counter && ceilings.rows !== undefined) return nothing('withheld')
  if (counter && counter.rows > (ceilings.rows ?? Infinity)) return nothing('exceeded', counter.rows)

  way.begin()
  const keep = keeper()
  let bytes = 0
  const seen = (end: Relayed['end']): Relayed => ({
    end,
    rows: counter?.rows,
    bytes,
    kept: end === 'whole' ? keep.all() : undefined,
  })
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const admitted = Math.min(
        counter?.admit(chunk, ceilings.rows ?? Infinity) ?? chunk.length,
        (ceilings.bytes ?? Infinity) - bytes,
      )
      const part = chunk.subarray(0, admitted)
      bytes += part.length
      keep.add(part)
      await write(response, part, way.clientSilenceMs)
      if (admitted < chunk.length) return seen('exceeded')
      // Nobody takes it, nobody can keep it, and there is no effect to wait for.
      if (response.destroyed && isSafe(way.method) && bytes > keptBytes) return seen('broken')
    }
  } catch {
    return seen('broken') // the upstream ended the connection; what is known is in the numbers
  }
  return seen('whole')
}

function counterFor({ headers }: IncomingMessage, { rowsFrom }: Ceilings): RowCounter | undefined {
  switch (rowsFrom) {
    case 'ndjson':
      return countLines()
    case 'csv':
      return countRecords(/header\s*=\s*"?absent/i.test(headers['content-type'] ?? '') ? 0 : 1)
    case 'x-row-count': {
      const told = headers['x-row-count']
      if (typeof told !== 'string' || !/^\d{1,15}$/.test(told)) return undefined
      return { rows: Number(told), admit: (chunk) => chunk.length }
    }
    case 'json':
    case 'request':
    case undefined:
      return undefined
  }
}

async function relayWhole(way: Way, countsRows: boolean): Promise<Relayed> {
  const { answer, response, ceilings } = way
  const read = await readWhole(answer)
  if (read === 'broken') return nothing('broken')
  if (read === 'too large') return nothing('withheld')
  if (read.length === 0 && !countsRows) {
    way.begin(0)
    return { end: 'whole', rows: undefined, bytes: 0, kept: read }
  }

  const value = parsed(read, answer.headers['content-type'] ?? '')
  if (value === undefined) return nothing('withheld')
  const rows = countsRows && ceilings.rowsFrom === 'json' ? rowsIn(value) : undefined
  if (ceilings.rows !== undefined && countsRows) {
    if (rows === undefined) return nothing('withheld')
    if (rows > ceilings.rows) return nothing('exceeded', rows)
  }
  const body = ceilings.fields.length > 0 ? Buffer.from(JSON.stringify(mask(value, ceilings.fields))) : read
  if (read.length > (ceilings.bytes ?? Infinity)) return nothing('exceeded', rows)
  way.begin(body.length)
  await write(response, body, way.clientSilenceMs)
  return { end: 'whole', rows, bytes: read.length, kept: body }
}

async function readWhole(answer: IncomingMessage): Promise<Buffer | 'broken' | 'too large'> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > keptBytes) return 'too large'
      chunks.push(chunk)
    }
  } catch {
    return 'broken'
  }
  return Buffer.concat(chunks)
}

function parsed(bytes: Uint8Array, contentType: string): Json | undefined {
  try {
    return isJson(contentType) ? parseJson(bytes, { bytes: keptBytes }) : undefined
  } catch {
    return undefined // what cannot be read for certain is withheld
  }
}

/** Of an object, such as a page of items, every list in it counts. */
function rowsIn(value: Json): number | undefined {
  if (Array.isArray(value)) return value.length
  if (typeof value !== 'object' || value === null) return undefined
  const lists = Object.values(value).filter((item) => Array.isArray(item))
  return lists.length > 0 ? lists.reduce((sum, list) => sum + list.length, 0) : undefined
}

/** Waits until the client has room again. One that takes nothing for too long is let go; the run goes on without it. */
async function write(response: ServerResponse, part: Uint8Array, clientSilenceMs: number): Promise<void> {
  if (response.destroyed || part.length === 0 || response.write(part)) return
  await new Promise<void>((done) => {
    const late = setTimeout(() => response.destroy(), clientSilenceMs)
    const go = () => {
      clearTimeout(late)
      response.off('drain', go)
      response.off('close', go)
      done()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

function keeper(): { add(part: Buffer): void; all(): Buffer | undefined } {
  let parts: Buffer[] | undefined = []
  let size = 0
  return {
    add(part) {
      size += part.length
      if (size > keptBytes) parts = undefined
      parts?.push(part)
    },
    all: () => parts && Buffer.concat(parts),
  }
}

const nothing = (end: Relayed['end'], rows?: number): Relayed => ({ end, rows, bytes: 0, kept: undefined })
