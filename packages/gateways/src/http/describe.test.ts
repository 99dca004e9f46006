import { isError } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type Instance, type Init, openInstance } from './fixture.ts'

let instance: Instance | undefined
afterEach(async () => {
  await instance?.close()
  instance = undefined
})

const cel = (text: string) => ({ cel: text })
const orders = { verb: 'data.read', resources: [{ kind: 'dataset', name: 'finance.orders' }] }

async function told(routes: object, path: string, init?: Init) {
  instance = await openInstance({ upstream: { routes } })
  await instance.ask(path, init)
  const [attempt] = instance.attempts
  if (!attempt) throw new Error('no attempt')
  const { verb, operation, resources } = attempt.action
  const { sentence, effect, lineage, measures, destructive, purpose } = attempt.context
  return { verb, operation, resources, sentence, effect, lineage, measures, destructive, purpose }
}

const json = (body: unknown): Init => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

describe('a route says what a request means', () => {
  it('in full', async () => {
    const route = {
      verb: 'data.export',
      resources: [{ kind: 'dataset', name: cel('"finance." + params.table') }],
      sentence: cel('"Export " + string(body.limit) + " rows of " + params.table + " to " + body.to'),
      effect: 'read',
      reads: [{ name: cel('"finance." + params.table'), columns: cel('body.columns') }],
      writes: [],
      destination: cel('body.to'),
      model: cel('headers["accept"]'),
      rows: cel('body.limit * 2'),
      bytes: 5000,
      rowsFrom: 'csv',
      destructive: true,
      purposeHeader: 'x-reason',
    }
    expect(
      await told({ 'POST /tables/{table}/export': route }, '/crm/tables/orders/export', {
        ...json({ limit: 10, to: 's3://out', columns: ['id', 'total'] }),
        headers: { 'content-type': 'application/json', accept: 'text/csv', 'x-reason': 'audit' },
      }),
    ).toEqual({
      verb: 'data.export',
      operation: 'crm: POST /tables/{table}/export',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      sentence: 'Export 10 rows of orders to s3://out',
      effect: 'read',
      lineage: {
        reads: [{ name: 'finance.orders', columns: ['id', 'total'] }],
        writes: [],
        destination: 's3://out',
        model: 'text/csv',
      },
      measures: { rows: 20, bytes: 5000 },
      destructive: true,
      purpose: { text: 'audit' },
    })
  })

  it.each<[string, object, string, string]>([
    [
      'a literal before a parameter',
      { 'GET /a/{id}': { ...orders, operation: 'one' }, 'GET /a/b': { ...orders, operation: 'two' } },
      '/crm/a/b',
      'two',
    ],
    [
      'a parameter before the rest',
      { 'GET /{path*}': { ...orders, operation: 'rest' }, 'GET /{id}': { ...orders, operation: 'one' } },
      '/crm/a',
      'one',
    ],
    [
      'the rest',
      { 'GET /{path*}': { ...orders, operation: 'rest' }, 'GET /{id}': { ...orders, operation: 'one' } },
      '/crm/a/b',
      'rest',
    ],
    ['a slash at the end', { 'GET /a/{id}': { ...orders, operation: 'one' } }, '/crm/a/7/', 'one'],
    ['an encoded letter', { 'GET /abc': { ...orders, operation: 'one' } }, '/crm/%61bc', 'one'],
    ['another method', { 'POST /a': { ...orders, operation: 'one' } }, '/crm/a', 'GET crm'],
    ['a longer path', { 'GET /a/{id}': { ...orders, operation: 'one' } }, '/crm/a/b/c', 'GET crm'],
  ])('%s', async (_, routes, path, operation) => {
    expect((await told(routes, path)).operation).toBe(operation)
  })
})

