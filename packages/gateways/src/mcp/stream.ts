/**
 * Where answers go: one JSON document where all there is to say is the answer itself, or server-sent events: headers at once,
 * signs of life, and the messages that count.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answered, say } from './wire.ts'

/** A request and its response, on a connection that may carry others. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Where the answer to one request goes, and what is told before it. */
export interface Outlet {
  /** For messages of which only the newest counts: it replaces one that was not taken yet, so memory stays bounded. */
  offer(message: string): void
  /** An SSE comment. Clients do not count it; what lies between us and them does. */
  breathe(): void
  /** Sends the last message (JSON in one line), if there is one. True if all of it went out before the client hung up. */
  finish(message?: string): Promise<boolean>
}

export interface EventStream extends Outlet {
  /** Settles when nothing more can be sent: true if the client has taken everything. */
  readonly over: Promise<boolean>
  /** Sends one message of several; true once it was taken. `event` is `message` by default. */
  tell(message: string, event?: string): Promise<boolean>
  /** The outlet of one request among several on this stream. */
  part(key: string): Outlet
}

/** How long a client may take to fetch a message before it counts as not delivered; then its connection is ended. */
const fetchWithinMs = 30_000
/** Of messages that wait to be fetched, in characters; a client that lets more pile up has gone. */
const mostWaiting = 32 << 20

/** The one answer to one request: a document, unless something is told before it. `left`: the client hung up before it had all. */
export function openAnswer(exchange: Exchange, left: () => void): Outlet {
  let stream: EventStream | undefined
  let done = false
  const attended = whenGone(exchange, () => {
    done = true
    left()
  })
  const events = () => {
    if (!stream) attended.leave()
    return (stream ??= openEventStream(exchange, left))
  }
  return {
    offer: (message) => void (done || events().offer(message)),
    breathe: () => void (done || events().breathe()),
    async finish(message) {
      if (done) return false
      done = true
      if (stream || message === undefined) return events().finish(message) // one that was cancelled is given no answer
      attended.leave()
      return deliver(exchange, message)
    },
  }
}

/** Delivered once all of it was handed to the connection. */
function deliver({ request, response }: Exchange, message: string): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (taken: boolean) => {
      clearTimeout(late)
      attended.leave()
      resolve(taken)
    }
    const late = setTimeout(() => {
      end(false)
      response.destroy()
    }, fetchWithinMs)
    const attended = whenGone({ request, response }, () => end(false))
    response.once('finish', () => end(true))
    say(request, response, answered(message))
  })
}

/** A response that waits behind another on its connection hears nothing of its end; the connection does. */
function whenGone({ request: { socket }, response }: Exchange, gone: () => void): { leave(): void } {
  if (socket.destroyed || response.destroyed) {
    queueMicrotask(gone)
    return { leave: () => undefined }
  }
  const closing = response.socket ? response : socket.setMaxListeners(0)
  closing.once('close', gone)
  return { leave: () => void closing.off('close', gone) }
}

interface Piece {
  readonly text: string
  settle(taken: boolean): void
}

/** `left` is called when the client hung up before it had everything. */
export function openEventStream(
  exchange: Exchange,
  left = (): void => {},
  headers: Readonly<Record<string, string>> = {},
): EventStream {
  const { response } = exchange
  // The comment makes every server in between send the headers now: some wait for a first byte.
  const waiting: Piece[] = [{ text: ': countersign\n\n', settle() {} }]
  const newest = new Map<string, string>()
  let taking: Piece | undefined
  let held = 0
  let ending = false
  let gone = false
  let settle: (taken: boolean) => void = () => {}
  const over = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  const attended = whenGone(exchange, hangUp)
  response.writeHead(200, { ...eventHeaders, ...headers })
  next()

  function hangUp(): void {
    if (gone) return
    gone = true
    ending = true
    newest.clear()
    for (const piece of [taking, ...waiting.splice(0)]) piece?.settle(false)
    settle(false)
    left()
    response.destroy()
  }

  /** One piece at a time is with the connection, so that what is newest by then comes after it. */
  function next(): void {
    if (taking || gone) return
    taking = waiting.shift() ?? newestPiece()
    if (taking) {
      held -= taking.text.length
      response.write(taking.text, took)
    } else if (ending && !response.writableEnded) {
      response.once('finish', () => {
        attended.leave()
        settle(true)
      })
      response.end()
    }
  }

  function took(error?: Error | null): void {
    if (error) return hangUp()
    const piece = taking
    taking = undefined
    piece?.settle(true)
    next()
  }

  function newestPiece(): Piece | undefined {
    const [first] = newest
    if (!first) return undefined
    newest.delete(first[0])
    held += first[1].length
    return { text: first[1], settle() {} }
  }

  function renew(key: string, piece: string): void {
    if (ending) return
    newest.set(key, piece)
    next()
  }

  function tell(message: string, event = 'message'): Promise<boolean> {
    if (ending) return Promise.resolve(false)
    const text = asEvent(message, event)
    held += text.length
    if (held > mostWaiting) {
      hangUp()
      return Promise.resolve(false)
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, fetchWithinMs, false)
      waiting.push({
        text,
        settle(taken) {
          clearTimeout(timer)
          resolve(taken)
        },
      })
      next()
    })
  }

  const breathe = () => {
    if (newest.size === 0) renew('', ':\n\n')
  }

  return {
    over,
    tell,
    breathe,
    offer: (message) => renew('', asEvent(message)),
    part(key) {
      let done = false
      return {
        breathe,
        offer: (message) => void (done || renew(key, asEvent(message))),
        async finish(message) {
          if (done) return false
          done = true
          newest.delete(key)
          return message === undefined ? false : tell(message)
        },
      }
    },
    async finish(message) {
      if (ending) return false
      newest.clear()
      if (message !== undefined) void tell(message)
      ending = true
      next()
      const timer = setTimeout(hangUp, fetchWithinMs)
      try {
        return await over
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

const eventHeaders = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

const asEvent = (message: string, event = 'message'): string => `event: ${event}\ndata: ${message}\n\n`
