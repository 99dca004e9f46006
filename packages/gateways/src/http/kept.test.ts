import { gzipSync } from 'node:zlib'
import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { answering, type Instance, key, openInstance } from './fixture.ts'

let instance: Instance
beforeEach(async () => {
  instance = await openInstance()
})
afterEach(() => instance.close())

const head = ({ status, headers }: Response) => [
  status,
  [...headers].filter(
    ([name]) => !/^(?:countersign-replayed|connection|keep-alive|date|transfer-encoding|content-length)$/.test(name),
  ),
]

describe('an answer is kept whole', () => {
  it('C5: what is handed out again is what was handed out', async () => {
    instance.upstream.answer = (_, response) => {
      response
        .writeHead(201, {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          location: '/orders/7',
          etag: '"x"',
          link: '</next>; rel=next',
          'retry-after': '9',
          'cache-control': 'private, max-age=5',
          vary: 'accept',
        })
        .end(gzipSync('{"id":7}'))
    }
    const again = { method: 'POST', headers: { 'idempotency-key': 'one' } }
    const first = await instance.ask('/crm/orders', again)
    const text = await first.text()
    const second = await instance.ask('/crm/orders', again)
    expect([head(second), await second.text()]).toEqual([head(first), text])
    expect([text, second.headers.get('countersign-replayed'), second.headers.get('location')]).toEqual([
      '{"id":7}',
      '?1',
      '/crm/orders/7',
    ])
    expect(instance.upstream.received).toHaveLength(1)
  })
})

describe('F8: what a client can read', () => {
  it('F3: is what the upstream is asked for, where nothing is counted', async () => {
    instance.upstream.answer = answering('text/plain', 'x')
    await (await instance.ask('/crm/a', { headers: { 'accept-encoding': 'br;q=1.0, gzip' } })).text()
    expect(instance.upstream.received[0]?.headers['accept-encoding']).toBe('br;q=1.0, gzip')
  })

  it('F8: trailers arrive, but none that says how to read what went before', async () => {
    instance.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-checksum, content-type' })
      response.write('a')
      response.addTrailers({ 'x-checksum': 'abc', 'content-type': 'text/html', 'set-cookie': 'a=b' })
      response.end()
    }
    const trailers = await new Promise((done, fail) => {
      const call = request(`${instance.url}/crm/a`, { headers: { authorization: `Bearer ${key}` } }, (answer) => {
        answer.resume().once('end', () => {
          done([answer.headers.trailer, answer.trailers])
        })
      })
      call.once('error', fail).end()
    })
    expect(trailers).toEqual(['x-checksum', { 'x-checksum': 'abc' }])
  })
})
