import { afterEach, describe, expect, it } from 'vitest'
import { type Instance, openInstance } from './fixture.ts'

let instance: Instance | undefined
afterEach(async () => {
  await instance?.close()
  instance = undefined
})

const cel = (text: string) => ({ cel: text })
const filling = 'x'.repeat(1_100_000)
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

const exporting = {
  verb: cel('has(body.verb) ? body.verb : "data.read"'),
  resources: [{ kind: 'dataset', name: cel('body.dataset') }],
  destination: cel('body.destination'),
  reads: cel('body.dataset'),
  writes: cel('body == null ? [] : [body.dataset]'),
  effect: cel('has(body.change) ? "write" : "read"'),
  rows: cel('has(body.rows) ? body.rows : 0'),
  rowsFrom: 'request',
}
const listing = {
  verb: 'data.read',
  resources: [{ kind: 'dataset', name: cel('query.dataset') }],
  rows: cel('int(query.limit)'),
  rowsFrom: 'request',
}

async function told(route: object, query: string, type: string | undefined, body: string | Uint8Array) {
  instance = await openInstance({ upstream: { routes: { 'POST /x': route }, maxBodyBytes: 3_000_000 } })
  const headers = type ? { 'content-type': type } : {}
  const { status } = await instance.ask(`/crm/x${query}`, { method: 'POST', body: body as string, headers })
  return { status, action: instance.attempts[0]?.action, context: instance.attempts[0]?.context }
}

describe('A1: a body that is too large to be looked at says nothing', () => {
  it.each<[string, string]>([
    ['as it should', `{"dataset":"a","rows":5,"destination":"d","f":"${filling}"}`],
    ['with a name twice', `{"dataset":"a","rows":5,"f":"${filling}","rows":48211}`],
    ['with a name in another case', `{"dataset":"a","rows":5,"f":"${filling}","ROWS":48211}`],
    ['that is none', `{"dataset":"a","rows":5,"f":"${filling}"`],
  ])('JSON %s: all that a route reads from it is unknown', async (_, body) => {
    const { status, action, context } = await told(exporting, '', json, body)
    expect(status).toBe(200)
    expect(action).toMatchObject({ verb: 'http.call', resources: [{ kind: 'unknown' }] })
    expect(context).toMatchObject({ effect: 'write', measures: {}, lineage: {} })
  })

  it('also where the verb is said outright', async () => {
    const { action, context } = await told({ ...exporting, verb: 'data.export' }, '', json, `{"f":"${filling}"}`)
    expect(action).toMatchObject({ verb: 'data.export', resources: [{ kind: 'unknown' }] })
    expect(context).toMatchObject({ effect: 'write', measures: {}, lineage: {} })
  })

  it.each<[string, string | undefined, string]>([
    ['a form', form, `limit=48211&dataset=b&f=${filling}`],
    ['JSON', json, `{"limit":48211,"f":"${filling}"}`],
    ['a multipart form', 'multipart/form-data; boundary=b', `--b\r\n${filling}`],
    ['what does not say what it is', undefined, filling],
  ])(
    'A2: %s could hold the names that a route reads from the query, so they are unknown too',
    async (_, type, body) => {
      const bytes = type === undefined ? new TextEncoder().encode(body) : body
      const { action, context } = await told(listing, '?limit=5&dataset=a', type, bytes)
      expect(action?.resources).toMatchObject([{ kind: 'unknown' }])
      expect(context?.measures).toEqual({})
    },
  )

  it.each<[string, string, string, string]>([
    ['a form', form, `f=${filling}&_method=DELETE`, 'delete'],
    ['a multipart form', 'multipart/form-data; boundary=b', `--b\r\n${filling}`, 'delete'],
    ['a file', 'application/octet-stream', filling, 'write'],
  ])('A6: %s could name another method, so it counts as the worst of them', async (_, type, body, effect) => {
    const route = { verb: 'data.write', resources: [{ kind: 'dataset', name: 'a' }] }
    expect((await told(route, '', type, body)).context?.effect).toBe(effect)
  })

  it('a file holds none', async () => {
    const { action, context } = await told(listing, '?limit=5&dataset=a', 'application/octet-stream', filling)
    expect(action?.resources).toEqual([{ kind: 'dataset', name: 'a' }])
    expect(context?.measures).toEqual({ rows: 5 })
  })
})
