/**
 * For tests of WebSockets: an upstream that shakes hands, a gateway with routes to it, and clients by hand.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createPlainServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Instance, key, openInstance } from './fixture.ts'

/** An upstream that speaks back whatever it hears, once it has switched. */
export let upstream: Server
/** Handshakes that reached it. */
export let shaken: IncomingMessage[]
/** How it answers the next one. */
export const answers: { accept(key: string): string; protocol: string | undefined } = {
  accept: (text) => createHash('sha1').update(`${text}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
  protocol: undefined,
}
const asItShould = { ...answers }

export let instance: Instance
const sockets: Socket[] = []
export const socketRoute = {
  verb: 'shell.exec',
  effect: 'write',
  resources: [{ kind: 'host', name: { cel: 'params.name' } }],
  websocket: true,
}

/** Once in each file of tests: files may share this module, and hooks belong to the file that is read. */
export function inFrontOfSockets(): void {
  beforeAll(async () => {
    upstream = createServer((_, response) => response.writeHead(404).end('no socket here'))
    upstream.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      shaken.push(request)
      socket.on('error', () => undefined)
      const lines = [
        'HTTP/1.1 101 Switching Protocols',
        'connection: upgrade',
        'upgrade: websocket',
        `sec-websocket-accept: ${answers.accept(String(request.headers['sec-websocket-key']))}`,
        ...(answers.protocol === undefined ? [] : [`sec-websocket-protocol: ${answers.protocol}`]),
      ]
      socket.write(`${lines.join('\r\n')}\r\n\r\nhello`)
      socket.pipe(socket)
    })
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
  })
  afterAll(async () => {
    upstream.closeAllConnections()
    upstream.close()
    await once(upstream, 'close')
  })
  beforeEach(async () => {
    shaken = []
    Object.assign(answers, asItShould)
    const { port } = upstream.address() as AddressInfo
    const routes = {
      'GET /exec/{name}': socketRoute,
      'GET /short/{name}': { ...socketRoute, bytes: 12 },
      'GET /plain/{name}': { ...socketRoute, websocket: false },
    }
    instance = await openInstance({ upstream: { origin: `http://127.0.0.1:${port}`, routes, silenceMs: 1_000 } })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await instance.close()
  })
}

export const handshake = (path = '/crm/exec/web-1', ...more: string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    'host: x',
    `authorization: Bearer ${key}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
    '\r\n',
  ].join('\r\n')

/** What was heard until `until` was among it, or until the end. */
export async function hear(socket: Socket, until: string): Promise<string> {
  let heard = ''
  while (!heard.includes(until)) {
    const part = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => undefined)])
    if (!part) return heard
    heard += (part[0] as Buffer).toString('latin1')
  }
  return heard
}

export function open(bytes: string): Socket {
  const socket = connect(instance.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.write(bytes)
  return socket
}

/** An upstream that is told of each connection that asks something, and a client that has sent its handshake. */
export async function openSilent(told: (socket: Socket) => void, settings: object = {}) {
  const silent = createPlainServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      count += 1
      told(socket)
    })
  })
  let count = 0
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const opened = await openInstance({
    upstream: { origin: `http://127.0.0.1:${port}`, routes: { 'GET /exec/{name}': socketRoute }, ...settings },
  })
  const socket = connect(opened.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.write(handshake())
  return {
    instance: opened,
    socket,
    shaken: () => count,
    async close() {
      await opened.close()
      silent.close()
    },
  }
}
