/**
 * An upstream's answer → the agent, within the ceilings. Both ways at the pace of the slower side. What cannot be counted or
 * masked for certain is withheld.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import type { Answer } from '@countersign/egress'
import { type Ceilings, isBounded } from './ceilings.ts'
import { mask } from './mask.ts'
import { decoded, type Representation, representationOf } from './representation.ts'
import { countLines, countRecords, type RowCounter } from './rows.ts'
import { rowsIn, treeOf } from './tree.ts'

/** How the relay ended, and what was seen of the answer on the way. */
export interface Relayed {
  readonly end: 'whole' | 'exceeded' | 'withheld' | 'broken'
  readonly rows: number | undefined
  readonly bytes: number
  /** What the agent was sent, unless that is too large to keep. */
  readonly kept: Buffer | undefined
  /** What goes out with the end. */
  readonly last?: Buffer | undefined
}

/** Answers up to this size are kept for a replay, and can be read as a whole. */
const keptBytes = 1_048_576
/** What is not a success and no list either is a message up to this size, not data. */
const messageBytes = 4_096

export interface Head {
  /** Known where the body is read as a whole. */
  readonly length?: number
  /** The body is other bytes than the upstream sent. */
  readonly rewritten: boolean
  /** All of it is here, so head and body leave together. */
  readonly whole: boolean
}

interface Way {
  readonly answer: Answer
  readonly response: ServerResponse
  readonly ceilings: Ceilings
  readonly clientSilenceMs: number
  readonly method: string
  /** There is an effect to wait for. */
  readonly acts: boolean
  /** Writes the head; called once, before the first byte. */
  begin(head: Head): void
}

/** How the rows of an answer are known. */
type Count =
  | { readonly by: 'passing'; readonly counter: RowCounter }
  /** `demanded`: without a list in it nobody knows. */
  | { readonly by: 'whole'; readonly demanded: boolean }
  | { readonly by: 'size' | 'nothing' }

interface Seen extends Representation {
  readonly count: Count
  /** Rows as the upstream itself says. */
  readonly told: number | undefined
}

export async function relay(way: Way): Promise<Relayed> {
  const { answer, ceilings, method } = way
  const { statusCode } = answer
  const shown = representationOf(answer)
  if (method === 'HEAD' || statusCode === 204 || statusCode === 304)
    return relayStream(way, { ...shown, count: { by: 'nothing' }, told: undefined })

  if (Number(answer.header('content-length') ?? 0) > (ceilings.bytes ?? Infinity)) return nothing('exceeded')
  if (isBounded(ceilings) && shown.coding === undefined) return nothing('withheld')
  const masks = ceilings.fields.length > 0
  // A part says nothing of the whole.
  if ((masks || ceilings.rows !== undefined) && statusCode === 206) return nothing('withheld')

  const told = ceilings.rowsFrom === 'x-row-count' && statusCode < 300 ? toldRows(answer) : undefined
  if (told !== undefined && told > (ceilings.rows ?? Infinity)) return nothing('exceeded', told)
  const count = countOf(statusCode, shown, ceilings, told)
  if (count === 'withheld') return nothing('withheld')
  const seen = { ...shown, count, told }
  return masks || count.by === 'whole' || count.by === 'size' ? relayWhole(way, seen) : relayStream(way, seen)
}

function countOf(
  status: number,
  { form, coding, headerless }: Representation,
  { rows, rowsFrom }: Ceilings,
  told: number | undefined,
): Count | 'withheld' {
  const uncounted = { by: 'nothing' } as const
  if (rowsFrom === undefined || rowsFrom === 'request') return uncounted
  if (rows === undefined && (status >= 300 || coding !== 'identity')) return uncounted
  const expected = rowsFrom === 'x-row-count' ? told !== undefined : form === rowsFrom
  if (status < 300 && !expected) return rows === undefined ? uncounted : 'withheld'
  switch (form) {
    case 'csv':
      return { by: 'passing', counter: countRecords(headerless ? 0 : 1, rows ?? Infinity) }
    case 'ndjson':
      return { by: 'passing', counter: countLines(rows ?? Infinity) }
    case 'json':
      return rows === undefined ? uncounted : { by: 'whole', demanded: rowsFrom === 'json' && status < 300 }
    case undefined:
      return status < 300 ? uncounted : { by: 'size' }
  }
}

function toldRows(answer: Answer): number | undefined {
  const told = answer.header('x-row-count') ?? ''
  return /^\d{1,15}$/.test(told) ? Number(told) : undefined
}

