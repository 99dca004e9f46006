import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, origin, type Rig } from '../api/rig/rig.ts'

let rig: Rig
let cookie: string
beforeEach(async () => {
  rig = await createRig()
  cookie = await rig.cookieOf(await rig.person('admin', { roles: ['identity', 'operations'] }))
})
afterEach(() => rig.close())

const to = (host: string, path = '/healthz', headers: Record<string, string> = {}) =>
  rig.api.fetch(new Request(`http://localhost:4600${path}`, { headers: { host, ...headers } }))

describe('the name a request was sent to', () => {
  it.each<[string, number]>([
    ['localhost:4600', 200],
    ['LOCALHOST:4600', 200],
    ['127.0.0.1:4600', 200],
    ['[::1]:4600', 200],
    ['localhost', 200],
    ['evil.example', 421],
    ['evil.example:4600', 421],
    ['localhost.evil.example:4600', 421],
    ['localhost:4600@evil.example', 421],
    ['evil.example#localhost', 421],
    ['10.0.0.1:4600', 421],
    ['0.0.0.0:4600', 421],
    ['localhost:99999', 421],
    ['', 421],
  ])('%s is answered with %i', async (host, status) => {
    expect((await to(host)).status).toBe(status)
  })

  it('is the public one, where there is one', async () => {
    const site = await createRig({ publicUrl: 'https://sign.example' })
    const at = (host: string) => site.api.fetch(new Request('http://x/healthz', { headers: { host } }))
    expect([(await at('sign.example')).status, (await at('other.example')).status]).toEqual([200, 421])
    expect((await at('sign.example')).headers.get('strict-transport-security')).toBe('max-age=31536000')
    await site.close()
  })

  it('sends a browser from the address to the name, and keeps path and query', async () => {
    const response = await to('127.0.0.1:4600', '/approvals/apr_1?x=1', { accept: 'text/html' })
    expect([response.status, response.headers.get('location')]).toEqual([307, `${origin}/approvals/apr_1?x=1`])
    const doubled = await to('127.0.0.1:4600', '//evil.example/', { accept: 'text/html' })
    expect(new URL(doubled.headers.get('location') ?? '', origin).origin).toBe(origin)
    expect((await to('127.0.0.1:4600', '/healthz')).status).toBe(200)
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/api/me', '/api/nothing', '/approvals/x', '/ledger/tile/9'])(
    '%s carries the headers',
    async (path) => {
      const response = await rig.call(path, { headers: { 'x-request-id': 'abc-1' } })
      const { headers } = response
      expect(headers.get('x-request-id')).toBe('abc-1')
      expect(headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('has an id of its own where the one given is not plain', async () => {
    const response = await rig.call('/healthz', { headers: { 'x-request-id': 'a b<script>' } })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('that went wrong is a problem without inner words', async () => {
    const store = {
      ...rig.store,
      agents: { ...rig.store.agents, list: () => Promise.reject(new Error('secret at /home/x')) },
    }
    const broken = await createRig({
      store: { ...store, people: rig.store.people } as never,
      sessions: rig.parts.sessions,
    })
    const response = await broken.get('/api/agents', cookie)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      status: 500,
      code: 'ERR_INTERNAL',
      type: 'urn:countersign:error:ERR_INTERNAL',
    })
    expect(text + JSON.stringify(broken.told)).not.toContain('secret')
    await broken.close()
  })

  it('for a path that is not the API’s comes from the pages', async () => {
    expect(await (await rig.call('/approvals/x')).text()).toBe('page /approvals/x')
    expect(await codeOf(await rig.call('/approvals/x', { method: 'POST' }))).toBe('ERR_NOT_FOUND')
    expect(await codeOf(await rig.get('/api/nothing', cookie))).toBe('ERR_NOT_FOUND')
  })
})

describe('input', () => {
  const good = { id: 'a', name: 'A', owner: 'per_1', team: 't', environment: 'prod' }

  it.each<[string, string, number, string]>([
    ['nothing', '', 400, 'ERR_INPUT_INVALID'],
    ['not JSON', '{', 400, 'ERR_INPUT_INVALID'],
    ['an array', '[]', 400, 'ERR_INPUT_INVALID'],
    ['the same key twice', '{"id":"a","id":"b"}', 400, 'ERR_INPUT_INVALID'],
    ['__proto__', '{"__proto__":{}}', 400, 'ERR_INPUT_INVALID'],
    ['a lone surrogate', '{"id":"\\ud800"}', 400, 'ERR_INPUT_INVALID'],
    ['deep nesting', '['.repeat(100) + ']'.repeat(100), 400, 'ERR_INPUT_INVALID'],
    ['an unknown key', JSON.stringify({ ...good, admin: true }), 400, 'ERR_INPUT_INVALID'],
    ['a bad id', JSON.stringify({ ...good, id: '../x' }), 400, 'ERR_INPUT_INVALID'],
    ['a key for ever', JSON.stringify({ ...good, keyDays: 100_000 }), 400, 'ERR_INPUT_INVALID'],
    ['too much', JSON.stringify({ ...good, name: 'x'.repeat(1 << 20) }), 413, 'ERR_INPUT_TOO_LARGE'],
    ['an owner nobody knows', JSON.stringify(good), 404, 'ERR_PERSON_MISSING'],
  ])('%s is refused', async (_, body, status, code) => {
    const response = await rig.post('/api/agents', cookie, body)
    expect([response.status, await codeOf(response)]).toEqual([status, code])
  })

  it.each(['/api/agents', '/%61pi/agents', '/api/%61gents', '/%61%70%69/agents'])(
    'A5: is read strictly on every way to the same handler: %s',
    async (path) => {
      const twice = await rig.post(path, cookie, '{"id":"a","id":"b"}')
      expect(await twice.json()).toMatchObject({
        status: 400,
        detail: 'The body is not JSON as it is read here: the same key twice.',
      })
      const { 'content-type': _, ...headers } = rig.ofConsole(cookie)
      const untyped = await rig.call(path, { method: 'POST', headers, body: JSON.stringify(good) })
      expect(untyped.status).toBe(415)
    },
  )

  it.each<[string, (ours: Record<string, string>) => Record<string, string>, number]>([
    ['nobody who is signed in', (ours) => ({ ...ours, cookie: '' }), 401],
    ['the cookie of nobody', (ours) => ({ ...ours, cookie: 'countersign=made-up' }), 401],
    ['another window', (ours) => ({ ...ours, 'countersign-browser': 'x' }), 403],
    ['another site', (ours) => ({ ...ours, origin: 'https://evil.example' }), 403],
    ['a token', (ours) => ({ ...ours, authorization: 'Bearer x' }), 401],
  ])('B1: of %s is not read at all', async (_, from, status) => {
    for (const path of ['/api/agents', '/%61pi/agents', '/api/nothing']) {
      let read = false
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            read = true
            controller.enqueue(Buffer.from('"'))
          },
        },
        { highWaterMark: 0 },
      )
      const headers = from(rig.ofConsole(cookie))
      const response = await rig.call(path, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
      expect([response.status, read]).toEqual([status, false])
    }
  })

  it('that never ends is cut off', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1 << 16
        controller.enqueue(new Uint8Array(1 << 16))
      },
    })
    const headers = rig.ofConsole(cookie)
    const response = await rig.call('/api/agents', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    expect(response.status).toBe(413)
    expect(sent).toBeLessThan(2 << 20)
  })

  it.each([
    '/api/approvals?limit=0',
    '/api/approvals?limit=1000',
    '/api/approvals?limit=x',
    '/api/approvals?state=maybe',
    '/api/approvals?unknown=1',
    '/api/approvals/nope',
    `/api/approvals/apr_${'a'.repeat(100)}`,
    '/api/actions?verb=everything',
    '/api/actions?from=yesterday',
    '/api/actions/apr_1',
    '/api/lineage',
    '/api/lineage?dataset=a&model=b',
    '/api/lineage?dataset=a&depth=21',
    '/api/policies/explain',
  ])('%s is refused, saying where', async (path) => {
    const response = await rig.get(path, cookie)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'ERR_INPUT_INVALID', detail: expect.any(String) })
  })
})

