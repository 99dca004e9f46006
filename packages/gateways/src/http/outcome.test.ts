import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { CountersignError } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, type Instance, openInstance, text } from './fixture.ts'

let instance: Instance
afterEach(() => instance.close())

describe('what came of it', () => {
  it.each<[string, number, string]>([
    ['GET', 200, 'done'],
    ['GET', 302, 'done'],
    ['GET', 404, 'failed'],
    ['POST', 503, 'failed'],
  ])('%s answered %d is %s', async (method, status, kind) => {
    instance = await openInstance()
    instance.upstream.answer = (_, response) => response.writeHead(status).end('x')
    expect((await instance.ask('/crm/a', { method })).status).toBe(status)
    expect(instance.ran).toMatchObject([{ outcome: { kind, summary: `HTTP ${status}` }, delivered: true }])
  })

  it.each<[string, string]>([
    ['GET', 'failed'],
    ['POST', 'unknown'],
  ])('%s without an answer is %s', async (method, kind) => {
    instance = await openInstance()
    instance.upstream.answer = (request) => request.socket.destroy()
    expect((await instance.ask('/crm/a', { method })).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind } }])
  })

  it('silence of the upstream ends in the same way', async () => {
    instance = await openInstance({ upstream: { silenceMs: 50 } })
    instance.upstream.answer = () => undefined
    expect((await instance.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'unknown' } }])
  })

  it('P15: a call under way ends when its permit is taken back', async () => {
    instance = await openInstance()
    instance.upstream.answer = () => instance.revoke.abort('the agent was stopped')
    const answer = await instance.ask('/crm/a', { method: 'POST' })
    expect([answer.status, await text(answer)]).toMatchObject([502, expect.stringContaining('the agent was stopped')])
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'unknown' } }])
  })

  it.each<[string, string, number]>([
    ['a permit that came too late', 'ERR_PERMIT_LATE', 503],
    ['a secret that is gone', 'ERR_SECRET_UNKNOWN', 409],
  ])('nothing is sent under %s, and the client is told', async (_, code, status) => {
    instance = await openInstance({ upstream: { secrets: ['x-token'] } })
    instance.say = () => {
      if (code === 'ERR_SECRET_UNKNOWN') instance.kept.clear()
      return 'run'
    }
    instance.beforeBegin = () => {
      throw new CountersignError('ERR_PERMIT_LATE')
    }
    const answer = await instance.ask('/crm/a', { method: 'POST', headers: { 'x-token': 't' } })
    expect([answer.status, await answer.json()]).toMatchObject([status, { type: `urn:countersign:error:${code}` }])
    expect([instance.upstream.received, instance.ran]).toMatchObject([
      [],
      [{ outcome: { kind: 'failed' }, delivered: true }],
    ])
  })

  it('the permit is asked for when nothing else has to be waited for (P2)', async () => {
    instance = await openInstance({ upstream: { secrets: ['x-token'] } })
    const order: string[] = []
    const find = instance.kept.get.bind(instance.kept)
    instance.kept.get = (reference) => {
      order.push('reveal')
      return find(reference)
    }
    instance.beforeBegin = () => void order.push('begin')
    await instance.ask('/crm/a', { method: 'POST', headers: { 'x-token': 't' } })
    expect(order).toEqual(['reveal', 'begin'])
  })

  it('nothing was sent where nobody listens', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    instance = await openInstance({ upstream: { origin: `http://127.0.0.1:${port}` } })
    expect((await instance.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'nothing was sent: the upstream refused the connection' } },
    ])
  })

  it.each<[string, string]>([
    ['GET', 'failed'],
    ['POST', 'done'],
  ])('%s whose answer breaks off is %s', async (method, kind) => {
    instance = await openInstance()
    instance.upstream.answer = (request, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('abc', () => request.socket.destroy())
    }
    expect(await instance.ask('/crm/a', { method }).then(text, () => 'cut off')).toBe('cut off')
    while (instance.ran.length === 0) await new Promise(setImmediate)
    expect(instance.ran).toMatchObject([
      {
        outcome: { kind, summary: 'HTTP 200, the answer broke off: the upstream closed the connection' },
        delivered: false,
      },
    ])
  })

  it('is not kept beyond 1 MiB, but streamed whole', async () => {
    instance = await openInstance()
    const big = 'x'.repeat(3_000_000)
    instance.upstream.answer = answering('text/plain', big)
    expect((await text(await instance.ask('/crm/a'))).length).toBe(big.length)
    while (instance.ran.length === 0) await new Promise(setImmediate)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'done', bytes: 3_000_000 }, delivered: true, result: undefined },
    ])
  })

  it('a client that reads nothing holds up neither the instance nor the outcome', async () => {
    instance = await openInstance({ config: { clientSilenceMs: 50 } })
    instance.upstream.answer = answering('text/plain', 'x'.repeat(30_000_000))
    const answer = await instance.ask('/crm/a', { method: 'POST' })
    while (instance.ran.length === 0) await new Promise((done) => setTimeout(done, 5))
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'done', bytes: 30_000_000 }, delivered: false }])
    await answer.body?.cancel()
  })
})
