import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, key, openInstance, text } from './fixture.ts'

describe('an answer that is all here when its head is', () => {
  let instance: Instance
  const connections = new Set<unknown>()
  beforeAll(async () => {
    instance = await openInstance()
  })
  afterAll(() => instance.close())
  beforeEach(() => {
    connections.clear()
    instance.upstream.answer = (request, response) => {
      connections.add(request.socket)
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 4 }).end('head')
    }
    instance.say = () => 'run'
    instance.ran.length = 0
  })

  /** What comes in the first read of a connection. */
  async function first(lines = ''): Promise<string> {
    const socket = connect(instance.port, '127.0.0.1').setEncoding('utf8')
    socket.write(`GET /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n${lines}\r\n`)
    const [piece] = (await once(socket, 'data')) as [string]
    socket.destroy()
    return piece
  }

  it('leaves in one piece with it', async () => {
    expect(await first()).toMatch(/^HTTP\/1\.1 200 OK\r\ncountersign-action: act_1\r\n[^]*\r\n\r\nhead$/)
    await expect.poll(() => instance.ran).toMatchObject([{ delivered: true, outcome: { kind: 'done', bytes: 4 } }])
  })

  it('does so in chunks as well, and with its trailers', async () => {
    instance.upstream.answer = (_, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.addTrailers({ 'x-sum': '9' })
      response.end('head')
    }
    const got = await first()
    expect(got).toContain('trailer: x-sum\r\n')
    expect(got).toMatch(/\r\n\r\n4\r\nhead\r\n0\r\nx-sum: 9\r\n\r\n$/)
  })

  it('leaves its connection to the next call', async () => {
    for (let at = 0; at < 4; at += 1) expect(await text(await instance.ask('/crm/a'))).toBe('head')
    expect(connections.size).toBe(1)
  })

  it('has every field once, whoever set it', async () => {
    const got = await first('prefer: wait=1\r\nconnection: close\r\n')
    const [head = ''] = got.split('\r\n\r\n')
    const names = head.split('\r\n').map((line) => line.split(':')[0]?.toLowerCase())
    expect(names).toEqual([...new Set(names)])
    expect(names).toEqual(
      expect.arrayContaining(['preference-applied', 'countersign-action', 'content-length', 'date']),
    )
    expect(head).toContain('onnection: close')
    expect(got.endsWith('\r\n\r\nhead')).toBe(true)
  })

  it('is not written past what may be passed on', async () => {
    const bounded = await openInstance({
      upstream: {
        routes: {
          'GET /a': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'a' }], bytes: 3, effect: 'read' },
        },
      },
    })
    bounded.upstream.answer = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/plain' }).end('head')
    const answer = await bounded.ask('/crm/a')
    expect(await text(answer)).toBe('cut off')
    expect(bounded.ran).toMatchObject([
      { delivered: false, outcome: { kind: 'failed', summary: expect.stringContaining('ceiling') } },
    ])
    await bounded.close()
  })
})
