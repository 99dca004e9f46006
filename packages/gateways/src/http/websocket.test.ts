import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createPlainServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type House, key, openHouse, waiting } from './fixture.ts'

/** An upstream that speaks back whatever it hears, once it has switched. */
let upstream: Server
let shaken: IncomingMessage[]
let accept: (key: string) => string
let protocol: string | undefined
beforeAll(async () => {
  upstream = createServer((_, response) => response.writeHead(404).end('no socket here'))
  upstream.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    shaken.push(request)
    socket.on('error', () => undefined)
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'connection: upgrade',
      'upgrade: websocket',
      `sec-websocket-accept: ${accept(String(request.headers['sec-websocket-key']))}`,
      ...(protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`]),
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

let house: House
const sockets: Socket[] = []
const socketRoute = {
  verb: 'shell.exec',
  effect: 'write',
  resources: [{ kind: 'host', name: { cel: 'params.name' } }],
  websocket: true,
}
beforeEach(async () => {
  shaken = []
  accept = (text) => createHash('sha1').update(`${text}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  protocol = undefined
  const { port } = upstream.address() as AddressInfo
  const routes = {
    'GET /exec/{name}': socketRoute,
    'GET /short/{name}': { ...socketRoute, bytes: 12 },
    'GET /plain/{name}': { ...socketRoute, websocket: false },
  }
  house = await openHouse({ upstream: { origin: `http://127.0.0.1:${port}`, routes, silenceMs: 1_000 } })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await house.close()
})

const handshake = (path = '/crm/exec/web-1', ...more: string[]) =>
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
async function hear(socket: Socket, until: string): Promise<string> {
  let heard = ''
  while (!heard.includes(until)) {
    const part = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => undefined)])
    if (!part) return heard
    heard += (part[0] as Buffer).toString('latin1')
  }
  return heard
}

