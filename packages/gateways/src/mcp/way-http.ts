/**
 * A server over Streamable HTTP (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http),
 * over the guarded way out: its address leads where the configuration says, and no redirect leads elsewhere.
 *
 * @module
 */
import { type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { createEgress } from '@countersign/egress'
import type { ServerConfig } from './config.ts'
import { createEventReader } from './events.ts'
import { inOneLine, itemsOf } from './spans.ts'
import { whatFailed, whatItAnswered } from './causes.ts'
import { mostBytes, type OpenWay, type Sent } from './way.ts'

type OverHttp = Extract<ServerConfig, { url: string }>

interface Ask {
  readonly method: 'GET' | 'POST'
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export const openOverHttp =
  ({ url, headers: own, private: near }: OverHttp): OpenWay =>
  (hear) => {
    const address = new URL(url)
    const where = `${address.origin}${address.pathname}` // a query may hold a key
    const egress = createEgress({ allowed: near ? [address.origin] : [] })
    const open = new Set<ClientRequest>()
    const closing = new AbortController()
    let session: string | undefined
    let version: string | undefined
    let listening = false

    async function send(message: string, giveUp: () => AbortSignal): Promise<Sent> {
      const signal = giveUp()
      let answer: IncomingMessage
      try {
        answer = await ask({ method: 'POST', body: message, headers: { 'content-type': 'application/json' }, signal })
      } catch (error) {
        return whatFailed(error, where)
      }
      try {
        return await take(answer, signal)
      } catch {
        answer.destroy()
        return { kind: 'over', says: 'the connection to the server was lost, or its answer cannot be read' }
      }
    }

    async function take(answer: IncomingMessage, signal: AbortSignal): Promise<Sent> {
      const { statusCode: status = 0 } = answer
      const type = (answer.headers['content-type'] ?? '').toLowerCase()
      if (status < 200 || status > 299) {
        const said = sayable(await whole(answer, mostRefusalBytes).catch(() => ''))
        return whatItAnswered(status, said, { where, inSession: session !== undefined })
      }
      learn(answer)
      if (type.startsWith('text/event-stream')) return takeEvents(answer, signal)
      const text = await whole(answer, mostBytes)
      if (text.trim() === '') return { kind: 'over', says: 'the server took it and gives no answer' }
      if (!type.startsWith('application/json')) {
        return {
          kind: 'over',
          says: `the server at ${where} answers ${type.slice(0, 60) || 'something without a type'}, which is not MCP`,
        }
      }
      JSON.parse(text)
      for (const each of itemsOf(text) ?? [text]) hear.message(inOneLine(each))
      return { kind: 'over', says: 'the server answered something else' }
    }

    /** A stream may end before the answer has come, to be taken up again (since 2025-11-25 on purpose). */
    async function takeEvents(first: IncomingMessage, signal: AbortSignal): Promise<Sent> {
      let answer = first
      let answered = false
      for (let turn = 0; ; turn += 1) {
        const events = readerOf((text) => {
          answered ||= isAnswer(text)
          hear.message(text)
        })
        await readInto(answer, events, mostBytes).catch((error: unknown) => {
          if (events.lastId === undefined) throw error
        })
        const { lastId, retryMs = 1_000 } = events
        if (answered || lastId === undefined || turn >= mostReturns) break
        await pause(Math.min(retryMs, mostRetryMs), undefined, { signal })
        answer = await ask({ method: 'GET', headers: { 'last-event-id': lastId }, signal })
        if (answer.statusCode !== 200) break
      }
      return { kind: 'over', says: 'the server closed the stream without an answer' }
    }

    const readerOf = (tell: (text: string) => void) =>
      createEventReader(({ name, data }) => name === 'message' && tell(inOneLine(data)), mostBytes)

    function learn({ headers }: IncomingMessage): void {
      const given = headers['mcp-session-id']
      if (version === undefined && typeof given === 'string' && /^[\x21-\x7e]{1,4096}$/.test(given)) session = given
    }

    /** What the server tells unasked. One that has no such stream says 405, and is left alone. */
    async function listen(): Promise<void> {
      if (listening) return
      listening = true
      let lastId: string | undefined
      for (let turn = 0; !closing.signal.aborted; turn += 1) {
        const answer = await ask({
          method: 'GET',
          ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
        })
        const isStream = (answer.headers['content-type'] ?? '').startsWith('text/event-stream')
        if (answer.statusCode !== 200 || !isStream) {
          answer.destroy()
          return
        }
        const events = readerOf((text) => hear.message(text))
        await readInto(answer, events, Number.POSITIVE_INFINITY).catch(() => undefined)
        lastId = events.lastId ?? lastId
        await pause(Math.max(events.retryMs ?? 0, Math.min(30_000, 1_000 * 2 ** turn)), undefined, closing)
      }
    }

    function ask({ method, body, headers, signal }: Ask): Promise<IncomingMessage> {
      const request = address.protocol === 'https:' ? requestSecurely : requestPlainly
      return new Promise((done, fail) => {
        const call = request(
          address,
          {
            agent: egress.agent(address),
            method,
            ...(signal && { signal }),
            headers: {
              ...lowerCased(own),
              ...headers,
              accept: method === 'POST' ? 'application/json, text/event-stream' : 'text/event-stream',
              'accept-encoding': 'identity',
              ...(session !== undefined && { 'mcp-session-id': session }),
              ...(version !== undefined && { 'mcp-protocol-version': version }),
              ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
            },
          },
          done,
        )
        open.add(call)
        call.on('error', fail)
        call.once('close', () => open.delete(call))
        call.end(body)
      })
    }

    return {
      send,
      agreed(agreed) {
        version = agreed
        void listen().catch(() => undefined) // it is lost for calls as well then, and told there
      },
      async close() {
        closing.abort()
        for (const call of open) call.destroy()
        egress.close()
      },
    }
  }

/** How often a stream is taken up again for one answer; then the call counts as one without an answer. */
const mostReturns = 100
/** The longest pause that a server may ask for before its stream is taken up again; a longer one is cut to this. */
const mostRetryMs = 30_000
/** Of a server's refusal, to say its cause; the text of a longer one is not quoted. */
const mostRefusalBytes = 64 << 10

const lowerCased = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

async function whole(answer: IncomingMessage, bytes: number): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > bytes) throw new Error('too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function readInto(answer: IncomingMessage, events: { read(piece: string): void }, bytes: number): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let size = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > bytes) throw new Error('too large')
    events.read(decoder.write(piece))
  }
}

const Answer = z.union([z.object({ id: z.unknown(), result: z.unknown() }), z.object({ error: z.object({}) })])

function isAnswer(text: string): boolean {
  try {
    return !text.includes('"method"') && Answer.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

const Failure = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) })

/** What a refusal says of itself, if that is text for a person. */
function sayable(body: string): string {
  try {
    const { error } = Failure.parse(JSON.parse(body))
    return (typeof error === 'string' ? error : error.message).slice(0, 300)
  } catch {
    return ''
  }
}