describe('the OpenAPI document', () => {
  it('is 3.1, lists every path, and refers only to what it holds', async () => {
    const text = await (await rig.call('/openapi.json')).text()
    const document = JSON.parse(text) as { openapi: string; paths: object; components: { schemas: object } }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/actions',
      '/api/actions/export',
      '/api/actions/{id}',
      '/api/agents',
      '/api/agents/{id}/change',
      '/api/agents/{id}/keys',
      '/api/agents/{id}/keys/{key}/revoke',
      '/api/agents/{id}/retire',
      '/api/agents/{id}/start',
      '/api/agents/{id}/stop',
      '/api/approvals',
      '/api/approvals/{id}',
      '/api/approvals/{id}/escalate',
      '/api/approvals/{id}/signatures',
      '/api/events',
      '/api/ledger',
      '/api/lineage',
      '/api/me',
      '/api/me/accounts',
      '/api/people',
      '/api/people/{id}/accounts',
      '/api/people/{id}/activity',
      '/api/people/{id}/end-sessions',
      '/api/people/{id}/roles',
      '/api/policies',
      '/api/policies/candidate',
      '/api/policies/explain',
      '/api/policies/files',
      '/api/policies/tests',
      '/api/policies/use',
      '/api/system',
      '/api/tools',
      '/api/tools/accept',
      '/healthz',
      '/readyz',
    ])
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name)
    for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name)
    expect(new Set(names)).toContain('ApprovalView')
    expect(text).not.toContain('undefined')
  })
})
