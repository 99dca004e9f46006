import { createHash } from 'node:crypto'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { key, openInstance, waiting } from './fixture.ts'
import {
  answers,
  handshake,
  hear,
  instance,
  inFrontOfSockets,
  open,
  shaken,
  socketRoute,
  upstream,
} from './websocket-fixture.ts'

inFrontOfSockets()

describe('F2: a WebSocket through a route that allows it', () => {
  it('is shaken hands on after the permit, joined, counted and recorded', async () => {
    answers.protocol = 'v5.channel.k8s.io'
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
      .poll(() => instance.ran)
      .toMatchObject([{ outcome: { kind: 'done', summary: 'WebSocket, 13 bytes sent, 18 received', bytes: 18 } }])
    expect(instance.attempts[0]?.action).toMatchObject({
      verb: 'shell.exec',
      resources: [{ kind: 'host', name: 'web-1' }],
      parameters: {
        target: '/exec/web-1?tty=1',
        headers: { upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io, v4' },
      },
    })
    expect(JSON.stringify(instance.attempts[0]?.action)).not.toContain('dGhlIHNhbXBsZSBub25jZQ')
    expect(shaken[0]?.headers).toMatchObject({ authorization: expect.stringContaining('credential-for') })
    expect(shaken[0]?.rawHeaders.join()).not.toMatch(new RegExp(`${key}|permessage|dGhlIHNhbXBsZSBub25jZQ`))
  })

  it('is refused in HTTP, and the connection ends with it', async () => {
    instance.say = () => waiting
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
    expect([shaken, instance.attempts]).toEqual([[], []])
  })

  it('F2: a plain call of such a route is one, and so is one with another upgrade', async () => {
    for (const line of [
      '',
      'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n',
    ]) {
      const request = `GET /crm/exec/web-1 HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${key}\r\n${line}\r\n`
      const before = instance.attempts.length
      const socket = open(request)
      await expect.poll(() => instance.attempts.length).toBe(before + 1)
      expect(instance.attempts.at(-1)?.action.parameters).not.toMatchObject({ headers: { upgrade: 'websocket' } })
      socket.destroy()
    }
  })

  it.each(['/crm/plain/a', '/crm/other', '/crm/exec/a%2Fb'])(
    'is ignored where no route allows it: %s',
    async (path) => {
      const heard = await hear(open(handshake(path, 'accept: a/b')), 'no socket here')
      expect(heard).toMatch(/^HTTP\/1.1 404 /)
      expect(instance.attempts[0]?.action.parameters['headers']).toEqual({ accept: 'a/b' })
      expect(shaken).toEqual([])
    },
  )

  it('an upstream whose handshake is none is not joined', async () => {
    answers.accept = () => 'c29tZXRoaW5nIGVsc2U='
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 /)
    answers.protocol = 'another'
    answers.accept = (text) => createHash('sha1').update(`${text}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    expect(await hear(open(handshake()), 'never')).toMatch(/^HTTP\/1.1 502 /)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'unknown' } }, { outcome: { kind: 'unknown' } }])
  })

  it('C1: whose client ends it was not given up: the same again is another action', async () => {
    const socket = open(handshake())
    await hear(socket, 'hello')
    socket.end()
    await expect.poll(() => instance.ran).toMatchObject([{ outcome: { kind: 'done' }, delivered: true }])
    expect(instance.attempts.map(({ signal }) => signal.aborted)).toEqual([false])
  })

  it('ends at its ceiling', async () => {
    const socket = open(handshake('/crm/short/a'))
    await hear(socket, 'hello')
    socket.write('more than that')
    expect(await hear(socket, 'never')).toBe('')
    await expect
      .poll(() => instance.ran)
      .toMatchObject([{ outcome: { kind: 'failed', summary: expect.stringContaining('ERR_CEILING_EXCEEDED') } }])
  })

  it('ends when both are silent, and when the gateway closes', async () => {
    await hear(open(handshake()), 'never')
    await expect.poll(() => instance.ran).toMatchObject([{ outcome: { kind: 'done' } }])
    const other = await openInstance({
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
    instance.say = async ({ signal }) => {
      await new Promise<void>((done) => {
        release = done
        signal.addEventListener('abort', () => {
          done()
        })
      })
      return waiting
    }
    const early = open(handshake())
    await expect.poll(() => instance.attempts.length).toBe(1)
    early.write('too early')
    await hear(early, 'never')
    expect(instance.attempts[0]?.signal.aborted).toBe(true)
    const gone = open(handshake())
    await expect.poll(() => instance.attempts.length).toBe(2)
    gone.end()
    await hear(gone, 'never')
    expect(instance.attempts[1]?.signal.aborted).toBe(true)
    release()
    expect(await hear(open(`${handshake()}behind`), 'never')).toBe('')
    expect([shaken, instance.attempts.length]).toEqual([[], 2])
  })
})
