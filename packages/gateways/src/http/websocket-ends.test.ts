import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openInstance } from './fixture.ts'
import {
  handshake,
  hear,
  instance,
  inFrontOfSockets,
  open,
  openSilent,
  socketRoute,
  upstream,
} from './websocket-fixture.ts'

inFrontOfSockets()

describe('P15: a WebSocket ends when its permit is taken back', () => {
  it.each(['the agent was stopped', 'the agent’s key was revoked', 'its key has expired'])('%s', async (why) => {
    const socket = open(handshake())
    await hear(socket, 'hello')
    socket.write('one')
    await hear(socket, 'one')
    instance.revoke.abort(why)
    expect(await hear(socket, 'never')).toBe('')
    await expect
      .poll(() => instance.ran)
      .toMatchObject([
        { outcome: { kind: 'done', summary: `WebSocket, 3 bytes sent, 8 received, ended here: ${why}`, bytes: 8 } },
      ])
  })

  it('and nobody is shaken hands with any more', async () => {
    instance.revoke.abort('the agent was stopped')
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 [^]*the agent was stopped/)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'nothing was sent: the agent was stopped' } },
    ])
    expect(instance.concerns()).toEqual([])
  })

  it('also while the upstream has not answered its handshake', async () => {
    const other = await openSilent(() => undefined)
    await expect.poll(() => other.shaken()).toBe(1)
    other.instance.revoke.abort('the agent was stopped')
    expect(await hear(other.socket, 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(other.instance.ran).toMatchObject([
      { outcome: { kind: 'unknown', summary: 'sent, but there is no answer: the agent was stopped' } },
    ])
    await other.close()
  })
})

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
    expect(other.instance.ran).toMatchObject([
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
    expect(other.instance.ran).toMatchObject([
      { outcome: { kind, summary: expect.stringContaining(`HTTP ${status}`) } },
    ])
    await other.close()
  })

  it('a WebSocket takes no longer than a call may take, whatever is said', async () => {
    const { port } = upstream.address() as AddressInfo
    const other = await openInstance({
      upstream: {
        origin: `http://127.0.0.1:${port}`,
        routes: { 'GET /exec/{name}': socketRoute },
        longestMs: 1_500,
      },
    })
    const socket = connect(other.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(handshake())
    await hear(socket, 'hello') // nobody may speak before
    const saying = setInterval(() => socket.write('x'), 20)
    await new Promise((closed) => socket.resume().once('close', closed)) // it may be reset while it still speaks
    clearInterval(saying)
    await expect
      .poll(() => other.ran)
      .toMatchObject([
        { outcome: { kind: 'done', summary: expect.stringContaining('it took longer than a call may take') } },
      ])
    await other.close()
  })
})
