/**
 * The bytes of one connection → answers (HTTP/1.1, RFC 9112), read in the one way there is. What two readers could take apart in
 * two ways is no answer: where one ends, the next begins, and what is taken for it.
 *
 * @module
 */

/** Of a connection whose bytes are no HTTP as it is read here. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly code: 'ANSWER_UNREADABLE' | 'ANSWER_HEAD_TOO_LARGE' | 'ANSWER_SWITCHES'
  constructor(code: Unreadable['code']) {
    super(code)
    this.code = code
  }
}

export interface AnswerHead {
  readonly statusCode: number
  /** Names, as they were written, and values in turn. */
  readonly rawHeaders: readonly string[]
}

/** Told as it is read. */
export interface Reading {
  head(head: AnswerHead): void
  part(bytes: Buffer): void
  /** All of it was here. `trailers`: names and values in turn. */
  end(trailers: readonly string[]): void
}

export interface Reader {
  /** The answer to a request by this method is next. */
  expect(method: string): void
  /** @throws Unreadable; what was told before stays told */
  read(piece: Buffer): void
  /** The connection came to its end: so does an answer that says no other. */
  over(): void
  /** Whether another answer may follow: this one was whole, nothing came behind it, and it did not say that it was the last. */
  readonly goesOn: boolean
  /** Milliseconds for which the connection stays open, as its other side says (`Keep-Alive`). */
  readonly staysOpenMs: number
}

/** All headers of an answer together, or all trailers; with more it is not read. */
const mostHeadBytes = 16_384
/** Of the line before a chunk, with the extensions that nobody reads. */
const mostSizeLineBytes = 1_024

type State = 'idle' | 'head' | 'counted' | 'size' | 'chunk' | 'behind chunk' | 'trailers' | 'to the end'

const nothing = Buffer.alloc(0)

