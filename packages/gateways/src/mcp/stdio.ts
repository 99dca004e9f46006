/**
 * `countersign mcp <server>`: a thin bridge for clients that start a program. Lines on stdin go to a running house's
 * `/mcp/<server>` with the agent's key, its answers come out on stdout. It judges nothing.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'

export interface StdioParts {
  readonly input: Readable
  readonly output: Writable
  /** `https://house.example/mcp/<server>` */
  readonly url: string
  readonly key: string
  readonly signal?: AbortSignal
}

/** Resolves when the input has ended and everything asked is answered, or when `signal` aborts. */
export async function serveStdio({ input, output, url, key, signal: stopped }: StdioParts): Promise<void> {
  const closing = new AbortController()
  const signal = stopped ? AbortSignal.any([stopped, closing.signal]) : closing.signal
  const open = new Set<Promise<void>>()
  let session: { readonly id: string; readonly version: string } | undefined
  /** Sent again if the house has forgotten the session (it was restarted). */
  let hello: string | undefined
  let listening: Promise<void> | undefined

  async function pass(line: string): Promise<void> {
    const about = About.safeParse(parsed(line)).data ?? {}
    try {
      let answer = await post(line)
      if (answer.status === 404 && session && hello !== undefined && about.method !== 'initialize') {
        const closed = await greet(hello, () => undefined)
        if (closed !== undefined) return fail(about, closed)
        answer = await post(line) // a 404 says that nothing was done with it
      }
      if (answer.ok) return await relay(answer, write)
      fail(about, saidIn(await answer.text()) ?? `The house answered with HTTP ${answer.status}.`)
    } catch {
      if (!signal.aborted) fail(about, 'The house could not be reached. Nothing is known to have run.')
    }
  }

  /** Undefined once a session is open, and the greeting is told; else why there is none. */
  async function greet(line: string, tell: (message: string) => void): Promise<string | undefined> {
    session = undefined
    const answer = await post(line)
    if (answer.status === 401) return 'The house does not know this key.'
    const message = await answer.text()
    const id = answer.headers.get('mcp-session-id')
    const version = Greeting.safeParse(parsed(message)).data?.result.protocolVersion
    if (id === null || version === undefined) return saidIn(message) ?? 'The house opened no session.'
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

  /** What the house has to tell unasked. Told once a connection; without it a client only learns later. */
  async function listen(): Promise<void> {
    try {
      const answer = await fetch(url, { headers: { ...headers(), accept: 'text/event-stream' }, signal })
      await relay(answer, write)
    } catch {
      // closed with the session, or with us
    } finally {
      listening = undefined
    }
  }

  function write(message: string): void {
    output.write(`${message}\n`)
  }

  /** A tool's answer where a tool was called: a model reads that, and an error may end its run. */
  function fail({ id, method }: About, message: string): void {
    if (id === undefined) return
    const result = { isError: true, content: [{ type: 'text', text: message }] }
    const said = method === 'tools/call' ? { result } : { error: { code: -32000, message } }
    write(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
  }

  for await (const line of lines(input, signal)) {
    const about = About.safeParse(parsed(line)).data ?? {}
    if (about.method === 'initialize') {
      hello = line
      const closed = await greet(line, write).catch(() => 'The house could not be reached.')
      if (closed !== undefined) fail(about, closed)
    } else if (about.method !== 'notifications/initialized') {
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

const About = z.object({ method: z.string().optional(), id: z.union([z.string(), z.number()]).optional() })
type About = z.infer<typeof About>
const Failure = z.object({ error: z.object({ message: z.string() }) })
const Greeting = z.object({ result: z.object({ protocolVersion: z.string() }) })

const saidIn = (text: string): string | undefined => Failure.safeParse(parsed(text)).data?.error.message

/** Only to see what it is; the house reads it strictly. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

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
  if (!type.startsWith('text/event-stream')) return tell(await answer.text())

  let rest = ''
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
      if (data.length > 0) tell(data.join('\n'))
    }
  }
}
