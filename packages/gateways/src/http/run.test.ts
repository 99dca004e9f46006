import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { CountersignError } from '@countersign/core'
import type { Obligation } from '@countersign/schema'
import { afterEach, describe, expect, it } from 'vitest'
import { type House, openHouse } from './fixture.ts'

let house: House
afterEach(() => house.close())

const route = (settings: object) => ({
  routes: { 'GET /rows': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'crm.rows' }], ...settings } },
})

const answering =
  (type: string, body: string | readonly string[], headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': type, ...headers })
    for (const part of typeof body === 'string' ? [body] : body) response.write(part)
    response.end()
  }

const text = (answer: Response): Promise<string> => answer.text().catch(() => 'cut off')

describe('ceilings of rows are kept while it runs', () => {
  const csv = 'id,note\r\n1,5" pipe\r\n2,"two\nlines"\r\n3,"a ""quote"""\r\n'
  it.each<[string, string, string, string | string[], Record<string, string>, number, string]>([
    ['lines within', 'ndjson', 'application/x-ndjson', '{"a":1}\n{"a":2}\n\n', {}, 2, 'done: HTTP 200, 2 rows'],
    [
      'lines beyond',
      'ndjson',
      'application/x-ndjson',
      ['{"a":1}\n{"', 'a":2}\n{"a":3}'],
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    ['records within', 'csv', 'text/csv', csv, {}, 3, 'done: HTTP 200, 3 rows'],
    [
      'records beyond',
      'csv',
      'text/csv',
      csv,
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'records without a header, beyond',
      'csv',
      'text/csv; header=absent',
      '1\n2\n3\n',
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    ['a list within', 'json', 'application/json', '[1,2]', {}, 2, 'done: HTTP 200, 2 rows'],
    [
      'a list beyond',
      'json',
      'application/json',
      '[1,2,3]',
      {},
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a page beyond',
      'json',
      'application/json',
      '{"items":[1,2,3],"next":null}',
      {},
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a list that is none',
      'json',
      'text/plain',
      'many',
      {},
      2,
      'failed: HTTP 200, the answer was withheld: it could not be masked or counted',
    ],
    ['a told number within', 'x-row-count', 'text/plain', 'x', { 'x-row-count': '2' }, 2, 'done: HTTP 200, 2 rows'],
    [
      'a told number beyond',
      'x-row-count',
      'text/plain',
      'x',
      { 'x-row-count': '3' },
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a number that is not told',
      'x-row-count',
      'text/plain',
      'x',
      {},
      2,
      'failed: HTTP 200, the answer was withheld: it could not be masked or counted',
    ],
  ])('%s', async (_, rowsFrom, type, body, headers, rows, expected) => {
    house = await openHouse({ upstream: route({ rows, rowsFrom }) })
    house.upstream.answer = answering(type, body, headers)
    const got = await text(await house.ask('/crm/rows'))
    expect(house.ran.map(({ outcome: { kind, summary } }) => `${kind}: ${summary}`)).toEqual([expected])
    if (expected.startsWith('done')) expect(got).toBe(body)
    else expect(got).toMatch(/^cut off$|urn:countersign:error:ERR_(CEILING_EXCEEDED|ANSWER_WITHHELD)/)
  })

  it('no row beyond the ceiling is passed on', async () => {
    house = await openHouse({ upstream: route({ rows: 2, rowsFrom: 'ndjson' }) })
    house.upstream.answer = answering('application/x-ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n')
    const answer = await house.ask('/crm/rows')
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
        seen.push(Buffer.from(chunk).toString())
    })()
    await expect(reading).rejects.toThrow()
    expect(seen.join('')).not.toContain('3')
    expect(house.ran).toMatchObject([{ delivered: false, result: undefined }])
  })

  it('a limit of policy counts as one', async () => {
    house = await openHouse({ upstream: route({ rows: 5, rowsFrom: 'json' }) })
    house.obligations = [{ kind: 'limit', rows: 1 }]
    house.upstream.answer = answering('application/json', '[1,2]')
    expect((await house.ask('/crm/rows')).status).toBe(409)
  })

  it('a limit that nobody can count is not run at all (P8)', async () => {
    house = await openHouse({ upstream: route({}) })
    house.obligations = [{ kind: 'limit', rows: 1 }]
    expect((await house.ask('/crm/rows')).status).toBe(502)
    expect([house.upstream.received, house.ran[0]?.outcome.kind]).toEqual([[], 'failed'])
  })

  it.each([
    ['announced', { 'content-length': '6' }],
    ['as they come', {}],
  ])('bytes beyond, %s', async (_, headers) => {
    house = await openHouse({ upstream: route({ bytes: 5 }) })
    house.upstream.answer = answering('text/plain', ['abc', 'def'], headers)
    const answer = await house.ask('/crm/rows')
    expect(answer.status).toBe('content-length' in headers ? 409 : 200)
    expect(await text(answer)).not.toContain('abcdef')
    expect(house.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: expect.stringContaining('ERR_CEILING_EXCEEDED') as string } },
    ])
  })
})

describe('masked fields', () => {
  const duty: Obligation = { kind: 'mask', fields: ['crm.customers.email', 'phone'] }
  it.each<[string, string, string, number, string]>([
    [
      'are replaced wherever they stand',
      'application/json',
      '{"email":"a","of":[{"phone":1,"name":"b"}]}',
      200,
      '{"email":"[masked]","of":[{"phone":"[masked]","name":"b"}]}',
    ],
    ['withhold what is no JSON', 'text/csv', 'email\na@b.c', 502, 'ERR_ANSWER_WITHHELD'],
    ['withhold what can be read two ways', 'application/json', '{"email":1,"email":2}', 502, 'ERR_ANSWER_WITHHELD'],
    [
      'withhold what is too large to read',
      'application/json',
      JSON.stringify({ a: 'x'.repeat(1_100_000) }),
      502,
      'ERR_ANSWER_WITHHELD',
    ],
    ['have nothing to do where there is nothing', 'text/plain', '', 200, ''],
  ])('%s (P8)', async (_, type, body, status, expected) => {
    house = await openHouse()
    house.obligations = [duty]
    house.upstream.answer = answering(type, body, { etag: '"x"' })
    const answer = await house.ask('/crm/a')
    expect([answer.status, answer.headers.get('etag')]).toEqual([status, null])
    const got = await answer.text()
    if (status === 200) expect(got).toBe(expected)
    else expect(got).toContain(expected)
    expect(JSON.stringify(house.ran)).not.toContain('a@b.c')
  })

  it('of a change that took place anyway leave the outcome done', async () => {
    house = await openHouse()
    house.obligations = [duty]
    house.upstream.answer = answering('text/plain', 'email: a')
    expect((await house.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(house.ran).toMatchObject([{ outcome: { kind: 'done' }, delivered: true, result: undefined }])
  })
})

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

  it.each<[string, string, number]>([
    ['a permit that came too late', 'ERR_PERMIT_LATE', 409],
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
      { outcome: { kind: 'failed', summary: 'the upstream could not be reached; nothing was sent' } },
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
