/**
 * Bytes ⇄ JSON-RPC messages, over Streamable HTTP
 * (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http).
 *
 * @module
 */
import { isError, parseExactJson } from '@countersign/core'
import type { Json } from '@countersign/schema'
import { z } from 'zod'

/** The eras served, newest first. */
export const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

/** Those in which several messages may come in one list (https://modelcontextprotocol.io/specification/2025-03-26/basic#batching). */
export const takesBatches = (version: string): boolean => version === '2025-03-26' || version === '2024-11-05'

export const RpcId = z.union([z.string().max(200), z.int()])
export type RpcId = z.infer<typeof RpcId>

/** Already parsed strictly, so this only names what it is. */
export const JsonObject = z.custom<{ readonly [key: string]: Json }>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)
export type JsonObject = z.infer<typeof JsonObject>

/** A tool's answer as we make one. */
export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly isError?: boolean
  readonly _meta?: Readonly<Record<string, unknown>>
}

const version = z.literal('2.0')
const Call = z.strictObject({
  jsonrpc: version,
  id: RpcId,
  method: z.string().max(200),
  params: JsonObject.default({}),
})
const Notice = z.strictObject({ jsonrpc: version, method: z.string().max(200), params: JsonObject.default({}) })
const Reply = z.union([
  z.strictObject({ jsonrpc: version, id: RpcId, result: JsonObject }),
  z.strictObject({ jsonrpc: version, id: RpcId.nullish(), error: JsonObject }),
])

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
  | { readonly kind: 'refused'; readonly response: Response }

export interface Bounds {
  readonly bytes: number
  /** How long the body may take to arrive. */
  readonly ms: number
}

/** Checks the headers, reads the body within bounds, and says what kind of message it is. */
export async function readMessage(request: Request, bounds: Bounds): Promise<Incoming> {
  const wrong = wrongHeaders(request)
  if (wrong) return refused(...wrong)

  const body = await readBody(request, bounds)
  if (body === 'large') return refused(413, -32600, `A message may have ${bounds.bytes} bytes.`)
  if (body === 'late') return refused(408, -32600, 'The message took too long to arrive.')

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

function messageIn(value: Json): Message {
  const call = Call.safeParse(value)
  if (call.success) return { kind: 'request', ...call.data }
  const notice = Notice.safeParse(value)
  if (notice.success) return { kind: 'notification', ...notice.data }
  return { kind: Reply.safeParse(value).success ? 'response' : 'nonsense' }
}

/** Names the session in the address that a client of 2024-11-05 is told to post to. */
export const legacySession = 'session'

export function acceptsEvents(request: Request): boolean {
  return accepts(request, 'text/event-stream', 'text/*')
}

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  answered(JSON.stringify(body), status, headers)

/** `body` is JSON. */
export const answered = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } })

// Messages are JSON text in one line. What a server wrote is in them as it wrote it.
export const rpcResult = (id: RpcId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

export const rpcError = (id: RpcId | null, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })

export const rpcNotice = (method: string, params?: object): string =>
  JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) })

function refused(status: number, code: number, says: string): Incoming {
  return { kind: 'refused', response: answered(rpcError(null, code, says), status) }
}

function wrongHeaders(request: Request): [status: number, code: number, says: string] | undefined {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) {
    return [415, -32600, 'Send application/json in UTF-8.']
  }
  // A client of 2024-11-05 is answered on the stream that it has open, whatever it accepts here.
  const hasStream = new URL(request.url).searchParams.has(legacySession)
  if (!hasStream && (!acceptsEvents(request) || !accepts(request, 'application/json', 'application/*'))) {
    return [406, -32600, 'Accept both application/json and text/event-stream.']
  }
  const named = request.headers.get('mcp-protocol-version')
  if (named !== null && !(versions as readonly string[]).includes(named)) {
    return [400, -32600, `Protocol versions served here: ${versions.join(', ')}.`]
  }
  return undefined
}

/** A client that names nothing takes everything (RFC 9110 §12.5.1). */
function accepts(request: Request, ...types: readonly string[]): boolean {
  const named = request.headers.get('accept')
  if (named === null || named === '') return true
  const ranges = named.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase())
  return ['*/*', ...types].some((type) => ranges.includes(type))
}

async function readBody(request: Request, { bytes, ms }: Bounds): Promise<Uint8Array | 'large' | 'late'> {
  const announced = request.headers.get('content-length')
  if (Number(announced ?? 0) > bytes) return 'large'
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late')
  })
  // A body of known length is read as it comes from the connection, which holds it to that length; a web stream around it
  // costs more than all else that is done to a message.
  const reading = announced === null ? readPieces(request, bytes, late) : readWhole(request, bytes)
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
    reading.catch(() => undefined) // nobody waits for one that comes late
  }
}

async function readWhole(request: Request, bytes: number): Promise<Uint8Array | 'large'> {
  const body = await request.arrayBuffer()
  return body.byteLength > bytes ? 'large' : new Uint8Array(body)
}

async function readPieces(request: Request, bytes: number, late: Promise<'late'>): Promise<Uint8Array | 'large'> {
  if (!request.body) return new Uint8Array()
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader()
  const stop = () => void reader.cancel().catch(() => undefined) // the sender may be gone already
  void late.then(stop)
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.length
    if (size > bytes) {
      stop()
      return 'large'
    }
    chunks.push(value)
  }
}

const Why = z.object({ json: z.string() })

function because(detail: unknown): string {
  const why = Why.safeParse(detail)
  return why.success ? `: ${why.data.json}` : ''
}
