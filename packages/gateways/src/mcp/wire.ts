/**
 * Bytes ⇄ JSON-RPC messages, over Streamable HTTP
 * (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http).
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isError, parseExactJson } from '@countersign/core'
import type { Json } from '@countersign/schema'
import { z } from 'zod'

/** The eras served, newest first. */
export const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

/** Those in which several messages may come in one list (https://modelcontextprotocol.io/specification/2025-03-26/basic#batching). */
export const takesBatches = (version: string): boolean => version === '2025-03-26' || version === '2024-11-05'

export type RpcId = string | number

export const isRpcId = (value: unknown): value is RpcId =>
  typeof value === 'string' ? value.length <= longestId : Number.isSafeInteger(value)

/** Letters of an id, which is told again with every answer; a message with a longer one is refused. */
const longestId = 200

/** Already parsed strictly, so this only names what it is. */
export type JsonObject = { readonly [key: string]: Json }

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A tool's answer as we make one. */
export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly isError?: boolean
  readonly _meta?: Readonly<Record<string, unknown>>
}

export type Message =
  | { readonly kind: 'request'; readonly id: RpcId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  /** To a question of ours. We ask none, so nothing comes of it. */
  | { readonly kind: 'response' }
  /** Nothing of JSON-RPC; only in a batch, whose other messages are. */
  | { readonly kind: 'nonsense' }

export type Incoming =
  | Exclude<Message, { kind: 'nonsense' }>
  | { readonly kind: 'batch'; readonly messages: readonly Message[] }
  | { readonly kind: 'refused'; readonly said: Said }

export interface Bounds {
  readonly bytes: number
  /** How long the body may take to arrive. */
  readonly ms: number
}

/** Checks the headers, reads the body within bounds, and says what kind of message it is. */
export async function readMessage(
  request: IncomingMessage,
  response: ServerResponse,
  bounds: Bounds,
): Promise<Incoming> {
  const wrong = wrongHeaders(request)
  if (wrong) return refused(...wrong)

  if (request.headers.expect !== undefined && request.httpVersion !== '1.0') response.writeContinue()
  const body = await readBody(request, bounds)
  if (body === 'large') return refused(413, -32600, `A message may have ${bounds.bytes} bytes.`)
  if (body === 'late') return refused(408, -32600, 'The message took too long to arrive.')
  if (body === 'gone') return refused(400, -32600, 'The message broke off.')

  let value: Json
  try {
    value = parseExactJson(body, { bytes: bounds.bytes }) as Json // numerals stay among the arguments, and are sealed as text
  } catch (error) {
    if (!isError(error, 'ERR_INPUT_INVALID', 'ERR_INPUT_TOO_LARGE')) throw error
    return refused(400, -32700, `This is not JSON that every reader reads alike${because(error.detail)}.`)
  }
  if (Array.isArray(value)) {
    if (value.length > 0 && value.length <= mostInBatch) return { kind: 'batch', messages: value.map(messageIn) }
    return refused(400, -32600, `A batch has 1 to ${mostInBatch} messages.`)
  }
  const message = messageIn(value)
  return message.kind === 'nonsense' ? refused(400, -32600, 'This is not a JSON-RPC 2.0 message.') : message
}

/** Messages of one batch: as many as a session may have calls open. A larger batch is refused. */
const mostInBatch = 100

/** Letters of a method's name, several times the longest that is served; a message with a longer one is refused. */
const longestMethod = 200

/** A member beside those that its kind has makes it none of them. */
function messageIn(value: Json): Message {
  if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') return nonsense
  const { id, method, params = {} } = value
  const has = (...names: readonly string[]) => Object.keys(value).every((name) => names.includes(name))
  if (method === undefined) return isReply(value, has) ? { kind: 'response' } : nonsense
  if (typeof method !== 'string' || method.length > longestMethod || !isJsonObject(params)) return nonsense
  if (!has('jsonrpc', 'id', 'method', 'params')) return nonsense
  if (id === undefined) return { kind: 'notification', method, params }
  return isRpcId(id) ? { kind: 'request', id, method, params } : nonsense
}

const nonsense = { kind: 'nonsense' } as const

function isReply({ id, result, error }: JsonObject, has: (...names: readonly string[]) => boolean): boolean {
  if (result !== undefined) return isRpcId(id) && isJsonObject(result) && has('jsonrpc', 'id', 'result')
  return (id === undefined || id === null || isRpcId(id)) && isJsonObject(error) && has('jsonrpc', 'id', 'error')
}

/** Names the session in the address that a client of 2024-11-05 is told to post to. */
export const legacySession = 'session'

export const acceptsEvents = (request: IncomingMessage): boolean => accepts(request, 'text/event-stream', 'text/*')

export const acceptsJson = (request: IncomingMessage): boolean => accepts(request, 'application/json', 'application/*')

/** An answer that is there at once, and all of it. */
export interface Said {
  readonly status: number
  /** JSON. */
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Said =>
  answered(JSON.stringify(body), status, headers)

/** `body` is JSON. */
export const answered = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Said => ({
  status,
  body,
  headers,
})

/** Head and body in one write. What is left of a request that was not read to its end is let go. */
export function say(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Said): void {
  if (response.headersSent || response.destroyed) return
  if (body === undefined) response.writeHead(status, headers).end()
  else {
    const about = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    response.writeHead(status, { ...about, ...headers }).end(body)
  }
  if (!request.complete) letGo(request)
}

/** How long the rest of a body that nobody reads may still arrive, so that its sender hears why; then its connection is ended. */
const restWithinMs = 500

function letGo(request: IncomingMessage): void {
  const end = setTimeout(() => request.socket.destroySoon(), restWithinMs)
  request.once('close', () => clearTimeout(end)).once('end', () => clearTimeout(end))
  request.resume()
}

/** The session that a client of 2024-11-05 was told to name in its address. */
export function sessionInAddress({ url = '' }: IncomingMessage): string | undefined {
  const query = url.indexOf('?')
  return query === -1 ? undefined : (new URLSearchParams(url.slice(query)).get(legacySession) ?? undefined)
}

// Messages are JSON text in one line. What a server wrote is in them as it wrote it.
export const rpcResult = (id: RpcId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

export const rpcError = (id: RpcId | null, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })

export const rpcNotice = (method: string, params?: object): string =>
  JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) })

