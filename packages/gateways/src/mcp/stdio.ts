/**
 * `countersign mcp <server>`: a thin bridge for clients that start a program. Lines on stdin go to the
 * `/mcp/<server>` of a running instance with the agent's key, its answers come out on stdout. It judges nothing.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { createEventReader } from './events.ts'
import { inOneLine } from './spans.ts'

export interface StdioParts {
  readonly input: Readable
  readonly output: Writable
  /** `https://countersign.example/mcp/<server>` */
  readonly url: string
  readonly key: string
  readonly signal?: AbortSignal
}

/**
 * Resolves when the input has ended and everything asked is answered, or when `signal` aborts. Every request gets an
 * answer: Countersign's, or, where that does not come, one of our own that says so.
 */
export async function serveStdio({ input, output, url, key, signal: stopped }: StdioParts): Promise<void> {
  const closing = new AbortController()
  const signal = stopped ? AbortSignal.any([stopped, closing.signal]) : closing.signal
  const open = new Set<Promise<void>>()
  let session: { readonly id: string; readonly version: string } | undefined
  /** Sent again if the session is over. */
  let hello: string | undefined
  let listening: Promise<void> | undefined

  async function pass(line: string): Promise<void> {
    const unanswered = new Map(askedIn(line).map((asked) => [keyOf(asked.id), asked]))
    let says = notReached
    try {
      let answer = await post(line)
      says = lost
      if (answer.status === 404 && session && hello !== undefined) {
        const closed = await greet(hello, () => undefined)
        if (closed !== undefined) return failAll(unanswered, closed)
        answer = await post(line) // a 404 says that nothing was done with it
      }
      if (answer.ok) {
        await relay(answer, (message) => {
          for (const id of answersIn(message)) unanswered.delete(keyOf(id))
          write(message)
        })
      } else says = saidIn(await answer.text()) ?? `Countersign answered with HTTP ${answer.status}.`
    } catch (error) {
      if (says === notReached && !isNotReached(error)) says = lost
    }
    failAll(unanswered, stopped?.aborted ? bridgeCloses : says)
  }

  function failAll(unanswered: ReadonlyMap<string, Asked>, says: string): void {
    for (const asked of unanswered.values()) fail(asked, says)
  }

  /** Undefined once a session is open, and the greeting is told; else why there is none. */
  async function greet(line: string, tell: (message: string) => void): Promise<string | undefined> {
    session = undefined
    const answer = await post(line)
    if (answer.status === 401) return 'Countersign does not know this key.'
    const message = await answer.text()
    const id = answer.headers.get('mcp-session-id')
    const version = Greeting.safeParse(parsed(message)).data?.result.protocolVersion
    if (id === null || version === undefined) return saidIn(message) ?? 'Countersign opened no session.'
    session = { id, version }
    tell(message)
    const ready = await post(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }))
    await ready.body?.cancel()
    listening ??= listen()
    return undefined
  }

  const post = (line: string) => fetch(url, { method: 'POST', headers: headers(), body: line, signal })

  const headers = () => ({
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(session && { 'mcp-session-id': session.id, 'mcp-protocol-version': session.version }),
  })

  /**
   * What is told unasked; again and again, since the instance may be started anew. What was told meanwhile may be a
   * change of tools.
   */
  async function listen(): Promise<void> {
    for (let turn = 0; !signal.aborted; turn += 1) {
      try {
        const answer = await fetch(url, { headers: { ...headers(), accept: 'text/event-stream' }, signal })
        if (answer.ok && turn > 0) write('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}')
        if (answer.ok) turn = 0
        await relay(answer, write)
      } catch {
        // not there, or no more: it is tried again
      }
      await pause(Math.min(30_000, 500 * 2 ** turn), undefined, { signal }).catch(() => undefined)
    }
  }

  function write(message: string): void {
    output.write(`${message}\n`)
  }

  /** A tool's answer where a tool was called: a model reads that, and an error may end its run. */
  function fail({ id, method }: Asked, message: string): void {
    const result = { isError: true, content: [{ type: 'text', text: message }] }
    const said = method === 'tools/call' ? { result } : { error: { code: -32000, message } }
    write(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
  }

  for await (const line of lines(input, signal)) {
    const [first] = askedIn(line)
    if (first?.method === 'initialize') {
      hello = line
      const closed = await greet(line, write).catch(() => notReached)
      if (closed !== undefined) fail(first, closed)
    } else if (About.safeParse(parsed(line)).data?.method !== 'notifications/initialized') {
      const passing = pass(line).finally(() => open.delete(passing))
      open.add(passing)
    }
  }
  await Promise.allSettled(open)
  if (session && !signal.aborted)
    await fetch(url, { method: 'DELETE', headers: headers(), signal }).catch(() => undefined)
  closing.abort()
  await listening
}

const notReached = 'NOT EXECUTED. Countersign could not be reached.'
const lost =
  'The connection to Countersign was lost before its answer came, so it is not known whether this was executed. ' +
  'The same call, sent again, finds its question or its outcome.'
const bridgeCloses =
  'The bridge to Countersign is closing, so it is not known whether this was executed. ' +
  'The same call, sent again, finds its question or its outcome.'

const Id = z.union([z.string(), z.number()])
const About = z.object({ method: z.string(), id: Id.optional() })
const Reply = z.object({ id: Id, method: z.undefined().optional() })
interface Asked {
  readonly id: z.infer<typeof Id>
  readonly method: string
}
const Failure = z.object({ error: z.object({ message: z.string() }) })
const Greeting = z.object({ result: z.object({ protocolVersion: z.string() }) })

const keyOf = (id: z.infer<typeof Id>): string => `${typeof id}:${id}`

/** The requests of one line; older clients send several. */
function askedIn(line: string): Asked[] {
  return [parsed(line)].flat().flatMap((each) => {
    const { method = '', id } = About.safeParse(each).data ?? {}
    return id === undefined ? [] : [{ id, method }]
  })
}

const answersIn = (message: string) => [parsed(message)].flat().flatMap((each) => Reply.safeParse(each).data?.id ?? [])

const Cause = z.object({ cause: z.object({ code: z.string() }) })

/** Told before anything could be sent. */
const isNotReached = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    Cause.safeParse(error).data?.cause.code ?? '',
  )

const saidIn = (text: string): string | undefined => Failure.safeParse(parsed(text)).data?.error.message

/** Only to see what it is; Countersign reads it strictly. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/**
 * Of one line, as of one message over HTTP. A longer one ends the connection, since nothing tells where the next
 * begins.
 */
const mostCharacters = 10 << 20

async function* lines(input: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const stop = () => input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  let rest = ''
  try {
    for await (const piece of input.setEncoding('utf8')) {
      const parts = (rest + String(piece)).split('\n')
      rest = parts.pop() ?? ''
      if (rest.length > mostCharacters) throw new Error('A line is too long.')
      yield* parts.filter((part) => part.trim() !== '')
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Tells each message of an answer, whether it is one JSON document or a stream of events. */
async function relay(answer: Response, tell: (message: string) => void): Promise<void> {
  const type = answer.headers.get('content-type') ?? ''
  if (!answer.ok || !answer.body || answer.status === 202) return answer.body?.cancel()
  if (!type.startsWith('text/event-stream')) return tell(inOneLine(await answer.text()))

  const events = createEventReader(({ name, data }) => name === 'message' && tell(inOneLine(data)), mostCharacters)
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) events.read(piece)
}
