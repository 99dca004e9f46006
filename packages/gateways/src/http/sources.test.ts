import { describe, expect, it } from 'vitest'
import {
  ask,
  cel,
  closeAfterEach,
  exporting,
  json,
  listing,
  open,
  order,
  uploading,
  written,
} from './reading-fixture.ts'

closeAfterEach()

describe('A2: a name that a mapping reads stands in one place', () => {
  const form = 'application/x-www-form-urlencoded'
  it.each<[string, object, string, string, string]>([
    ['read from the query, and in the form too', listing, '?limit=5', form, 'limit=1000'],
    ['in another spelling in the form', listing, '?limit=5', form, 'LIMIT=1000'],
    ['read from the query, and in a JSON body too', listing, '?limit=5', json, '{"limit":1000}'],
    ['read from the form, and in the query too', uploading, '?dataset=crm.customers', form, 'dataset=a'],
    ['read from the form, and in the query in brackets', uploading, '?dataset[]=crm.customers', form, 'dataset=a'],
    ['read from the body, and in the query too', exporting, '?rows=48211', json, JSON.stringify(order)],
    ['read from the body, and in another case in the query', exporting, '?Rows=48211', json, JSON.stringify(order)],
    ['read from both', { ...exporting, destination: cel('query.rows') }, '?rows=1', json, JSON.stringify(order)],
  ])('%s', async (_, route, query, type, body) => {
    const { status, attempts } = await ask({ 'POST /x': route }, `/x${query}`, type, body)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it.each<[string, object, string, string, string]>([
    ['what nobody looks up', exporting, '?page=1', json, written('"page":2')],
    ['what the route lets through', { ...listing, alike: ['limit'] }, '?limit=5', form, 'limit=5'],
  ])('%s may stand in both', async (_, route, query, type, body) => {
    expect((await ask({ 'POST /x': route }, `/x${query}`, type, body)).status).toBe(200)
  })
})

describe('A2: what a mapping takes from the path', () => {
  const form = 'application/x-www-form-urlencoded'
  const granting = { verb: 'iam.grant', resources: [{ kind: 'role', name: cel('params.role') }] }

  it.each<[string, string, string?, string?]>([
    ['in the form', '', form, 'role=admin'],
    ['in the form, in another spelling', '', form, 'Role=admin'],
    ['in the query', '?role=admin'],
    ['in the query, as a list', '?role[]=admin'],
    ['in a JSON body', '', json, '{"role":"admin"}'],
    ['in a JSON body, as a list', '', json, '{"role":["viewer"]}'],
  ])('does not stand elsewhere as another: %s', async (_, query, type, body) => {
    const method = body === undefined ? 'GET' : 'POST'
    const { status, detail, attempts } = await ask(
      { [`${method} /roles/{role}`]: granting },
      `/roles/viewer${query}`,
      type,
      body,
    )
    expect([status, attempts.length]).toEqual([400, 0])
    expect(detail).toMatch(/role.* stands in the path/i)
  })

  it.each<[string, object, string, string]>([
    ['as the same', granting, json, '{"role":"viewer"}'],
    ['as another, where the route lets it through', { ...granting, alike: ['role'] }, form, 'role=admin'],
    ['deeper inside', granting, json, '{"more":{"role":"admin"}}'],
  ])('may stand elsewhere %s', async (_, route, type, body) => {
    expect((await ask({ 'POST /roles/{role}': route }, '/roles/viewer', type, body)).status).toBe(200)
  })

  it('may be a number there and in the body', async () => {
    const paying = { verb: 'data.write', resources: [{ kind: 'dataset', name: cel('params.id') }] }
    expect((await ask({ 'POST /orders/{id}': paying }, '/orders/7', json, '{"id":7}')).status).toBe(200)
  })
})

describe('A2: names by which some frameworks know each other’s spelling', () => {
  const counted = { ...listing, rows: cel('int(query.row_limit)') }
  it.each<[string, string]>([
    ['Protocol Buffers, two spellings', '?row_limit=5&rowLimit=1000'],
    ['Protocol Buffers, the other spelling alone', '?rowLimit=1000'],
    ['encoded twice', '?row_limit=5&row%255flimit=1000'],
    ['brackets and dots, of what nobody reads', '?row_limit=5&f[a]=1&f.a=2'],
  ])('%s', async (_, query) => {
    const { status, attempts } = await ask({ 'GET /orders': counted }, `/orders${query}`)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it.each<[string, string]>([
    ['two spellings', '{"row_count":5,"rowCount":48211,"dataset":"a"}'],
    ['the other spelling alone', '{"rowCount":48211,"dataset":"a"}'],
    ['deep inside, of what nobody reads', '{"row_count":5,"dataset":"a","x":[{"user_id":1,"userId":2}]}'],
  ])('A1: Protocol Buffers in JSON, %s', async (_, body) => {
    const route = { ...exporting, rows: cel('has(body.row_count) ? body.row_count : 0') }
    const { status, attempts } = await ask({ 'POST /x': route }, '/x', json, body)
    expect([status, attempts.length]).toEqual([400, 0])
  })
})

describe('A2: the method and the path that were judged are those that are read', () => {
  const form = 'application/x-www-form-urlencoded'
  it.each<[string, string, string?, string?]>([
    ['the query', '/x?_method=DELETE'],
    ['another spelling', '/x?_METHOD=DELETE'],
    ['the query of Firebase', '/x?x-http-method-override=PATCH'],
    ['a form', '/x', form, '_method=DELETE'],
    [
      'a multipart form',
      '/x',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nPUT\r\n--b--',
    ],
    ['a JSON body', '/x', json, '{"_method":"delete"}'],
  ])('another method in %s', async (_, path, type, body) => {
    const { status, attempts } = await ask({}, path, type, body)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it('another method in a header that is sent on', async () => {
    const gateway = await open({ headers: ['x-http-method-override'] })
    const asked = (method: string) =>
      gateway.ask('/crm/x', { method: 'POST', headers: { 'x-http-method-override': method } })
    expect((await asked('DELETE')).status).toBe(400)
    expect((await asked('post')).status).toBe(200)
  })

  it('the same method, and one that a route lets through', async () => {
    expect((await ask({}, '/x?_method=post', form, 'a=1')).status).toBe(200)
    const route = { ...listing, rows: undefined, rowsFrom: undefined, alike: ['_method'] }
    expect((await ask({ 'GET /x': route }, '/x?_method=PUT')).status).toBe(200)
  })

  const plain = { verb: 'data.read', resources: [{ kind: 'dataset', name: 'crm.customers' }] }
  const routes = { 'GET /customers': plain, 'GET /files/{id}': plain, 'GET /files/all': plain, 'GET /a/{x}.csv': plain }
  it.each([
    '/Customers',
    '/CUSTOMERS/',
    '/cu%C5%BFtomers',
    '/customers.',
    '/customers%20',
    '/customers.json',
    '/customers.XML',
    '/Files/7',
    '/files/ALL',
    '/files/all.json',
    '/a/x.CSV',
  ])('a path that is another route’s to some readers: %s', async (path) => {
    const { status, attempts, detail } = await ask(routes, path)
    expect([status, attempts.length]).toEqual([400, 0])
    expect(detail).toContain('"GET /')
  })

  it.each(['/customers', '/customers/', '/files/All7', '/files/all', '/files/a.json', '/orders.json', '/a/x.csv'])(
    'a path that is nobody else’s: %s',
    async (path) => {
      expect((await ask(routes, path)).status).toBe(200)
    },
  )
})