function open(bytes: string): Socket {
  const socket = connect(house.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.write(bytes)
  return socket
}

describe('F2: a WebSocket through a route that allows it', () => {
  it('is shaken hands on after the permit, joined, counted and recorded', async () => {
    protocol = 'v5.channel.k8s.io'
    const socket = open(
      handshake(
        '/crm/exec/web-1?tty=1',
        'sec-websocket-protocol: v5.channel.k8s.io, v4',
        'sec-websocket-extensions: permessage-deflate',
      ),
    )
    const heard = await hear(socket, 'hello')
    expect(heard).toMatch(/^HTTP\/1.1 101 /)
    expect(heard).toContain('sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(heard).toContain('sec-websocket-protocol: v5.channel.k8s.io')
    expect(heard).toContain('countersign-action: act_1')
    socket.write('one two three')
    expect(await hear(socket, 'three')).toBe('one two three')
    socket.end()
    await expect
      .poll(() => house.ran)
      .toMatchObject([{ outcome: { kind: 'done', summary: 'WebSocket, 13 bytes sent, 18 received', bytes: 18 } }])
    expect(house.attempts[0]?.action).toMatchObject({
      verb: 'shell.exec',
      resources: [{ kind: 'host', name: 'web-1' }],
      parameters: {
        target: '/exec/web-1?tty=1',
        headers: { upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io, v4' },
      },
    })
    expect(JSON.stringify(house.attempts[0]?.action)).not.toContain('dGhlIHNhbXBsZSBub25jZQ')
    expect(shaken[0]?.headers).toMatchObject({ authorization: expect.stringContaining('house-credential') })
    expect(shaken[0]?.rawHeaders.join()).not.toMatch(new RegExp(`${key}|permessage|dGhlIHNhbXBsZSBub25jZQ`))
  })

  it('is refused in HTTP, and the connection ends with it', async () => {
    house.say = () => waiting
    const heard = await hear(open(handshake()), 'never')
    expect(heard).toMatch(/^HTTP\/1.1 428 /)
    expect(heard).toContain('urn:countersign:refusal:waiting')
    expect(shaken).toEqual([])
  })

  it.each([
    ['without a version', handshake().replace('version: 13', 'version: 8'), 400],
    ['without a key', handshake().replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'), 400],
    ['without the agent’s key', handshake().replace('csk_', 'csk_x'), 401],
  ])('is not one %s', async (_, bytes, status) => {
    expect(await hear(open(bytes), 'never')).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect([shaken, house.attempts]).toEqual([[], []])
  })

  it.each(['/crm/plain/a', '/crm/other', '/crm/exec/a%2Fb'])(
    'is ignored where no route allows it: %s',
    async (path) => {
      const heard = await hear(open(handshake(path, 'accept: a/b')), 'no socket here')
      expect(heard).toMatch(/^HTTP\/1.1 404 /)
      expect(house.attempts[0]?.action.parameters['headers']).toEqual({ accept: 'a/b' })
      expect(shaken).toEqual([])
    },
  )

  it('an upstream whose handshake is none is not joined', async () => {
    accept = () => 'c29tZXRoaW5nIGVsc2U='
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 /)
    protocol = 'another'
    accept = (text) => createHash('sha1').update(`${text}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(house.ran).toMatchObject([{ outcome: { kind: 'unknown' } }, { outcome: { kind: 'unknown' } }])
  })

  it('ends at its ceiling', async () => {
    const socket = open(handshake('/crm/short/a'))
    await hear(socket, 'hello')
    socket.write('more than that')
    expect(await hear(socket, 'never')).toBe('')
    await expect
      .poll(() => house.ran)
      .toMatchObject([{ outcome: { kind: 'failed', summary: expect.stringContaining('ERR_CEILING_EXCEEDED') } }])
  })

  it('ends when both are silent, and when the gateway closes', async () => {
    await hear(open(handshake()), 'never')
    await expect.poll(() => house.ran).toMatchObject([{ outcome: { kind: 'done' } }])
    const other = await openHouse({
      upstream: {
        origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
        routes: { 'GET /exec/{name}': socketRoute },
      },
    })
    const socket = connect(other.port, '127.0.0.1')
    socket.write(handshake())
    await hear(socket, 'hello')
    await other.close()
    expect(await hear(socket, 'never')).toBe('')
    expect(other.ran).toMatchObject([{ outcome: { kind: 'done', bytes: 5 } }])
  })

  it('of a client that leaves, or speaks, before it was let through, nothing is sent', async () => {
    let release: () => void = () => undefined
    house.say = async ({ signal }) => {
      await new Promise<void>((done) => {
        release = done
        signal.addEventListener('abort', () => {
          done()
        })
      })
      return waiting
    }
    const early = open(handshake())
    await expect.poll(() => house.attempts.length).toBe(1)
    early.write('too early')
    await hear(early, 'never')
    expect(house.attempts[0]?.signal.aborted).toBe(true)
    const gone = open(handshake())
    await expect.poll(() => house.attempts.length).toBe(2)
    gone.end()
    await hear(gone, 'never')
    expect(house.attempts[1]?.signal.aborted).toBe(true)
    release()
    expect(await hear(open(`${handshake()}behind`), 'never')).toBe('')
    expect([shaken, house.attempts.length]).toEqual([[], 2])
  })
})

describe('P15: a WebSocket ends when its leave is taken back', () => {
  it.each(['the agent was stopped', 'the agent’s key was revoked', 'its key has expired'])('%s', async (why) => {
    const socket = open(handshake())
    await hear(socket, 'hello')
    socket.write('one')
    await hear(socket, 'one')
    house.revoke.abort(why)
    expect(await hear(socket, 'never')).toBe('')
    await expect
      .poll(() => house.ran)
      .toMatchObject([
        { outcome: { kind: 'done', summary: `WebSocket, 3 bytes sent, 8 received, ended here: ${why}`, bytes: 8 } },
      ])
  })

  it('and nobody is shaken hands with any more', async () => {
    house.revoke.abort('the agent was stopped')
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 [^]*the agent was stopped/)
    expect(house.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'nothing was sent: the agent was stopped' } },
    ])
    expect(house.concerns()).toEqual([])
  })

  it('also while the upstream has not answered its handshake', async () => {
    const other = await openSilent(() => undefined)
    await expect.poll(() => other.shaken()).toBe(1)
    other.house.revoke.abort('the agent was stopped')
    expect(await hear(other.socket, 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(other.house.ran).toMatchObject([
      { outcome: { kind: 'unknown', summary: 'sent, but there is no answer: the agent was stopped' } },
    ])
    await other.close()
  })
})

/** An upstream that is told of each connection that asks something, and a client that has sent its handshake. */
async function openSilent(told: (socket: Socket) => void, settings: object = {}) {
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
  const opened = await openHouse({
    upstream: { origin: `http://127.0.0.1:${port}`, routes: { 'GET /exec/{name}': socketRoute }, ...settings },
  })
  const socket = connect(opened.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.write(handshake())
  return {
    house: opened,
    socket,
    shaken: () => count,
    async close() {
      await opened.close()
      silent.close()
    },
  }
}

describe('F2: the handshake with the upstream ends, whatever the upstream does', () => {
  const dripping = (socket: Socket, ...parts: readonly string[]) => {
    let next = 0
    const timer = setInterval(() => socket.write(parts[next++ % parts.length] ?? ''), 20)
    socket.once('close', () => clearInterval(timer))
  }

  it.each<[string, (socket: Socket) => void, string]>([
    ['silence', () => undefined, 'the upstream fell silent'],
    [
      'a head that comes letter by letter',
      (socket) => {
        socket.write('HTTP/1.1 101 ')
        dripping(socket, 'x')
      },
      'the upstream fell silent',
    ],
    [
      'interim answers without an end',
      (socket) => dripping(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
      'the upstream fell silent',
    ],
    ['a connection that ends', (socket) => socket.end(), 'the upstream closed the connection'],
    ['what is not HTTP', (socket) => socket.end('SSH-2.0-x\r\n'), 'its answer is not HTTP as it is read here'],
  ])('%s', async (_, told, why) => {
    const other = await openSilent(told, { silenceMs: 200 })
    expect(await hear(other.socket, 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(other.house.ran).toMatchObject([
      { outcome: { kind: 'unknown', summary: `sent, but there is no answer: ${why}` }, delivered: true },
    ])
    await other.close()
  })

  it.each<[number, string]>([
    [400, 'failed'],
    [403, 'failed'],
    [502, 'unknown'],
    [504, 'unknown'],
  ])('one that is answered %d is %s', async (status, kind) => {
    const other = await openSilent((socket) => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`))
    expect(await hear(other.socket, 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(other.house.ran).toMatchObject([{ outcome: { kind, summary: expect.stringContaining(`HTTP ${status}`) } }])
    await other.close()
  })

  it('a WebSocket takes no longer than a call may take, whatever is said', async () => {
    const { port } = upstream.address() as AddressInfo
    const other = await openHouse({
      upstream: {
        origin: `http://127.0.0.1:${port}`,
        routes: { 'GET /exec/{name}': socketRoute },
        longestMs: 200,
      },
    })
    const socket = connect(other.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(handshake())
    const saying = setInterval(() => socket.write('x'), 20)
    await once(socket.resume(), 'close')
    clearInterval(saying)
    await expect
      .poll(() => other.ran)
      .toMatchObject([
        { outcome: { kind: 'done', summary: expect.stringContaining('it took longer than a call may take') } },
      ])
    await other.close()
  })
})
