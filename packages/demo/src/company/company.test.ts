import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunningCompany, startCompany } from './company.ts'
import { createDatasets } from './data.ts'

const token = 'the-gateway-alone-has-it'
let company: RunningCompany
beforeEach(async () => {
  company = await startCompany({ port: 0, token })
})
afterEach(() => company.close())

interface Call {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}
const call = (path: string, { method = 'GET', body, headers = {} }: Call = {}) =>
  fetch(`${company.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
const post = (path: string, body: unknown, headers = {}) => call(path, { method: 'POST', body, headers })
const orders = { dataset: 'finance.orders', rows: 48_211, destination: 'partner-drive.example', format: 'csv' }

describe('going around Countersign', () => {
  it.each(['', 'Bearer', 'Bearer ', 'Bearer wrong', `Bearer ${token}x`, `bearer ${token}`, `Basic ${token}`, token])(
    'leads nowhere with %j',
    async (authorization) => {
      const refused = await post('/finance/exports', orders, { authorization })
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain('Bearer')
      expect(await refused.json()).toEqual({ error: 'Only Countersign has the key to this API.' })
      expect(company.log()).toEqual([])
    },
  )
})

describe('an export', () => {
  it.each([
    ['csv', 'text/csv; charset=utf-8; header=present', 48_211 + 1],
    ['ndjson', 'application/x-ndjson', 48_211],
  ])('as %s has exactly the rows asked for', async (format, type, lines) => {
    const response = await post('/finance/exports', { ...orders, format })
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('x-row-count')).toBe('48211')
    const text = await response.text()
    expect(text.trimEnd().split('\n')).toHaveLength(lines)
    expect(company.log()).toEqual([
      { did: 'finance.export.begun', what: 'finance.orders', rows: 48_211, to: 'partner-drive.example' },
      { did: 'finance.export.ended', what: 'finance.orders', rows: 48_211, to: 'partner-drive.example' },
    ])
  })

  it('notes how far it came when the other side hangs up', async () => {
    await new Promise<void>((resolve, reject) => {
      const sending = request(
        `${company.url}/finance/exports`,
        { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
        (response) => {
          response.once('data', () => {
            response.destroy()
            resolve()
          })
        },
      ).on('error', reject)
      sending.end(JSON.stringify({ ...orders, dataset: 'finance.ledger', rows: 120_000 }))
    })
    await expect.poll(() => company.log().length).toBe(2)
    expect(company.log()[1]?.rows).toBeLessThan(120_000)
  })
})

it('does what it is asked, and notes it', async () => {
  const seen = []
  for (const [path, body] of [
    ['/training/exports', { dataset: 'crm.customers', destination: 's3://training' }],
    ['/fine-tunes', { model: 'support-assistant', dataset: 'support.tickets', epochs: 3 }],
    ['/models/support-assistant/promotions', { stage: 'production' }],
    ['/roles/production-db-admin/grants', { grantee: 'ledger-bot' }],
  ] as const) {
    seen.push((await post(path, body)).status)
  }
  expect(seen).toEqual([201, 202, 200, 201])
  expect(await (await call('/models')).json()).toMatchObject({
    models: [{ name: 'support-assistant', stage: 'production' }, {}, {}],
  })
  expect(await (await call('/roles/production-db-admin/grants')).json()).toEqual({
    role: 'production-db-admin',
    grantees: ['cleo@acme.example', 'ledger-bot'],
  })
  expect(await (await call('/log')).json()).toEqual({ log: company.log() })
  expect(company.log().map(({ did }) => did)).toEqual([
    'training.export',
    'fine-tune.started',
    'model.promoted',
    'role.granted',
  ])
})

it.each([
  ['/finance/orders?limit=3', 'finance.orders', 3],
  ['/finance/ledger', 'finance.ledger', 20],
  ['/customers?limit=1000', 'crm.customers', 1000],
])('%s reads', async (path, dataset, rows) => {
  const response = await call(path)
  expect(response.headers.get('x-row-count')).toBe(String(rows))
  const body = (await response.json()) as { rows: unknown[] }
  expect(body).toMatchObject({ dataset })
  expect(body.rows).toHaveLength(rows)
  expect(company.log()).toMatchObject([{ what: dataset, rows }])
})

it.each<[string, string, Call, number]>([
  ['an unknown path', '/nothing', {}, 404],
  ['a slash too many', '/models/', {}, 404],
  ['an encoded path', '/models/support%2Dassistant/promotions', { method: 'POST', body: { stage: 'production' } }, 404],
  ['another method', '/models', { method: 'DELETE' }, 405],
  ['an unknown model', '/models/none/promotions', { method: 'POST', body: { stage: 'production' } }, 404],
  ['an unknown role', '/roles/none/grants', { method: 'POST', body: { grantee: 'x' } }, 404],
  ['an unknown stage', '/models/churn-forecast/promotions', { method: 'POST', body: { stage: 'moon' } }, 400],
  [
    'a member too many',
    '/fine-tunes',
    { method: 'POST', body: { model: 'churn-forecast', dataset: 'crm.customers', epochs: 1, x: 1 } },
    400,
  ],
  ['a member twice', '/roles/finance-admin/grants', { method: 'POST', body: '{"grantee":"a","grantee":"b"}' }, 400],
  ['no JSON', '/fine-tunes', { method: 'POST', body: 'model=x', headers: { 'content-type': 'text/plain' } }, 415],
  ['too much', '/fine-tunes', { method: 'POST', body: ' '.repeat(70_000) }, 413],
  ['more rows than there are', '/finance/exports', { method: 'POST', body: { ...orders, rows: 48_212 } }, 422],
  ['no rows', '/finance/exports', { method: 'POST', body: { ...orders, rows: 0 } }, 400],
  ['a limit that is none', '/finance/orders?limit=1e3', {}, 400],
  ['a limit too high', '/finance/orders?limit=1001', {}, 400],
  ['two limits', '/finance/orders?limit=1&limit=2', {}, 400],
])('%s is refused in JSON, and nothing is done', async (_, path, options, status) => {
  const refused = await call(path, options)
  expect(refused.status).toBe(status)
  expect(await refused.json()).toHaveProperty('error')
  expect(company.log()).toEqual([])
})

it('the same seed makes the same data, another seed other data', () => {
  const first = (seed: number) => createDatasets(seed)['crm.customers'].row(41)
  expect(first(1)).toEqual(first(1))
  expect(first(1)).not.toEqual(first(2))
  expect(createDatasets(1)['finance.orders'].row(0)).toMatchObject({ order: 'SO-100001', date: '2025-01-01' })
})
