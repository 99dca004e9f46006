import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { CountersignError } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, type House, openHouse, text } from './fixture.ts'

let house: House
afterEach(() => house.close())

describe('what came of it', () => {
  it.each<[string, number, string]>([
    ['GET', 200, 'done'],
    ['GET', 302, 'done'],
    ['GET', 404, 'failed'],
    ['POST', 503, 'failed'],
  ])('%s answered %d is %s', async (method, status, kind) => {
    house = await openHouse()
    house.upstream.answer = (_, response) => response.writeHead(status).end('x')
    expect((await house.ask('/crm/a', { method })).status).toBe(status)
    expect(house.ran).toMatchObject([{ outcome: { kind, summary: `HTTP ${status}` }, delivered: true }])
  })

  it.each<[string, string]>([
    ['GET', 'failed'],
    ['POST', 'unknown'],
  ])('%s without an answer is %s', async (method, kind) => {
    house = await openHouse()
    house.upstream.answer = (request) => request.socket.destroy()
    expect((await house.ask('/crm/a', { method })).status).toBe(502)
    expect(house.ran).toMatchObject([{ outcome: { kind } }])
  })

  it('silence of the upstream ends in the same way', async () => {
    house = await openHouse({ upstream: { silenceMs: 50 } })
    house.upstream.answer = () => undefined
    expect((await house.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(house.ran).toMatchObject([{ outcome: { kind: 'unknown' } }])
  })

  it('P15: a call under way ends when its leave is taken back', async () => {
    house = await openHouse()
    house.upstream.answer = () => house.revoke.abort('the agent was stopped')
    const answer = await house.ask('/crm/a', { method: 'POST' })
    expect([answer.status, await text(answer)]).toMatchObject([502, expect.stringContaining('the agent was stopped')])
    expect(house.ran).toMatchObject([{ outcome: { kind: 'unknown' } }])
  })

  it.each<[string, string, number]>([
    ['a permit that came too late', 'ERR_PERMIT_LATE', 503],
    ['a secret that is gone', 'ERR_SECRET_UNKNOWN', 409],
  ])('nothing is sent under %s, and the client is told', async (_, code, status) => {
    house = await openHouse({ upstream: { secrets: ['x-token'] } })
    house.say = () => {
      if (code === 'ERR_SECRET_UNKNOWN') house.kept.clear()
      return 'run'
    }
    house.beforeBegin = () => {
      throw new CountersignError('ERR_PERMIT_LATE')
    }
    const answer = await house.ask('/crm/a', { method: 'POST', headers: { 'x-token': 't' } })
    expect([answer.status, await answer.json()]).toMatchObject([status, { type: `urn:countersign:error:${code}` }])
    expect([house.upstream.received, house.ran]).toMatchObject([[], [{ outcome: { kind: 'failed' }, delivered: true }]])
  })

  it('the leave to run is asked for when nothing else has to be waited for (P2)', async () => {
    house = await openHouse({ upstream: { secrets: ['x-token'] } })
    const order: string[] = []
    const find = house.kept.get.bind(house.kept)
    house.kept.get = (reference) => {
      order.push('reveal')
      return find(reference)
    }
    house.beforeBegin = () => void order.push('begin')
    await house.ask('/crm/a', { method: 'POST', headers: { 'x-token': 't' } })
    expect(order).toEqual(['reveal', 'begin'])
  })

  it('nothing was sent where nobody listens', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    house = await openHouse({ upstream: { origin: `http://127.0.0.1:${port}` } })
    expect((await house.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(house.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'nothing was sent: the upstream refused the connection' } },
    ])
  })

  it.each<[string, string]>([
    ['GET', 'failed'],
    ['POST', 'done'],
  ])('%s whose answer breaks off is %s', async (method, kind) => {
    house = await openHouse()
    house.upstream.answer = (request, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('abc', () => request.socket.destroy())
    }
    expect(await house.ask('/crm/a', { method }).then(text, () => 'cut off')).toBe('cut off')
    while (house.ran.length === 0) await new Promise(setImmediate)
    expect(house.ran).toMatchObject([
      { outcome: { kind, summary: 'HTTP 200, the answer broke off' }, delivered: false },
    ])
  })

  it('is not kept beyond 1 MiB, but streamed whole', async () => {
    house = await openHouse()
    const big = 'x'.repeat(3_000_000)
    house.upstream.answer = answering('text/plain', big)
    expect((await text(await house.ask('/crm/a'))).length).toBe(big.length)
    while (house.ran.length === 0) await new Promise(setImmediate)
    expect(house.ran).toMatchObject([
      { outcome: { kind: 'done', bytes: 3_000_000 }, delivered: true, result: undefined },
    ])
  })

  it('a client that reads nothing holds up neither the house nor the outcome', async () => {
    house = await openHouse({ config: { clientSilenceMs: 50 } })
    house.upstream.answer = answering('text/plain', 'x'.repeat(30_000_000))
    const answer = await house.ask('/crm/a', { method: 'POST' })
    while (house.ran.length === 0) await new Promise((done) => setTimeout(done, 5))
    expect(house.ran).toMatchObject([{ outcome: { kind: 'done', bytes: 30_000_000 }, delivered: false }])
    await answer.body?.cancel()
  })
})
