/**
 * The gateway's own port: HTTP/1.1, over TLS where there is a certificate, within bounds of time and number.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:https'
import type { TlsOptions } from 'node:tls'
import { CountersignError, type GatewayContext } from '@countersign/core'
import { followCertificate, type Pair, readPair } from './certificate.ts'
import type { HttpConfig } from './config.ts'
import type { Connections } from './connections.ts'
import { letGo } from './websocket.ts'

export interface Listener {
  /** Takes no further connection, and resolves when the last has ended. */
  close(): Promise<void>
}

/** All headers of a request together, as Node.js itself has it; with more it is refused (431). */
const mostHeaderBytes = 16_384
/** How long a connection may idle between two requests; then it is closed, and a client opens another. */
const idleMs = 30_000

/**
 * `switches`: whether this message is let go over to another protocol, which `connections` then serve like any other; a
 * wish that is not granted is ignored (RFC 9110 §7.8).
 *
 * @throws ERR_PORT_TAKEN, ERR_CONFIG_INVALID
 */
export async function openListener(
  config: HttpConfig,
  connections: Connections,
  services: GatewayContext,
  switches: (request: IncomingMessage) => boolean,
): Promise<Listener> {
  const bounds = {
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: config.headersTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, config.headersTimeoutMs),
    keepAliveTimeout: idleMs,
    insecureHTTPParser: false,
    IncomingMessage: messageThat(switches),
    // A client that vanished while it was held is noticed by TCP.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  }
  const secure = config.tls && openSecurely(config.tls)
  const server: Server = secure ? secure.server : createServer(bounds)
  server.maxConnections = config.maxConnections
  server.on('request', connections.serve)
  // Whether a body may come, or what else is expected, is answered where all of the head has been read.
  server.on('checkContinue', connections.serve)
  server.on('checkExpectation', connections.serve)
  server.on('connection', connections.opened)
  server.on('clientError', connections.fault)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (head.length > 0) return socket.destroy() // nobody may speak before the handshake was answered
    return connections.serve(request, responseOn(socket, request))
  })
  server.on('connect', (_, socket) => socket.destroy())
  await listen(server, config.listen)
  services.log({ level: 'info', says: 'http gateway listens', address: server.address() })
  const following = secure?.follow()

  return {
    async close() {
      following?.close()
      const closed = once(server, 'close')
      server.close()
      await connections.drain()
      server.closeAllConnections()
      await closed
    },
  }

  function openSecurely(files: NonNullable<HttpConfig['tls']>) {
    const pair = readPair(files)
    if ('says' in pair) throw new CountersignError('ERR_CONFIG_INVALID', pair)
    const server = createSecureServer({ ...bounds, ...shown(pair), handshakeTimeout: config.headersTimeoutMs })
    const { clock, concerns } = services
    const renew = (renewed: Pair) => {
      server.setSecureContext(shown(renewed))
    }
    return { server, follow: () => followCertificate({ files, pair, clock, concerns, renew }) }
  }
}

const wished = Symbol('wished')

/** Node asks the message itself whether it goes over to another protocol, before anything else is done with it. */
const messageThat = (switches: (request: IncomingMessage) => boolean) =>
  class extends IncomingMessage {
    [wished] = false
    get upgrade(): boolean {
      return this[wished] && (this.method === 'CONNECT' || switches(this))
    }
    set upgrade(wish: boolean | null) {
      this[wished] = wish === true
    }
  }

/** A connection that node has let go of is still answered in HTTP unless it is taken over, and ends with the answer. */
function responseOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => {
    socket.destroySoon()
  })
  socket.on('error', letGo).once('end', letGo).once('data', letGo)
  return response
}

const shown = ({ cert, key }: Pair): TlsOptions => ({ cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })

/** `listen` of the configuration in its parts; an IPv6 address without its brackets. */
export function partsOf(address: string): { readonly host: string; readonly port: number } {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  return { host, port: Number(port) }
}

async function listen(server: Server, address: string): Promise<void> {
  server.listen(partsOf(address))
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new CountersignError('ERR_PORT_TAKEN', { address }, { cause })
  }
}