describe('what a route cannot say is unknown, never allowed (P13)', () => {
  it('an unmapped route is unknown in all', async () => {
    expect(await told({}, '/crm/a', { method: 'DELETE' })).toMatchObject({
      verb: 'http.call',
      resources: [{ kind: 'unknown', name: 'DELETE crm/a' }],
      effect: 'delete',
      lineage: {},
      measures: {},
    })
  })

  it.each<[string, object, object]>([
    [
      'a verb',
      { verb: cel('body.verb') },
      { verb: 'http.call', resources: [{ kind: 'unknown', name: 'POST crm/a' }], lineage: {} },
    ],
    ['a verb that is none', { verb: cel('"data.reed"') }, { verb: 'http.call' }],
    [
      'a resource',
      { resources: [{ kind: 'dataset', name: cel('body.table') }] },
      { resources: [{ kind: 'unknown', name: 'POST crm/a' }] },
    ],
    [
      'an empty resource',
      { resources: [{ kind: 'dataset', name: cel('""') }] },
      { resources: [{ kind: 'unknown', name: 'POST crm/a' }] },
    ],
    ['an effect', { effect: cel('body.effect') }, { effect: 'write' }],
    ['a sentence', { sentence: cel('body.text') }, { sentence: 'Send POST /a to crm' }],
    ['a sentence nobody reads', { sentence: cel(`"${'x'.repeat(501)}"`) }, { sentence: 'Send POST /a to crm' }],
    ['one of the reads', { reads: [{ name: 'a' }, { name: cel('body.b') }] }, { lineage: {} }],
    ['columns', { reads: [{ name: 'a', columns: cel('body.c') }] }, { lineage: { reads: [{ name: 'a' }] } }],
    [
      'columns of another type',
      { reads: [{ name: 'a', columns: cel('[1]') }] },
      { lineage: { reads: [{ name: 'a' }] } },
    ],
    ['rows', { rows: cel('body.rows'), rowsFrom: 'csv' }, { measures: {} }],
    ['negative rows', { rows: cel('-1'), rowsFrom: 'csv' }, { measures: {} }],
    ['half a row', { rows: cel('0.5'), rowsFrom: 'csv' }, { measures: {} }],
    ['a query that did not come', { destination: cel('query.to') }, { lineage: {} }],
    ['a name of every object', { destination: cel('body.constructor') }, { lineage: {} }],
  ])('%s', async (_, part, expected) => {
    expect(
      await told({ 'POST /a': { ...orders, ...part } }, '/crm/a?x=1&x=2&__proto__=z', json({ n: 1 })),
    ).toMatchObject(expected)
    expect((await lineageOf(instance)).length).toBe(
      'lineage' in expected ? Object.keys(expected.lineage as object).length : 0,
    )
  })

  it('a body that does not say it is JSON says nothing', async () => {
    const route = { ...orders, destination: cel('body.to') }
    expect(await told({ 'POST /a': route }, '/crm/a', { method: 'POST', body: '{"to":"x"}' })).toMatchObject({
      lineage: {},
    })
  })

  it('a secret cannot be said', async () => {
    const route = { ...orders, sentence: cel('"Set " + body.password'), secrets: ['/password'] }
    expect(await told({ 'POST /a': route }, '/crm/a', json({ password: 'hunter2' }))).toMatchObject({
      sentence: 'Set secret:1',
    })
  })

  it('a secret in a body that is not JSON cannot be found, so it is refused', async () => {
    instance = await openInstance({ upstream: { routes: { 'POST /a': { ...orders, secrets: ['/password'] } } } })
    expect((await instance.ask('/crm/a', { method: 'POST', body: 'password=hunter2' })).status).toBe(415)
    expect(instance.attempts).toEqual([])
  })
})

const lineageOf = async (open: Instance | undefined) => Object.keys(open?.attempts[0]?.context.lineage ?? {})

describe('a mistake in the configuration stops the start', () => {
  it.each<[string, object]>([
    ['no expression', { 'GET /a': { ...orders, destination: cel('1 +') } }],
    ['an unknown variable', { 'GET /a': { ...orders, destination: cel('request.path') } }],
    [
      'a pattern over an agent’s text',
      { 'GET /a': { ...orders, destination: cel('body.a.matches("(a+)+$") ? "a" : "b"') } },
    ],
    ['a loop in a loop', { 'GET /a': { ...orders, destination: cel('body.a.map(x, body.a.map(y, x))[0]') } }],
    ['two routes for one path', { 'GET /{a}': orders, 'GET /{b}': orders }],
    ['a rest in the middle', { 'GET /{a*}/b': orders }],
    ['half a parameter', { 'GET /a{b': orders }],
    ['two parameters with nothing between them', { 'GET /{a}{b}': orders }],
    ['rows that nobody counts', { 'GET /a': { ...orders, rows: 5 } }],
    ['a verb that is none', { 'GET /a': { ...orders, verb: 'data.reed' } }],
    ['an unknown key', { 'GET /a': { ...orders, row: 5 } }],
    ['the instance’s header as a secret', { 'GET /a': { ...orders, secrets: ['Authorization'] } }],
  ])('%s', async (_, routes) => {
    await expect(told(routes, '/crm/a')).rejects.toSatisfy(
      (error) => isError(error, 'ERR_CONFIG_INVALID') || (error instanceof Error && error.name.endsWith('ZodError')),
    )
  })

  it.each([
    ['an origin with a path', { origin: 'http://127.0.0.1/api' }],
    ['an origin with a password', { origin: 'http://a:b@127.0.0.1' }],
    ['another protocol', { origin: 'file:///etc/passwd' }],
    ['an agent’s cookie', { headers: ['cookie'] }],
  ])('%s', async (_, upstream) => {
    await expect(openInstance({ upstream })).rejects.toThrow()
  })
})
