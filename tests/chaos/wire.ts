/**
 * A wire between an instance and its server that stops at a message: what is exactly between two steps of a commit can be
 * struck there, and not somewhere near it.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * Where it stops:
 * - `sent`: a batch has left the instance, and the server has nothing of it.
 * - `stood`: a batch stands, and the instance has not heard so.
 * - `copying`: the rows of a COPY have arrived, and its end has not.
 */
export type Seam = 'sent' | 'stood' | 'copying'

/** One connection, stopped both ways. */
export interface Stopped {
  /** The server's process at its other end. */
  readonly pid: number
  /** Everything goes on. Resolves to whether the batch that was `sent` was written. */
  letGo(): Promise<boolean>
  /** The connection ends both ways. */
  cut(): void
}

export interface Wire {
  /** In place of the server's own. */
  readonly host: string
  readonly port: number
  /** The server's processes that this wire leads to now. */
  readonly pids: ReadonlySet<number>
  /** Undefined if nothing comes there in time, or `signal` aborts. */
  stopAt(seam: Seam, signal: AbortSignal): Promise<Stopped | undefined>
  close(): Promise<void>
}

interface Wanted {
  readonly seam: Seam
  reached(stopped: Stopped): void
}

/** Kinds of messages (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const [parse, bind, copyDone, keyData, complete, ready] = ['P', 'B', 'c', 'K', 'C', 'Z']
/** How the statement of a batch is called (`commit/put.ts`). Where it is bound, a portal comes first that has no name. */
const batch = Buffer.from('put_')
/** Behind the kind and the length. */
const nameAt = 5
/** What a server that is ready says of a transaction: there is none. */
const outside = 'I'.charCodeAt(0)
/** What a batch that was written is answered. */
const written = 'SELECT 1\0'

export async function layWire(serverHost: string, serverPort: number): Promise<Wire> {
  let wanted: Wanted | undefined
  const open = new Set<Socket>()
  const pids = new Set<number>()

  const server = createServer((client) => {
    const far = connect(serverPort, serverHost)
    for (const socket of [client, far]) {
      socket.setNoDelay(true)
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    join(client, far)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    pids,
    stopAt(seam, signal) {
      return new Promise((resolve) => {
        const forget = () => {
          wanted = undefined
          resolve(undefined)
        }
        if (signal.aborted) return resolve(undefined)
        signal.addEventListener('abort', forget, { once: true })
        wanted = {
          seam,
          reached(stopped) {
            wanted = undefined
            signal.removeEventListener('abort', forget)
            resolve(stopped)
          },
        }
      })
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((closed) => void server.close(() => closed()))
    },
  }

  function join(client: Socket, far: Socket): void {
    let pid = 0
    /** A batch was sent, and its answer is not here yet. */
    let asked = false
    let won = false
    let tell: (won: boolean) => void = () => undefined
    /** What is not passed on while it is stopped. */
    let kept: (() => void)[] | undefined

    const pass = (to: Socket, message: Buffer) => {
      if (kept) kept.push(() => to.write(message))
      else to.write(message)
    }
    const cut = () => {
      client.destroy()
      far.destroy()
    }
    const stop = () => {
      kept = []
      const answered = new Promise<boolean>((resolve) => {
        tell = resolve
        client.once('close', () => resolve(false))
      })
      wanted?.reached({
        pid,
        cut,
        letGo() {
          const all = kept ?? []
          kept = undefined
          for (const go of all) go()
          return answered
        },
      })
    }

    const fromClient = inMessages(true, (kind, message) => {
      const isBatch =
        (kind === parse && message.indexOf(batch) === nameAt) ||
        (kind === bind && message.indexOf(batch) === nameAt + 1)
      if (isBatch) [asked, won] = [true, false]
      if (
        kept === undefined &&
        ((isBatch && wanted?.seam === 'sent') || (kind === copyDone && wanted?.seam === 'copying'))
      )
        stop()
      pass(far, message)
    })
    const fromServer = inMessages(false, (kind, message) => {
      if (kind === keyData) pids.add((pid = message.readInt32BE(5)))
      if (asked && kind === complete && message.subarray(nameAt).toString('latin1') === written) won = true
      if (asked && kind === ready && message[nameAt] === outside) {
        asked = false
        tell(won)
        if (won && kept === undefined && wanted?.seam === 'stood') stop() // it is durable, and only now
      }
      pass(client, message)
    })
    client.on('data', fromClient)
    far.on('data', fromServer)
    client.on('close', () => far.destroy())
    far.on('close', () => {
      pids.delete(pid)
      client.destroy()
    })
  }
}

/** Cuts what comes into messages. The first one of a client has a length and no kind. */
function inMessages(fromClient: boolean, take: (kind: string, message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = fromClient
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    for (;;) {
      const head = isFirst ? 0 : 1
      if (rest.length < head + 4) return
      const size = head + rest.readInt32BE(head)
      if (rest.length < size) return
      take(isFirst ? '' : String.fromCharCode(rest[0] ?? 0), rest.subarray(0, size))
      isFirst = false
      rest = rest.subarray(size)
    }
  }
}