async function relayStream(way: Way, { coding = 'identity', count, told }: Seen): Promise<Relayed> {
  const { answer, response, ceilings } = way
  const counter = count.by === 'passing' ? count.counter : undefined
  const decodes = isBounded(ceilings) && coding !== 'identity'
  const keep = keeper()
  const whole = answer.complete
  /** Of one that is all here, until it is known how it ends. */
  let last: Buffer | undefined
  let begun = false
  let bytes = 0
  const seen = (end: Relayed['end']): Relayed => ({
    end,
    rows: end === 'withheld' ? undefined : counter ? Math.max(counter.rows, told ?? 0) : told,
    bytes,
    kept: end === 'whole' ? keep.all() : undefined,
    last,
  })
  const begin = () => {
    if (!begun) way.begin({ rewritten: decodes, whole })
    begun = true
  }
  /** Passes on what may be; tells what ends it. */
  async function pass(passed: Buffer): Promise<'exceeded' | 'withheld' | undefined> {
    const part = passed.subarray(0, (ceilings.bytes ?? Infinity) - bytes)
    bytes += part.length
    keep.add(part)
    if (part.length > 0) begin()
    const over = part.length < passed.length ? 'exceeded' : counter?.stop
    if (whole && !over && !last) last = part
    else {
      if (whole && begun) response.flushHeaders() // it may be broken off, and shows at once that it came
      await write(response, last ?? part, way.clientSilenceMs)
      if (last) await write(response, part, way.clientSilenceMs)
      last = undefined
    }
    return over
  }

  // Where rows are counted the head can wait for what is found in the first of them.
  if (!counter) begin()
  try {
    for await (const chunk of decodes ? decoded(answer, coding) : partsOf(answer)) {
      const over = await pass(counter ? counter.pass(chunk) : chunk)
      if (over) return seen(over)
      // Nobody takes it, and nobody can keep it.
      if (response.destroyed && !way.acts && bytes > keptBytes) return seen('broken')
    }
    const over = counter && (await pass(counter.end()))
    if (over) return seen(over)
  } catch {
    return seen('broken') // the upstream ended the connection; what is known is in the numbers
  }
  begin()
  return seen('whole')
}

async function relayWhole(way: Way, seen: Seen): Promise<Relayed> {
  const { answer, response, ceilings } = way
  const { coding = 'identity', count, told } = seen
  const demanded = count.by === 'whole' && count.demanded
  const parts = coding === 'identity' ? partsOf(answer) : decoded(answer, coding)
  const read = await readWhole(parts, count.by === 'size' ? messageBytes : keptBytes)
  if (read === 'broken') return nothing('broken')
  if (read === 'too large') return nothing('withheld')

  const body = read.length === 0 && !demanded ? { text: read, rows: undefined } : readBody(read, seen, ceilings)
  if (!body) return nothing('withheld')
  const rows = told === undefined ? body.rows : Math.max(told, body.rows ?? 0)
  if (count.by === 'whole' && (rows ?? 0) > (ceilings.rows ?? Infinity)) return nothing('exceeded', rows)
  if (read.length > (ceilings.bytes ?? Infinity)) return nothing('exceeded', rows)
  const rewritten = coding !== 'identity' || ceilings.fields.length > 0
  const whole = body.text.length <= pieceBytes
  way.begin({ length: body.text.length, rewritten, whole })
  const relayed = {
    end: 'whole',
    rows: answer.statusCode < 300 ? rows : undefined,
    bytes: read.length,
    kept: body.text,
  } as const
  if (whole) return { ...relayed, last: body.text }
  for (let at = 0; at < body.text.length; at += pieceBytes)
    await write(response, body.text.subarray(at, at + pieceBytes), way.clientSilenceMs)
  return relayed
}

/** So much of an answer has to be taken in within the silence that a client may keep; who is slower is cut off. */
const pieceBytes = 65_536

/** As it is passed on, and how many rows it has; undefined for what cannot be read for certain. */
function readBody(
  read: Buffer,
  { form, count }: Seen,
  { fields, rowsIn: pointer }: Ceilings,
): { text: Buffer; rows: number | undefined } | undefined {
  if (form !== 'json') return fields.length > 0 || count.by !== 'size' ? undefined : { text: read, rows: undefined }
  const text = textOf(read)
  const tree = text === undefined ? undefined : treeOf(text)
  if (text === undefined || !tree) return undefined
  const rows = count.by === 'whole' ? rowsIn(tree, pointer) : undefined
  if (count.by === 'whole' && count.demanded && rows === undefined) return undefined
  return { text: fields.length > 0 ? Buffer.from(mask(text, tree, fields)) : read, rows }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Of an answer that is all here, all of it at once; of another, as it comes. What is here is no more than one read of its connection. */
function partsOf(answer: Answer): AsyncIterable<Buffer> | readonly Buffer[] {
  const all = answer.whole()
  if (all === undefined) return answer.stream()
  return all.length > 0 ? [all] : []
}

async function readWhole(
  body: AsyncIterable<Buffer> | readonly Buffer[],
  most: number,
): Promise<Buffer | 'broken' | 'too large'> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > most) return 'too large'
      chunks.push(chunk)
    }
  } catch {
    return 'broken'
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

/** Waits until the client has room again. One that takes nothing for too long is let go; the run goes on without it. */
export async function write(response: ServerResponse, part: Uint8Array, clientSilenceMs: number): Promise<void> {
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
    all: () => (parts?.length === 1 ? parts[0] : parts && Buffer.concat(parts)),
  }
}

const nothing = (end: Relayed['end'], rows?: number): Relayed => ({ end, rows, bytes: 0, kept: undefined })
