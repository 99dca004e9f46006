/**
 * Requests over connections that are kept open: one at a time on each, and never on one that may have been closed. None is sent
 * twice: what could not be sent for certain goes over another connection, everything else has failed.
 *
 * @module
 */
import type { Socket } from 'node:net'
import { type Call, type Connection, createConnection, type Exchange } from './connection.ts'

export type { Call } from './connection.ts'

/** Ends that an upstream cannot put off. */
export interface Limits {
  /**
   * How long the connection may be silent; a connection may take as long to be made, and the head of an answer to come once the
   * request is sent, so that neither interim answers nor single bytes lengthen it.
   */
  readonly silenceMs: number
  /** How long the whole call may take. */
  readonly longestMs: number
}

/** What is said of a call that took too long. */
export class Overdue extends Error {
  override readonly name = 'Overdue'
  readonly code: 'CALL_SILENT' | 'CALL_TOO_LONG'
  constructor(code: Overdue['code']) {
    super(code)
    this.code = code
  }
}

/** A call that is under way. */
export interface Calling {
  /** It may have arrived. */
  readonly reached: boolean
  /** It has ended, or its answer is all there. */
  readonly over: boolean
  /** More of its body, once there is room for it. */
  write(part: Uint8Array): Promise<void>
  finish(last: Uint8Array | undefined): void
  /** Ends it where it stands: `failed` is told, unless it had ended. */
  end(error: Error): void
}

export interface Calls {
  send(call: Call, limits: Limits): Calling
  close(): void
}

export interface CallsParts {
  /** A connection on its way. @throws where the address is refused */
  open(): Socket
  readonly stands: 'connect' | 'secureConnect'
  now(): number
  /** How long a connection may idle; one that did for longer carries nothing any more. */
  readonly idleMs: number
}

/** A kept connection is given up so long before its other side would end it, as that says. */
const marginMs = 1_000
/** How often idle connections are looked for that may be ended. */
const tidyMs = 1_000
/** Calls that take too long are looked for so often in the shortest time that one of them may be silent. */
const looks = 10

interface Under extends Exchange {
  readonly limits: Limits
  readonly begunAt: number
  connection: Connection | undefined
  /** When all of the request had left; undefined before. */
  leftAt: number | undefined
  /** Bytes that had left when it was looked at, and since when. */
  leaving: { bytes: number; since: number }
}

export function createCalls({ open, stands, now, idleMs }: CallsParts): Calls {
  /** The one that was used last is last. */
  const idle: Connection[] = []
  /**
   * When its last request was handed to it. Its other side counts from its answer on, of which a process that was held hears late;
   * it has not begun to count before it was asked.
   */
  const asked = new WeakMap<Connection, number>()
  const under = new Set<Under>()
  const connections = new Set<Connection>()
  let closed = false
  let looking: { readonly timer: NodeJS.Timeout; readonly everyMs: number } | undefined

  return {
    send(call, limits) {
      const at = now()
      const exchange: Under = {
        call,
        limits,
        begunAt: at,
        cameAt: at,
        reached: false,
        sent: false,
        over: false,
        answer: undefined,
        connection: undefined,
        leftAt: undefined,
        leaving: { bytes: -1, since: at },
      }
      under.add(exchange)
      lookEvery(Math.min(tidyMs, Math.ceil(Math.min(limits.silenceMs, limits.longestMs) / looks)))
      begin(exchange)
      return callingOf(exchange)
    },
    close() {
      closed = true
      if (looking) clearInterval(looking.timer)
      for (const exchange of under) fail(exchange, new Error('closing'))
      for (const { socket } of connections) socket.destroy()
    },
  }

  function begin(exchange: Under): void {
    const connection = kept()
    if (!connection) return carry(connect(exchange), exchange)
    // What its other side has said meanwhile is heard first: that it has closed it, or what nobody asked for.
    setImmediate(() => {
      if (exchange.over || closed) connection.socket.destroy()
      else if (connection.free) carry(connection, exchange)
      else begin(exchange)
    })
  }

  function carry(connection: Connection | undefined, exchange: Under): void {
    if (!connection) return
    exchange.connection = connection
    asked.set(connection, now())
    connection.carry(exchange)
  }

  function connect(exchange: Under): Connection | undefined {
    let socket: Socket
    try {
      socket = open()
    } catch (error) {
      queueMicrotask(() => fail(exchange, error as Error))
      return undefined
    }
    const connection = createConnection({
      socket,
      stands,
      now,
      // Once its other side had a turn to close it: some do so right behind their answer, and do not say it.
      idle: (free) => void setImmediate(() => idle.push(free)),
      ended: (over) => void under.delete(over as Under),
    })
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
    return connection
  }

  function kept(): Connection | undefined {
    for (let last = idle.pop(); last; last = idle.pop()) {
      if (last.free && !isStale(last)) return last
      last.socket.destroy()
    }
    return undefined
  }

  /** A process that was held, with its timers, would send first and hear afterwards that the other side had closed. */
  function isStale(connection: Connection): boolean {
    return now() - (asked.get(connection) ?? 0) >= Math.min(idleMs, connection.staysOpenMs - marginMs)
  }

  function fail(exchange: Under, error: Error): void {
    if (exchange.connection) return exchange.connection.end(error)
    if (exchange.over) return
    exchange.over = true
    under.delete(exchange)
    exchange.call.failed(error)
  }

  function callingOf(exchange: Under): Calling {
    return {
      get reached() {
        return exchange.reached
      },
      get over() {
        return exchange.over
      },
      async write(part) {
        const { connection } = exchange
        if (exchange.over || !connection || connection.write(part)) return
        await roomIn(connection.socket)
      },
      finish(last) {
        if (!exchange.over) exchange.connection?.finish(last)
      },
      end(error) {
        if (!exchange.over) fail(exchange, error)
      },
    }
  }

  /** One timer for all of them. */
  function lookEvery(everyMs: number): void {
    if (looking && looking.everyMs <= everyMs) return
    if (looking) clearInterval(looking.timer)
    looking = { timer: setInterval(look, everyMs), everyMs }
    looking.timer.unref()
  }

  function look(): void {
    const at = now()
    for (const exchange of under) {
      const code = overdue(exchange, at)
      if (code) fail(exchange, new Overdue(code))
    }
    const stale = idle.findLastIndex(isStale)
    for (const { socket } of idle.splice(0, stale + 1)) socket.destroy()
    if (under.size > 0 || idle.length > 0 || !looking) return
    clearInterval(looking.timer)
    looking = undefined
  }
}

function overdue(exchange: Under, at: number): Overdue['code'] | undefined {
  const { begunAt, limits, reached, sent, answer, connection } = exchange
  if (at - begunAt >= limits.longestMs) return 'CALL_TOO_LONG'
  const silentSince = (since: number) => (at - since >= limits.silenceMs ? 'CALL_SILENT' : undefined)
  if (!connection || !reached) return silentSince(begunAt)
  const { socket } = connection
  // Whoever takes the answer sets the pace, and is held to it where it is taken.
  if (answer) {
    if (socket.isPaused()) exchange.cameAt = at
    return silentSince(exchange.cameAt)
  }
  const bytes = socket.bytesWritten - socket.writableLength
  if (bytes !== exchange.leaving.bytes) exchange.leaving = { bytes, since: at }
  if (sent && socket.writableLength === 0) exchange.leftAt ??= exchange.leaving.since
  return silentSince(exchange.leftAt ?? exchange.leaving.since)
}

function roomIn(socket: Socket): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      socket.off('drain', go).off('close', go)
      done()
    }
    socket.on('drain', go).on('close', go)
  })
}
