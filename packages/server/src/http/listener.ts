/**
 * Countersign's own listener: console, API, MCP.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CountersignError, createCrowd, isError, type Running } from '@countersign/core'
import { getRequestListener } from '@hono/node-server'

/** Something that answers in Node's own terms below a path, e.g. the demo's identity provider. */
export interface NodeMount {
  readonly path: string
  answer(request: IncomingMessage, response: ServerResponse): void
}

export interface ListenerParts {
  readonly host: string
  readonly port: number
  /** `peer` is the address of the connection. */
  fetch(request: Request, from: { peer: string | undefined }): Promise<Response>
  readonly mounts?: readonly NodeMount[]
  /** Who answers a request in Node's own terms, if somebody does; `100 Continue`, where that is waited for, is theirs to say. */
  answers?(request: IncomingMessage): NodeMount['answer'] | undefined
  /**
   * Default 20,000; half of them of one address, so that no stranger takes every place. A proxy in front is one
   * address, with many behind it.
   */
  readonly mostConnections?: number
}

export interface Listener extends Running {
  readonly port: number
}

/** Open connections, half of them of one address, so that no stranger takes every place; one more is closed at once. */
const mostOpen = 20_000

/** `localhost` is both loopback addresses: browsers and agents pick either. @throws ERR_PORT_TAKEN */
export async function listen({
  host,
  port,
  fetch,
  mounts = [],
  answers,
  mostConnections = mostOpen,
}: ListenerParts): Promise<Listener> {
  const answer = getRequestListener((request, { incoming }) =>
    fetch(request, { peer: (incoming as IncomingMessage).socket.remoteAddress }),
  )
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const own = answers?.(request)
    if (own) return own(request, response)
    if (request.headers.expect !== undefined && request.httpVersion !== '1.0') response.writeContinue()
    const mount = mounts.find(({ path }) => request.url === path || request.url?.startsWith(`${path}/`))
    if (mount) mount.answer(request, response)
    else void answer(request, response)
  }
  const [first, ...others] = host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
  const server = await open(first ?? host, port, handle, mostConnections)
  const { port: bound } = server.address() as AddressInfo
  const servers = [server]
  const close = async () => void (await Promise.all(servers.map(shut)))
  for (const other of others) {
    try {
      servers.push(await open(other, bound, handle, mostConnections))
    } catch (error) {
      if (!isError(error, 'ERR_PORT_TAKEN')) continue // a machine without IPv6 is fine
      await close()
      throw error
    }
  }
  return { port: bound, close }
}

/** For last answers to arrive when it closes; then connections are cut, and who asks again finds the same question. */
const lastWordsMs = 250
/** For the head of a request to arrive, so that a slow sender keeps no connection; then it is refused (408). */
const headersWithinMs = 10_000
/** For all of a request to arrive; then it is refused (408). */
const requestWithinMs = 30_000
/** How long a connection may idle, longer than the minute after which proxies end theirs; then it is closed. */
const idleMs = 65_000
/** All headers of a request together, as Node.js itself has it; with more it is refused (431). */
const mostHeaderBytes = 16_384

function open(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  mostConnections: number,
) {
  const server = createServer(
    {
      headersTimeout: headersWithinMs,
      requestTimeout: requestWithinMs,
      connectionsCheckingInterval: 1_000, // how exact the two above are
      keepAliveTimeout: idleMs,
      maxHeaderSize: mostHeaderBytes,
    },
    handle,
  )
  // Whether a body may come is said by whoever reads it.
  server.on('checkContinue', handle)
  server.maxConnections = mostConnections
  const sources = createCrowd(mostConnections / 2)
  server.on('connection', (socket) => {
    const leave = sources.enter(socket.remoteAddress ?? '')
    if (leave) socket.once('close', leave)
    else socket.destroy()
  })
  return new Promise<Server>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? new CountersignError('ERR_PORT_TAKEN', { host, port }, { cause }) : cause)
    })
    server.listen({ host, port }, () => resolve(server))
  })
}

/**
 * Last words have a moment to arrive. What is still held would keep it open for ever, so it is cut: who asks again
 * finds the same question.
 */
function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), lastWordsMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
