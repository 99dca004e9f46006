/**
 * A wire between a store and its server that breaks where a test says, for tests.
 *
 * @module
 */
import { deferred } from '@countersign/core'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type pg from 'pg'

/**
 * What becomes of the next batch that is written:
 * - `answer`: the server answers, and nobody hears it.
 * - `ready`: all of the answer is heard but that the server is ready for the next.
 * - `client`: the client is gone, and the server goes on with what it has.
 * - `sync`: the end of what the client says never arrives; it is gone, and the server does not hear of that either.
 * - `still`: not the batch: once the client holds the end of the ledger, nothing that it says arrives any more.
 */
export type Break = 'answer' | 'ready' | 'client' | 'sync' | 'still'

export interface BrokenWire {
  /** In place of the server's own. */
  readonly connection: pg.ClientConfig
  /** Resolves once it broke. */
  breakNext(how: Break): Promise<void>
  close(): Promise<void>
}

/** Lengths of the last messages of a client and of a server (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const [syncBytes, readyBytes] = [5, 6]
/** Until what was passed on has certainly arrived. */
const momentMs = 100

export async function openBrokenWire(server: pg.ClientConfig): Promise<BrokenWire> {
  let next: { readonly how: Break; broke(): void } | undefined
  const open = new Set<Socket>()

  const wire = createServer((client) => {
    const upstream = connect(`${server.host}/.s.PGSQL.${server.port}`)
    let breaking: typeof next
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    const part = () => {
      client.destroy()
      breaking?.broke()
    }
    client.on('data', (bytes: Buffer) => {
      if (breaking?.how === 'still') return
      const broken = next?.how === 'still' ? 'head_held' : 'put_'
      if (next === undefined || !bytes.includes(broken)) return void upstream.write(bytes)
      breaking = next
      next = undefined
      if (breaking.how === 'still') breaking.broke()
      upstream.write(breaking.how === 'sync' ? bytes.subarray(0, -syncBytes) : bytes)
      if (breaking.how === 'client' || breaking.how === 'sync') setTimeout(part, momentMs)
    })
    upstream.on('data', (bytes: Buffer) => {
      if (breaking === undefined || breaking.how === 'still') return void client.write(bytes)
      if (breaking.how === 'answer') part()
      if (breaking.how !== 'ready') return
      client.write(bytes.subarray(0, -readyBytes))
      setTimeout(part, momentMs)
    })
    client.on('close', () => {
      if (breaking?.how !== 'client' && breaking?.how !== 'sync') upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => void wire.listen(0, '127.0.0.1', resolve))
  const { port } = wire.address() as AddressInfo

  return {
    connection: { ...server, host: '127.0.0.1', port },
    async breakNext(how) {
      const { promise, resolve } = deferred<void>()
      next = { how, broke: resolve }
      await promise
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => void wire.close(() => resolve()))
    },
  }
}
