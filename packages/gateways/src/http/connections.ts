/**
 * What happens to a connection around one request: one at a time, answered exactly once, and let go of in order.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { CountersignError } from '@countersign/core'
import { textOf } from './forms.ts'
import { type Problem, problemOfError, say } from './refuse.ts'

/** `running` is called when the upstream is about to be called: from then on the run is seen to its end. */
export type Serve = (
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
  running: () => void,
) => Promise<void>

export interface Connections {
  serve(request: IncomingMessage, response: ServerResponse): void
  /** Answers what the parser refused. */
  fault(error: Error, socket: Duplex): void
  /** Lets go of the clients that wait for people, whose questions stay, and waits for what runs. */
  drain(): Promise<void>
}

export function createConnections(serve: Serve, failed: (error: unknown) => void): Connections {
  const busy = new Map<Duplex, ServerResponse>()
  const waiting = new Set<ServerResponse>()
  const open = new Set<Promise<void>>()
  let closing = false

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => {
      busy.delete(request.socket)
      if (!response.writableFinished) gone.abort()
    })
    // A second request before the first was answered could be someone else's, smuggled in behind it.
    if (busy.has(request.socket))
      return refuse(response, request, new CountersignError('ERR_INPUT_INVALID', { http: 'One at a time.' }))
    busy.set(request.socket, response)
    waiting.add(response)
    try {
      await serve(request, response, gone.signal, () => waiting.delete(response))
      if (!response.headersSent && !response.destroyed)
        throw new CountersignError('ERR_INTERNAL', 'nothing was answered')
    } catch (error) {
      if (!gone.signal.aborted) failed(error)
      refuse(response, request, error)
    } finally {
      waiting.delete(response)
    }
  }

  return {
    serve(request, response) {
      if (closing) return void response.destroy()
      const answered = answer(request, response).finally(() => open.delete(answered))
      open.add(answered)
    },
    fault(error, socket) {
      const response = busy.get(socket)
      if (!socket.writable || response?.headersSent) socket.destroy()
      else socket.end(rawAnswer(faultProblem(error)), () => socket.destroy())
    },
    async drain() {
      closing = true
      for (const response of waiting) response.destroy()
      await Promise.allSettled(open)
    },
  }
}

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