function refused(status: number, code: number, says: string): Incoming {
  return { kind: 'refused', said: answered(rpcError(null, code, says), status) }
}

function wrongHeaders(request: IncomingMessage): [status: number, code: number, says: string] | undefined {
  const { 'content-type': type = '', 'mcp-protocol-version': named } = request.headers
  if (type !== 'application/json' && !/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) {
    return [415, -32600, 'Send application/json in UTF-8.']
  }
  // A client of 2024-11-05 is answered on the stream that it has open, whatever it accepts here.
  if (!acceptsEvents(request) && sessionInAddress(request) === undefined) {
    return [406, -32600, 'Accept both application/json and text/event-stream.']
  }
  if (named !== undefined && !(versions as readonly unknown[]).includes(named)) {
    return [400, -32600, `Protocol versions served here: ${versions.join(', ')}.`]
  }
  return undefined
}

/** A client that names nothing takes everything (RFC 9110 §12.5.1). */
function accepts({ headers: { accept: named } }: IncomingMessage, ...types: readonly string[]): boolean {
  if (named === undefined || named === '') return true
  const ranges = named.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase())
  return ['*/*', ...types].some((type) => ranges.includes(type))
}

function readBody(request: IncomingMessage, { bytes, ms }: Bounds): Promise<Buffer | 'large' | 'late' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > bytes) return Promise.resolve('large')
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let size = 0
    const end = (got: Buffer | 'large' | 'late' | 'gone') => {
      clearTimeout(late)
      request.off('data', take).off('end', whole).off('error', broken).off('close', broken)
      resolve(got)
    }
    const take = (piece: Buffer) => {
      size += piece.length
      if (size > bytes) end('large')
      else pieces.push(piece)
    }
    const whole = () => end(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces))
    const broken = () => end('gone')
    const late = setTimeout(end, ms, 'late')
    if (request.destroyed) return broken()
    request.on('data', take).on('end', whole).on('error', broken).on('close', broken)
    return undefined
  })
}

const Why = z.object({ json: z.string() })

function because(detail: unknown): string {
  const why = Why.safeParse(detail)
  return why.success ? `: ${why.data.json}` : ''
}
