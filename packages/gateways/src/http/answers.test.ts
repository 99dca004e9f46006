import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, openInstance, text } from './fixture.ts'

/** An upstream that says whatever bytes a test wants, once a request has come in whole. */
let upstream: Server
let instance: Instance
let say: (socket: Socket) => void
const sockets = new Set<Socket>()

beforeEach(async () => {
  upstream = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (bytes.includes('\r\n\r\n')) say(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
afterEach(async () => {
  await instance.close() // the instance ends, whatever the upstream does
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  upstream.close()
})

const open = async (settings: object = {}, config: object = {}) => {
  instance = await openInstance({
    upstream: { origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, ...settings },
    config,
  })
}

const asked = async (method: string) => {
  const answer = await instance.ask('/crm/a', { method }).catch(() => undefined)
  const got = answer && [answer.status, await text(answer)]
  while (instance.ran.length === 0) await new Promise((done) => setTimeout(done, 1))
  return got
}

const withheld = 'urn:countersign:error:ERR_UPSTREAM'

describe('every end of an upstream’s answer ends the call', () => {
  it.each<[string, string, string]>([
    [
      '101, which nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello',
      'unknown',
    ],
    ['101 without an upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'unknown'],
    [
      '101 with a length',
      'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 5\r\n\r\nhello',
      'unknown',
    ],
    ['nothing at all', '', 'unknown'],
    ['half a status line', 'HTTP/1.1 20', 'unknown'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le', 'unknown'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'unknown'],
    ['an interim answer alone', 'HTTP/1.1 100 Continue\r\n\r\n', 'unknown'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1000), 'unknown'],
    ['a head that is too large', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 'unknown'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 'unknown'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      'unknown',
    ],
  ])('B5: %s', async (_, bytes, kind) => {
    await open()
    say = (socket) => socket.end(bytes)
    const got = await asked('POST')
    expect(got?.[0]).toBe(502)
    expect(got?.[1]).toContain(withheld)
    expect(instance.ran.map(({ outcome }) => outcome.kind)).toEqual([kind])
  })

  it.each<[string, string, string]>([
    [
      'an end within the body',
      'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc',
      'done: HTTP 200, the answer broke off',
    ],
    [
      'an end within a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab',
      'done: HTTP 200, the answer broke off',
    ],
    [
      'an end before the trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n',
      'done: HTTP 200, the answer broke off',
    ],
    [
      'a chunk that is none',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      'done: HTTP 200, the answer broke off',
    ],
    [
      'trailers without end',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${'x: y\r\n'.repeat(20_000)}`,
      'done: HTTP 200, the answer broke off',
    ],
    [
      'an extension of a chunk without end',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'y'.repeat(100_000)}`,
      'done: HTTP 200, the answer broke off',
    ],
    ['a body up to the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nabc', 'done: HTTP 200'],
    [
      'odd trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\ncontent-length: 9\r\nx: y\r\n\r\n',
      'done: HTTP 200',
    ],
    ['204 with a body', 'HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\nabc', 'done: HTTP 204'],
    ['304 with a body', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\n\r\nabc', 'done: HTTP 304'],
    [
      'two answers',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb',
      'done: HTTP 200',
    ],
    [
      'interim answers first',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na',
      'done: HTTP 200',
    ],
    ['a status beyond 599', 'HTTP/1.1 999 x\r\ncontent-length: 1\r\n\r\na', 'unknown: HTTP 502'],
    [
      'an unknown upgrade beside an answer',
      'HTTP/1.1 200 OK\r\nupgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 1\r\n\r\na',
      'done: HTTP 200',
    ],
  ])('B5: %s, after an answer has begun', async (_, bytes, expected) => {
    await open()
    say = (socket) => socket.end(bytes)
    await asked('POST')
    const [{ outcome }] = instance.ran as [(typeof instance.ran)[number]]
    expect(`${outcome.kind}: ${'summary' in outcome ? outcome.summary : ''}`.slice(0, expected.length)).toBe(expected)
  })

  it.each<[string, string]>([
    ['before it', ''],
    ['within its head', 'HTTP/1.1 200 OK\r\nx: '],
    ['between interim answers', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['within its body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
    ['within its trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: '],
    ['after 101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('B5: a connection that is reset %s', async (_, bytes) => {
    await open()
    say = (socket) => socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()))
    await asked('POST')
    expect(instance.ran).toHaveLength(1)
  })

  it.each<[string, string, string]>([
    ['a head byte by byte', '', 'HTTP/1.1 200 OK\r\nx: '],
    ['interim answers one by one', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('B5: %s, each within the silence that is allowed, ends with it all the same', async (_, first, again) => {
    await open({ silenceMs: 150 })
    say = (socket) => trickle(socket, first, again)
    expect((await asked('POST'))?.[0]).toBe(502)
    expect(instance.ran[0]?.outcome.kind).toBe('unknown')
  })

  it.each<[string, string, string]>([
    ['a body', 'HTTP/1.1 200 OK\r\n\r\n', 'a'],
    ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\na\r\n'],
  ])('B5: %s that never ends, ends with the longest time of a call', async (_, first, again) => {
    await open({ longestMs: 200 })
    say = (socket) => trickle(socket, first, again)
    await asked('POST')
    expect(instance.ran[0]?.outcome).toMatchObject({
      kind: 'done',
      summary: 'HTTP 200, the answer broke off: it took longer than a call may take',
    })
  })

  it('B5: an answer that nobody asked for is not taken for that of the next call', async () => {
    await open()
    const one = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na'
    say = (socket) => {
      socket.write(one)
      // In a piece of its own, when the connection is idle.
      setTimeout(() => socket.write(one.replace(/a$/, 'b')), 20)
    }
    expect(await (await instance.ask('/crm/a')).text()).toBe('a')
    while (instance.ran.length === 0) await new Promise(setImmediate)
    await new Promise((done) => setTimeout(done, 60))
    expect(await (await instance.ask('/crm/a')).text()).toBe('a')
    expect(sockets.size).toBe(2)
  })
})

function trickle(socket: Socket, first: string, again: string): void {
  socket.write(first)
  const pieces = again.endsWith('\r\n') || again === 'a' ? [again] : `${again}y`.split('')
  let at = 0
  const timer = setInterval(() => socket.write(pieces[at++ % pieces.length] ?? ''), 5)
  socket.once('close', () => clearInterval(timer))
}
