import { createServer } from 'node:http'
import { isError } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress } from './egress.ts'
import { fetchThrough } from './fetch.ts'
import { begin, end } from './fixture.ts'

const server = createServer((request, response) => {
  if (request.url === '/moved') return response.writeHead(302, { location: '/' }).end()
  if (request.url === '/none') return response.writeHead(204).end()
  if (request.url === '/never') return undefined
  response.writeHead(200, { 'x-method': request.method, 'x-sent': request.headers['x-sent'] ?? '' })
  return request.pipe(response)
})
let origin: string
beforeAll(async () => {
  origin = await begin(server)
})
afterAll(async () => {
  await end(server)
})

describe('fetch through the way out', () => {
  it('sends and streams back', async () => {
    const egress = createEgress({ allowed: [origin] })
    const answer = await fetchThrough(egress)(`${origin}/a`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-sent': 'b' },
    })
    expect([answer.headers.get('x-method'), answer.headers.get('x-sent'), await answer.text()]).toEqual([
      'POST',
      'b',
      'hello',
    ])
    expect((await fetchThrough(egress)(`${origin}/none`)).status).toBe(204)
    egress.close()
  })

  it('follows no redirect', async () => {
    const egress = createEgress({ allowed: [origin] })
    expect((await fetchThrough(egress)(`${origin}/moved`)).status).toBe(302)
    egress.close()
  })

  it('refuses what is not named', async () => {
    const egress = createEgress({ allowed: [] })
    await expect(fetchThrough(egress)(origin)).rejects.toSatisfy((error) => isError(error, 'ERR_EGRESS_REFUSED'))
    egress.close()
  })

  it('ends when its signal does', async () => {
    const egress = createEgress({ allowed: [origin] })
    const signal = AbortSignal.timeout(20)
    await expect(fetchThrough(egress)(`${origin}/never`, { signal })).rejects.toThrow()
    egress.close()
  })
})
