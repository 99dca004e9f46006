/**
 * What happens to a connection around one request: one at a time, answered exactly once, and let go of in order.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CountersignError, createCrowd, createSignal, type Signal } from '@countersign/core'
import { createCut, type Cutter } from './cut.ts'
import { textOf } from './forms.ts'
import type { Problem } from './problem.ts'
import { problemOfError, say } from './refuse.ts'

export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Aborted when the client hung up, or when nobody may be kept waiting any more because Countersign is closing. */
  readonly signal: Signal
  /** Ends a run that cannot be waited for any longer, or may go on no longer. */
  readonly cut: Cutter
  /** Told once it is proven whose call this is. @throws ERR_TOO_MANY */
  known(credential: string): void
  closing(): boolean
}

export type Serve = (call: Call) => Promise<void>

export interface Limits {
  /** Connections of one credential, and of one address whose credential is not known yet. */
  readonly maxConnectionsPerCredential: number
  readonly maxConnectionsPerSource: number
  /** How long runs under way have, from when it is closed, until they are cut off. */
  readonly closeWithinMs: number
}

export interface Connections {
  /** Told of each connection when it is opened; one too many of a source is ended. */
  opened(socket: Socket): void
  serve(request: IncomingMessage, response: ServerResponse): void
  /** Answers what the parser refused. */
  fault(error: Error, socket: Duplex): void
  /**
   * Answers everyone who still waits that nothing was run, and waits for what runs, which gets its answer. When that takes
   * too long it is cut off, recorded as what it is then.
   */
  drain(): Promise<void>
}

export function createConnections(serve: Serve, failed: (error: unknown) => void, limits: Limits): Connections {
  const busy = new Map<Duplex, ServerResponse>()
  const open = new Map<ServerResponse, Opened>()
  const crowds = createCrowds(limits)
  let closing = false

  async function answer(request: IncomingMessage, response: ServerResponse, { gone, cut }: Opened): Promise<void> {
    const { socket } = request
    response.once('close', () => {
      busy.delete(socket)
      if (!response.writableFinished) gone.abort()
    })
    // A second request before the first was answered could be someone else's, smuggled in behind it.
    if (busy.has(socket))
      return refuse(response, request, new CountersignError('ERR_INPUT_INVALID', { http: 'One at a time.' }))
    busy.set(socket, response)
    try {
      if (closing) throw new CountersignError('ERR_CLOSING')
      await serve({
        request,
        response,
        signal: gone.signal,
        cut,
        known: (credential) => crowds.known(socket, credential),
        closing: () => closing,
      })
      if (!response.headersSent && !response.destroyed)
        throw new CountersignError('ERR_INTERNAL', 'nothing was answered')
    } catch (error) {
      if (!gone.signal.aborted) failed(error)
      refuse(response, request, error)
    }
  }

  return {
    opened: crowds.opened,
    serve(request, response) {
      const opened: Opened = {
        request,
        gone: createSignal(),
        cut: createCut(),
        over: Promise.resolve(),
      }
      open.set(response, opened)
      opened.over = answer(request, response, opened).finally(() => open.delete(response))
    },
    fault(error, socket) {
      const response = busy.get(socket)
      if (!socket.writable || response?.headersSent) socket.destroy()
      else socket.end(rawAnswer(faultProblem(error)), () => socket.destroy())
    },
    async drain() {
      closing = true
      for (const [response, { request, gone }] of open) {
        if (!request.complete) {
          // Whoever reads its body hears of the end only from the request itself.
          response.once('close', () => request.destroy())
          refuse(response, request, new CountersignError('ERR_CLOSING'))
        } else if (!response.headersSent) response.setHeader('connection', 'close')
        gone.abort()
      }
      const late = setTimeout(() => {
        for (const { cut } of open.values()) cut.end('Countersign is closing')
      }, limits.closeWithinMs)
      const last = setTimeout(() => {
        for (const response of open.keys()) response.destroy()
      }, limits.closeWithinMs + lastWordsMs)
      await Promise.allSettled([...open.values()].map(({ over }) => over))
      clearTimeout(late)
      clearTimeout(last)
    },
  }
}

interface Opened {
  readonly request: IncomingMessage
  readonly gone: ReturnType<typeof createSignal>
  readonly cut: Cutter
  over: Promise<void>
}

/** For a client to take in what became of a call that was cut off. */
const lastWordsMs = 2_000

/** Counts a connection as its source's, and from the first call whose sender is known as that credential's. */
function createCrowds({ maxConnectionsPerCredential, maxConnectionsPerSource }: Limits) {
  const sources = createCrowd(maxConnectionsPerSource)
  const credentials = createCrowd(maxConnectionsPerCredential)
  const owners = new Map<string, { readonly who: string | undefined; leave(): void }>()

  return {
    opened(socket: Socket): void {
      const end = endOf(socket)
      const leave = sources.enter(socket.remoteAddress ?? '')
      if (!leave) return void socket.destroy()
      owners.set(end, { who: undefined, leave })
      socket.once('close', () => {
        owners.get(end)?.leave()
        owners.delete(end)
      })
    },
    /** @throws ERR_TOO_MANY */
    known(socket: Socket, credential: string): void {
      const end = endOf(socket)
      const owner = owners.get(end)
      if (!owner || owner.who === credential) return
      const leave = credentials.enter(credential)
      if (!leave) throw new CountersignError('ERR_TOO_MANY')
      owner.leave()
      owners.set(end, { who: credential, leave })
    },
  }
}

/** The same of a connection and of what is spoken within it (TLS). */
const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

/** The connection ends with it: after what could not be read, nobody knows where the next request begins. */
function refuse(response: ServerResponse, request: IncomingMessage, error: unknown): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  response.setHeader('connection', 'close')
  say(response, problemOfError(error))
  request.resume()
}

function faultProblem(error: Error): Problem {
  const code = 'code' in error ? error.code : undefined
  if (code === 'HPE_HEADER_OVERFLOW') return problemOfError(new CountersignError('ERR_HEADERS_TOO_LARGE'))
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, type: 'error:ERR_INPUT_INVALID', title: 'This request did not arrive in time.' }
  }
  return problemOfError(new CountersignError('ERR_INPUT_INVALID'))
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

function rawAnswer(problem: Problem): string {
  const body = textOf(problem)
  return [
    `HTTP/1.1 ${problem.status} ${reasons[problem.status] ?? 'Bad Request'}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