export function createReader(told: Reading): Reader {
  let state: State = 'idle'
  let method = ''
  /** Of a line or a head that is not all here. */
  let rest: Buffer = nothing
  /** Bytes of the body or of the chunk that are to come. */
  let left = 0
  let lasts = true
  let goesOn = true
  let staysOpenMs = Infinity

  return {
    get goesOn() {
      return goesOn && state === 'idle'
    },
    get staysOpenMs() {
      return staysOpenMs
    },
    expect(by) {
      method = by
      state = 'head'
    },
    read(piece) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
      rest = nothing
      let at = 0
      while (at < bytes.length) {
        const next = step(bytes, at)
        if (next === undefined) {
          rest = bytes.subarray(at)
          return
        }
        at = next
      }
    },
    over() {
      if (state === 'to the end') end([])
    },
  }

  /** Where the next step begins; undefined if this one needs more than is here. */
  function step(bytes: Buffer, at: number): number | undefined {
    switch (state) {
      case 'idle':
        goesOn = false // nobody asked for it
        return bytes.length
      case 'head':
        return readHead(bytes, at)
      case 'counted':
      case 'chunk':
        return readCounted(bytes, at)
      case 'behind chunk':
        return readBehindChunk(bytes, at)
      case 'size':
        return readSize(bytes, at)
      case 'trailers':
        return readTrailers(bytes, at)
      case 'to the end':
        told.part(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
    }
  }

  function readHead(bytes: Buffer, at: number): number | undefined {
    const found = endOfHead(bytes, at)
    if (found === undefined) return undefined
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, found).split('\r\n')
    const [, minor, status] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7E\x80-\xFF]*)?$/.exec(statusLine) ?? []
    if (status === undefined) throw unreadable()
    const rawHeaders = fieldsIn(lines)
    const statusCode = Number(status)
    if (statusCode === 101) throw new Unreadable('ANSWER_SWITCHES')
    if (statusCode >= 200) begin({ statusCode, rawHeaders }, minor === '1')
    return found + 4
  }

  function begin(head: AnswerHead, isNew: boolean): void {
    const { statusCode, rawHeaders } = head
    const coding = valueOf(rawHeaders, 'transfer-encoding')
    const length = valueOf(rawHeaders, 'content-length')
    // Both, or one of them in a way that leaves something open: that is how answers are smuggled in (RFC 9112 §6.3, §11.2).
    if (coding !== undefined && (length !== undefined || !isNew || coding.toLowerCase() !== 'chunked'))
      throw unreadable()
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw unreadable()
    const connection = (valueOf(rawHeaders, 'connection') ?? '').toLowerCase()
    lasts = isNew && !/(?:^|,)[\t ]*close[\t ]*(?:,|$)/.test(connection)
    staysOpenMs = staysOpen(valueOf(rawHeaders, 'keep-alive'))
    told.head(head)
    if (method === 'HEAD' || statusCode === 204 || statusCode === 304) return end([])
    if (coding !== undefined) state = 'size'
    else if (length === undefined) state = 'to the end'
    else {
      left = Number(length)
      state = 'counted'
      if (left === 0) end([])
    }
  }

  function readCounted(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + left)
    left -= to - at
    told.part(bytes.subarray(at, to))
    if (left === 0) {
      if (state === 'counted') end([])
      else state = 'behind chunk'
    }
    return to
  }

  function readBehindChunk(bytes: Buffer, at: number): number | undefined {
    if (bytes[at] !== 13 || (bytes.length > at + 1 && bytes[at + 1] !== 10)) throw unreadable()
    if (bytes.length < at + 2) return undefined
    state = 'size'
    return at + 2
  }

  function readSize(bytes: Buffer, at: number): number | undefined {
    const found = bytes.indexOf('\r\n', at)
    if ((found < 0 ? bytes.length : found) - at > mostSizeLineBytes) throw unreadable()
    if (found < 0) return undefined
    const [, size] =
      /^([\dA-Fa-f]{1,13})[\t ]*(?:;[\t\x20-\x7E\x80-\xFF]*)?$/.exec(bytes.toString('latin1', at, found)) ?? []
    if (size === undefined) throw unreadable()
    left = Number.parseInt(size, 16)
    state = left === 0 ? 'trailers' : 'chunk'
    return found + 2
  }

  function readTrailers(bytes: Buffer, at: number): number | undefined {
    if (bytes[at] === 13 && bytes[at + 1] === 10) {
      end([])
      return at + 2
    }
    const found = endOfHead(bytes, at)
    if (found === undefined) return undefined
    end(fieldsIn(bytes.toString('latin1', at, found).split('\r\n')))
    return found + 4
  }

  function end(trailers: readonly string[]): void {
    goesOn = lasts && state !== 'to the end'
    state = 'idle'
    told.end(trailers)
  }
}

const unreadable = () => new Unreadable('ANSWER_UNREADABLE')

/** Where the empty line begins. @throws Unreadable where it takes too long to come */
function endOfHead(bytes: Buffer, at: number): number | undefined {
  const found = bytes.indexOf('\r\n\r\n', at)
  if ((found < 0 ? bytes.length : found) - at > mostHeadBytes) throw new Unreadable('ANSWER_HEAD_TOO_LARGE')
  return found < 0 ? undefined : found
}

/** Names and values in turn. No line is folded, ends with anything but CR LF, or has a space before its colon (RFC 9112 §5). */
function fieldsIn(lines: readonly string[]): string[] {
  const fields: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = line.slice(colon + 1)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7E\x80-\xFF]/.test(value)) throw unreadable()
    fields.push(name, trimmed(value))
  }
  return fields
}

/** Without the spaces and tabs around it: what else JavaScript takes for a space is part of a value. */
function trimmed(value: string): string {
  let [from, to] = [0, value.length]
  while (from < to && isBlank(value.charCodeAt(from))) from += 1
  while (to > from && isBlank(value.charCodeAt(to - 1))) to -= 1
  return value.slice(from, to)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

/** Of a field that is there several times all that it says. */
export function valueOf(raw: readonly string[], wanted: string): string | undefined {
  let value: string | undefined
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue
    value = value === undefined ? (raw[index + 1] ?? '') : `${value}, ${raw[index + 1] ?? ''}`
  }
  return value
}

function staysOpen(keepAlive: string | undefined): number {
  const [, seconds] = /(?:^|[,\s])timeout=(\d{1,9})(?:[,;\s]|$)/i.exec(keepAlive ?? '') ?? []
  return seconds === undefined ? Infinity : Number(seconds) * 1000
}
