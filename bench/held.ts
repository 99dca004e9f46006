/**
 * Clients whose calls are held for people: each has a connection of its own and waits on it, over HTTP and over MCP.
 *
 * @module
 */
import { setMaxListeners } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { BenchInstance } from './instance.ts'

export interface Held {
  readonly approval: string
  /** Whether the client was answered by the upstream in the end. */
  readonly answered: Promise<boolean>
}

export interface Clients {
  held(): number
  open(count: number): Promise<void>
  take(): Held
  close(): void
}

/** Opens one more; `one` counts from 1, and `closed` ends every wait. */
type OpenOne = (one: number, closed: AbortSignal) => Promise<Held>

export function holdClients(openOne: OpenOne): Clients {
  const waiting: Held[] = []
  let opened = 0
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)

  return {
    held: () => waiting.length,
    async open(count) {
      let left = count
      const worker = async () => {
        while (left-- > 0) {
          const held = await openOne((opened += 1), closing.signal)
          held.answered.catch(() => undefined) // cut off at the end
          waiting.push(held)
        }
      }
      await Promise.all(Array.from({ length: 16 }, worker))
    },
    take() {
      const one = waiting.shift()
      if (!one) throw new Error('Nobody waits.')
      return one
    },
    close: () => closing.abort(),
  }
}

/** Asked first without waiting, to know the question; then the same again, which joins it and waits. */
export function overHttp({ gatewayUrl, key }: BenchInstance): OpenOne {
  const url = new URL('/bench/exports', gatewayUrl)
  const asking = new Agent({ keepAlive: true })

  return async (one, closed) => {
    const body = JSON.stringify({ ref: `ref-${one}`, rows: 2_000 })
    const about = (wait: number) => ({ authorization: `Bearer ${key}`, prefer: `wait=${wait}` })
    const { status, text } = await all(await post({ url, body, headers: about(0), agent: asking, signal: closed }))
    if (status !== 428) throw new Error(`The question was not opened: ${status} ${text}`)
    const { approval } = JSON.parse(text) as { approval: string }
    const waits = post({ url, body, headers: about(3_600), agent: false, signal: closed })
    return { approval, answered: waits.then(all).then((answer) => answer.status === 200) }
  }
}

/** Of one agent and of one session, fewer than may be open (`docs/limits.md`). */
const [mostOfAgent, mostOfSession] = [900, 90]

/** The call itself waits, on a stream of events, of which the first that says something names the question. */
export function overMcp({ url: origin, addAgent }: BenchInstance): OpenOne {
  const url = new URL('/mcp/bench', origin.replace('localhost', '127.0.0.1'))
  const common = { accept: 'application/json, text/event-stream', host: new URL(origin).host }
  const keys = new Map<number, Promise<string>>()
  const sessions = new Map<number, Promise<Record<string, string>>>()
  const once = <T>(made: Map<number, T>, which: number, make: () => T): T => {
    const known = made.get(which) ?? make()
    made.set(which, known)
    return known
  }

  async function openSession(agent: number, signal: AbortSignal): Promise<Record<string, string>> {
    const key = await once(keys, agent, () => addAgent(`bench-bot-${agent}`))
    const headers = { ...common, authorization: `Bearer ${key}` }
    const clientInfo = { name: 'claude-code', version: '1' } // one that waits as long as it is told of progress
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
    const hello = await post({ url, body, headers, agent: false, signal })
    const session = hello.headers['mcp-session-id']
    const { status, text } = await all(hello)
    if (typeof session !== 'string') throw new Error(`No session was opened: ${status} ${text}`)
    return { ...headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' }
  }

  return async (one, signal) => {
    const agent = Math.floor(one / mostOfAgent)
    const session = once(sessions, Math.floor(one / mostOfSession), () => openSession(agent, signal))
    const params = {
      name: 'echo',
      arguments: { text: `ref-${one}`, rows: 2_000 },
      _meta: { progressToken: `token-${one}` },
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: one, method: 'tools/call', params })
    // An address of the client's has half of the places.
    const localAddress = `127.0.0.${2 + (one % 4)}`
    const response = await post({ url, body, headers: await session, agent: false, signal, localAddress })
    return heldIn(response)
  }
}

/** Keeps of the stream what came last. */
function heldIn(response: IncomingMessage): Promise<Held> {
  let tail = ''
  return new Promise((resolve, reject) => {
    const answered = new Promise<boolean>((settle, fail) => {
      response.once('error', fail).once('end', () => settle(tail.includes('bare answer')))
    })
    answered.then(
      () => reject(new Error(`The call was not held: ${tail}`)),
      (error: unknown) => reject(error as Error),
    )
    response.setEncoding('utf8').on('data', (piece: string) => {
      tail = (tail + piece).slice(-1_000)
      const approval = /apr_[\w-]+/.exec(tail)?.[0]
      if (approval !== undefined) resolve({ approval, answered })
    })
  })
}

interface Sent {
  readonly url: URL
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly agent: Agent | false
  readonly signal: AbortSignal
  readonly localAddress?: string
}

function post({ url, body, headers, ...about }: Sent): Promise<IncomingMessage> {
  const given = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers }
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers: given, ...about }, resolve)
      .once('error', reject)
      .end(body)
  })
}

async function all(response: IncomingMessage): Promise<{ status: number; text: string }> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += String(piece)
  return { status: response.statusCode ?? 0, text }
}
