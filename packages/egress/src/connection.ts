/**
 * One connection: a request goes out, its answer comes in, then another.
 *
 * @module
 */
import type { Socket } from 'node:net'
import { type Answer, type AnswerParts, createAnswer } from './answer.ts'
import { createReader } from './reader.ts'

/** A request, and who hears what becomes of it. */
export interface Call {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Names and values in turn; how long the body is stands there. */
  readonly headers: readonly string[]
  /** Sent with the head. */
  readonly body?: Uint8Array | undefined
  /** In its place: called once the head has left, and the body follows (`write`, `finish`). */
  pour?(): void
  /** Once it has begun to come; not if it fails before. */
  answered(answer: Answer): void
  /** Once, unless a whole answer came; also behind `answered`. */
  failed(error: Error): void
}

/** A call on its way. */
export interface Exchange {
  readonly call: Call
  /** The connection stood, and bytes have left: it may have arrived. */
  reached: boolean
  /** All of the request was handed over. */
  sent: boolean
  answer: AnswerParts | undefined
  /** Milliseconds: when something came last. */
  cameAt: number
  /** It has ended, or nobody hears of it any more. */
  over: boolean
}

export interface Connection {
  readonly socket: Socket
  /** Another call may be carried. */
  readonly free: boolean
  /** How long it may idle before its other side may have ended it. */
  readonly staysOpenMs: number
  /** At once, or as soon as it stands. */
  carry(exchange: Exchange): void
  /** More of the body; false where there is no room. */
  write(part: Uint8Array): boolean
  /** The body is all there. */
  finish(last: Uint8Array | undefined): void
  /** Ends it, and what it carries. */
  end(error: Error): void
}

export interface ConnectionParts {
  readonly socket: Socket
  /** When it stands: `connect`, or `secureConnect` where it is encrypted. */
  readonly stands: 'connect' | 'secureConnect'
  now(): number
  /** It carries nothing any more, and may carry another call. */
  idle(connection: Connection): void
  /** What it carried has ended, however it did. */
  ended(exchange: Exchange): void
}

/** A body up to this size goes out in one piece with its head. */
const pieceBytes = 16_384

export function createConnection({ socket, stands, now, idle, ended }: ConnectionParts): Connection {
  let carried: Exchange | undefined
  let standing = false
  let told = false
  let failure: Error | undefined
  const coming = {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => connection.end(new Error('nobody reads')),
  }
  const reader = createReader({
    head(head) {
      if (carried) carried.answer = createAnswer(head, coming)
    },
    part: (bytes) => carried?.answer?.push(bytes),
    end: (trailers) => carried?.answer?.end(trailers),
  })

  const connection: Connection = {
    socket,
    get free() {
      return carried === undefined && reader.goesOn && !socket.destroyed && socket.readable && socket.writable
    },
    get staysOpenMs() {
      return reader.staysOpenMs
    },
    carry(exchange) {
      carried = exchange
      told = false
      if (standing) begin(exchange)
    },
    write: (part) => socket.write(part),
    finish(last) {
      if (!carried) return
      if (last && last.length > 0) socket.write(last)
      carried.sent = true
      if (carried.answer?.complete) release(carried)
    },
    end(error) {
      failure ??= error
      socket.destroy()
      lost()
    },
  }

  socket.once(stands, () => {
    standing = true
    if (carried) begin(carried)
  })
  socket.on('data', heard)
  socket.on('end', () => {
    reader.over()
    settle()
    connection.end(closedByOther())
  })
  socket.on('error', (error) => connection.end(error))
  socket.on('close', () => connection.end(closedByOther()))
  return connection

  function begin(exchange: Exchange): void {
    const { call } = exchange
    let text: string
    try {
      text = headOf(call)
    } catch (error) {
      return connection.end(error as Error)
    }
    exchange.reached = true
    exchange.cameAt = now()
    reader.expect(call.method)
    const { body } = call
    if (body === undefined || body.length === 0) socket.write(text, 'latin1')
    else if (body.length <= pieceBytes) socket.write(text + latin1Of(body), 'latin1')
    else {
      socket.cork()
      socket.write(text, 'latin1')
      socket.write(body)
      socket.uncork()
    }
    exchange.sent = call.pour === undefined
    call.pour?.()
  }

  function heard(piece: Buffer): void {
    if (!carried?.reached) return connection.end(new Error('nobody asked'))
    carried.cameAt = now()
    try {
      reader.read(piece)
    } catch (error) {
      tell(carried)
      return connection.end(error as Error)
    }
    settle()
  }

  /** Tells of what has come. */
  function settle(): void {
    const exchange = carried
    if (!exchange?.answer) return
    if (exchange.answer.complete && exchange.sent) release(exchange)
    tell(exchange)
  }

  function tell(exchange: Exchange): void {
    const { answer, call } = exchange
    if (told || !answer) return
    told = true
    call.answered(answer)
    // Of an answer that nobody takes yet no more is read.
    if (!answer.complete && !answer.streams) socket.pause()
  }

  function release(exchange: Exchange): void {
    carried = undefined
    exchange.over = true
    ended(exchange)
    if (!reader.goesOn) return void socket.destroy()
    if (socket.isPaused()) socket.resume()
    idle(connection)
  }

  /** Whatever it carries ends with it. */
  function lost(): void {
    const exchange = carried
    if (!exchange) return
    carried = undefined
    exchange.over = true
    ended(exchange)
    if (exchange.answer?.complete) return
    const error = failure ?? closedByOther()
    exchange.answer?.fail(error)
    exchange.call.failed(error)
  }
}

const closedByOther = () => Object.assign(new Error('closed'), { code: 'ECONNRESET' })

const latin1Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** @throws Error for what would be more than the one request, or another */
function headOf({ method, path, headers }: Call): string {
  if (!/^[A-Z]+$/.test(method) || !/^[\x21-\x7E]+$/.test(path)) throw new Error('a request that cannot be written')
  let text = `${method} ${path} HTTP/1.1\r\n`
  for (let index = 0; index < headers.length; index += 2) {
    const [name = '', value = ''] = [headers[index], headers[index + 1]]
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7E\x80-\xFF]/.test(value))
      throw new Error('a header that cannot be written')
    text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}
