import { afterEach, describe, expect, it } from 'vitest'
import { type House, type Init, openHouse } from './fixture.ts'
import { routesOfOpenApi } from './openapi.ts'

let house: House | undefined
afterEach(async () => {
  await house?.close()
  house = undefined
})

async function told(upstream: object, path: string, init?: Init) {
  house = await openHouse({ upstream })
  await house.ask(path, init)
  const [attempt] = house.attempts
  if (!attempt) throw new Error('no attempt')
  const { verb, operation, resources } = attempt.action
  const { sentence, effect, lineage } = attempt.context
  return { verb, operation, resources, sentence, effect, lineage }
}

const json = (method: string, body: unknown): Init => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  servers: [{ url: 'https://api.example/v2' }],
  paths: {
    '/orders/{order-id}': {
      parameters: [],
      get: { operationId: 'getOrder', summary: 'Read one order' },
      delete: {
        operationId: 'deleteOrder',
        'x-countersign': {
          verb: 'data.write',
          effect: 'delete',
          resources: [{ kind: 'dataset', name: 'shop.orders' }],
          sentence: { cel: '"Delete order " + params.order_id' },
          reads: [],
          writes: [{ name: 'shop.orders' }],
        },
      },
    },
  },
}

describe('an OpenAPI document (https://spec.openapis.org/oas/v3.1.0)', () => {
  it('names its operations; which data they touch stays unknown', async () => {
    expect(await told({ openapi: document }, '/crm/v2/orders/7')).toMatchObject({
      verb: 'http.call',
      operation: 'getOrder',
      resources: [{ kind: 'route', name: 'getOrder' }],
      sentence: 'Read one order',
      lineage: {},
    })
  })

  it('says what a route can say, in x-countersign', async () => {
    expect(await told({ openapi: JSON.stringify(document) }, '/crm/v2/orders/7', { method: 'DELETE' })).toMatchObject({
      verb: 'data.write',
      operation: 'deleteOrder',
      effect: 'delete',
      sentence: 'Delete order 7',
      lineage: { reads: [], writes: [{ name: 'shop.orders' }] },
    })
  })

  it('what the operator says of the same path goes before it', async () => {
    const routes = { 'GET /v2/orders/{order_id}': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'x' }] } }
    expect(await told({ openapi: document, routes }, '/crm/v2/orders/7')).toMatchObject({ verb: 'data.read' })
  })

  it('a path that it does not describe is unknown', async () => {
    const { resources } = await told({ openapi: document }, '/crm/v2/elsewhere')
    expect(resources[0]?.kind).toBe('unknown')
  })

  it.each<[string, unknown, string, string]>([
    ['another format', { ...document, openapi: '2.0' }, '', 'This is no OpenAPI 3 document'],
    ['Swagger', { swagger: '2.0', paths: {} }, '', 'this is Swagger 2'],
    ['the name of a file', './shop.json', '', 'A file is named as file:./shop.json'],
    ['text that is neither JSON nor YAML', '{"openapi":"3.1.0",\n "paths": nothing}', '', 'This is not JSON.'],
    ['YAML that breaks off', 'openapi: 3.1.0\npaths:\n  /a: [\n', '', 'This is not YAML'],
    ['paths given twice', '{"openapi":"3.1.0","paths":{},"paths":{}}', 'paths', 'twice'],
    [
      'a word in x-countersign that no route knows',
      { ...document, paths: { '/x': { get: { 'x-countersign': { verbs: 'data.read' } } } } },
      'paths./x.get.x-countersign.verbs',
      'Unrecognized key',
    ],
  ])('refuses %s', (_, wrong, path, says) => {
    const problems = routesOfOpenApi(wrong).findings.filter(({ level }) => level === 'problem')
    expect(problems.map((each) => each.path.join('.'))).toContain(path)
    expect(problems.map((each) => each.says).join('\n')).toContain(says)
  })
})

describe('E3: one bad item of an OpenAPI document costs that item', () => {
  const good = { '/good': { get: { operationId: 'good', summary: 'Is good' } } }
  const read = (paths: object, more: object = {}) =>
    routesOfOpenApi({ openapi: '3.1.0', paths: { ...paths, ...good }, ...more })
  const leftOut = (paths: object, more?: object) =>
    read(paths, more).findings.map(({ level, path, says }) => `${level} ${path.join(' ')}: ${says}`)

  it.each<[string, object, string]>([
    ['a null path item', { '/a': null }, 'warning paths /a: Left out'],
    ['a path item that is a list', { '/a': [] }, 'warning paths /a: Left out'],
    ['a null operation', { '/a': { get: null } }, 'warning paths /a get: Left out'],
    ['a path without a slash', { a: { get: {} } }, 'warning paths a: Left out'],
    ['a query in a path', { '/a?b=c': { get: {} } }, 'warning paths /a?b=c: Left out'],
    ['a brace that never closes', { '/a/{b': { get: {} } }, 'warning paths /a/{b get: Left out'],
    ['two names with nothing between them', { '/{a}{b}': { get: {} } }, 'warning paths /{a}{b} get: Left out'],
    ['one name twice', { '/{a}/{a}': { get: {} } }, 'warning paths /{a}/{a} get: Left out'],
    ['a $ref to nowhere', { '/a': { $ref: '#/components/pathItems/a' } }, 'leads nowhere'],
    ['a $ref to elsewhere', { '/a': { $ref: 'other.json#/a' } }, 'leads out of the document'],
    ['a $ref in a circle', { '/a': { $ref: '#/paths/~1a' } }, 'goes in a circle'],
    ['two paths that are one', { '/{a}': { get: {} }, '/{b}': { get: {} } }, 'so neither is mapped'],
  ])('%s', (_, paths, says) => {
    expect(Object.keys(read(paths).routes)).toEqual(['GET /good'])
    expect(leftOut(paths).join('\n')).toContain(says)
  })

  it.each<[string, object, string]>([
    ['an empty summary', { '/a': { get: { summary: '' } } }, 'GET /a'],
    ['a summary that is no text', { '/a': { get: { summary: 7 } } }, 'GET /a'],
    ['a summary of a page', { '/a': { get: { summary: 'x'.repeat(900) } } }, 'GET /a'],
    ['an empty operationId', { '/a': { get: { operationId: '' } } }, 'GET /a'],
    ['names with a text between them', { '/compare/{base}...{head}': { get: {} } }, 'GET /compare/{base}...{head}'],
    ['a suffix', { '/calls/{sid}.json': { get: {} } }, 'GET /calls/{sid}.json'],
    ['a verb after a colon', { '/jobs/{name}:cancel': { post: {} } }, 'POST /jobs/{name}:cancel'],
    ['a space', { '/daily report': { get: {} } }, 'GET /daily report'],
    ['an odd name', { '/a/{order-id}': { get: {} } }, 'GET /a/{order_id}'],
    ['tags, parameters, extensions', { '/a': { get: {}, parameters: [], 'x-a': null }, 'x-b': 1 }, 'GET /a'],
  ])('%s costs nothing', (_, paths, pattern) => {
    expect(Object.keys(read(paths).routes)).toEqual([pattern, 'GET /good'])
    expect(leftOut(paths)).toEqual([])
  })

  it('a path item behind $ref is read, with what stands beside it', () => {
    const item = { get: { operationId: 'shared' }, post: { operationId: 'other' } }
    const { routes } = read(
      { '/a': { $ref: '#/components/pathItems/a~1b', post: { operationId: 'own' } } },
      { components: { pathItems: { 'a/b': item } } },
    )
    expect(Object.entries(routes).map(([pattern, { operation }]) => [pattern, operation])).toEqual([
      ['GET /a', 'shared'],
      ['POST /a', 'own'],
      ['GET /good', 'good'],
    ])
  })

  it('an operationId that two have is neither’s: a policy about one would hold for the other', () => {
    const twice = { '/a': { get: { operationId: 'x' } }, '/b': { delete: { operationId: 'x' } } }
    expect(read(twice).routes).toMatchObject({
      'GET /a': { operation: 'GET /a' },
      'DELETE /b': { operation: 'DELETE /b' },
    })
    expect(leftOut(twice).join()).toContain('The operationId x is not the only one')
  })

  it.each<[string, unknown, string[]]>([
    ['none', undefined, ['/good']],
    ['an empty list', [], ['/good']],
    ['a whole URL', [{ url: 'https://api.example/v2/' }], ['/v2/good']],
    ['a path', [{ url: '/v2' }], ['/v2/good']],
    ['a path without a slash', [{ url: 'v2' }], ['/v2/good']],
    ['a variable in the name', [{ url: 'https://{tenant}.api.example/v2' }], ['/v2/good']],
    ['a variable in the path', [{ url: '/{basePath}', variables: { basePath: { default: 'v2' } } }], ['/v2/good']],
    [
      'every value that a variable may have',
      [{ url: 'https://a.example/{v}/x', variables: { v: { default: 'v2', enum: ['v1', 'v2'] } } }],
      ['/v2/x/good', '/v1/x/good'],
    ],
    ['several', [{ url: 'https://a.example/v1' }, { url: 'https://b.example/v2' }], ['/v1/good', '/v2/good']],
  ])('servers: %s', (_, servers, paths) => {
    const { routes, findings } = read({}, { ...(servers !== undefined && { servers }) })
    expect([Object.keys(routes), findings]).toEqual([paths.map((path) => `GET ${path}`), []])
  })

  it('a server whose variable has no value is named', () => {
    expect(leftOut({}, { servers: [{ url: '/{basePath}' }] })).toEqual([
      'warning servers 0: Its variable {basePath} has no value, so this server is not served.',
    ])
  })

  it('a path and an operation may lie at servers of their own', () => {
    const paths = { '/a': { servers: [{ url: '/p' }], get: {}, put: { servers: [{ url: '/q' }] } } }
    expect(Object.keys(read(paths).routes)).toEqual(['GET /p/a', 'PUT /q/a', 'GET /good'])
  })

  it.each([
    ['JSON', '{\n  "openapi": "3.1.0",\n  "paths": {\n    "/a": {\n      "get": null\n    }\n  }\n}\n', 5, 7],
    ['YAML', 'openapi: 3.1.0\npaths:\n  /a:\n    get: null\n', 4, 5],
  ])('its place is told in %s', (_, text, line, column) => {
    expect(routesOfOpenApi(text).findings).toMatchObject([{ path: ['paths', '/a', 'get'], at: { line, column } }])
  })

  it.each([
    ['JSON', '{"openapi":"3.1.0","paths":{"/a":{"get":{},"get":{}},"/b":{},"/b":{},"/c":{"get":{}}}}'],
    ['YAML', 'openapi: 3.1.0\npaths:\n  /a:\n    get: {}\n    get: {}\n  /b: {}\n  /b: {}\n  /c:\n    get: {}\n'],
  ])('what stands there twice is neither, in %s', (_, text) => {
    const { routes, findings } = routesOfOpenApi(text)
    expect(Object.keys(routes)).toEqual(['GET /c'])
    expect(findings.map(({ path }) => path.join(' '))).toEqual(['paths /a get', 'paths /b'])
  })

  it.each([
    ['/crm/compare/main...dev', 'GET', { base: 'main', head: 'dev' }],
    ['/crm/calls/CA1.json', 'GET', { sid: 'CA1' }],
    ['/crm/jobs/nightly:cancel', 'POST', { name: 'nightly' }],
  ])('a request to %s is known, and its parts have names', async (path, method, params) => {
    const paths = {
      '/compare/{base}...{head}': { get: {} },
      '/calls/{sid}.json': { get: {} },
      '/jobs/{name}:cancel': { post: {} },
    }
    const names = Object.keys(params).map((name) => `params.${name}`)
    const said = { 'x-countersign': { sentence: { cel: names.join(' + "," + ') } } }
    const spoken = Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [
        path,
        Object.fromEntries(Object.keys(item).map((key) => [key, said])),
      ]),
    )
    const only = Object.fromEntries(
      Object.entries(spoken).filter(([path]) => names.every((name) => path.includes(name.slice(7)))),
    )
    expect(await told({ openapi: { openapi: '3.1.0', paths: only } }, path, { method })).toMatchObject({
      sentence: Object.values(params).join(','),
    })
  })

  it('what can be divided in two ways is not mapped', async () => {
    const openapi = { openapi: '3.1.0', paths: { '/compare/{base}...{head}': { get: {} } } }
    const { resources } = await told({ openapi }, '/crm/compare/a...b...c')
    expect(resources[0]?.kind).toBe('unknown')
  })

  it('13 MB as GitHub’s are read', () => {
    const paths = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [
        `/repos/{owner}/{repo}/part-${index}/{id}`,
        { get: { operationId: `part/${index}`, summary: 'One part', description: 'long '.repeat(2200) } },
      ]),
    )
    const text = JSON.stringify({ openapi: '3.0.3', paths: { ...paths, '/bad': null } })
    expect(text.length).toBeGreaterThan(13_000_000)
    const { routes, findings } = routesOfOpenApi(text)
    expect([Object.keys(routes).length, findings.length]).toEqual([1200, 1])
  })

  it('more than 32 MiB are refused', () => {
    expect(routesOfOpenApi(' '.repeat((32 << 20) + 1)).findings[0]?.says).toContain('more than 32 MiB')
  })
})

describe('ready mappings', () => {
  it.each<[string, 'mlflow' | 'fine-tuning', string, Init, object]>([
    [
      'an MLflow stage transition is a deployment',
      'mlflow',
      '/crm/api/2.0/mlflow/model-versions/transition-stage',
      json('POST', { name: 'churn', version: '3', stage: 'Production', archive_existing_versions: true }),
      {
        verb: 'model.deploy',
        effect: 'deploy',
        resources: [{ kind: 'model', name: 'churn' }],
        sentence: 'Move churn, version 3, to Production',
      },
    ],
    [
      'and so is an alias',
      'mlflow',
      '/crm/api/2.0/mlflow/registered-models/alias',
      json('POST', { name: 'churn', alias: 'champion', version: '3' }),
      { verb: 'model.deploy', sentence: 'Point an alias at churn, version 3' },
    ],
    [
      'deleting a version changes what stands',
      'mlflow',
      '/crm/api/2.0/mlflow/model-versions/delete',
      json('DELETE', { name: 'churn', version: '3' }),
      { verb: 'infra.change', effect: 'delete' },
    ],
    [
      'looking is looking',
      'mlflow',
      '/crm/api/2.0/mlflow/registered-models/search?filter=x',
      {},
      { verb: 'http.call', effect: 'read' },
    ],
    [
      'a fine-tuning job trains a model on a file',
      'fine-tuning',
      '/crm/v1/fine_tuning/jobs',
      json('POST', { model: 'in-house-7b', training_file: 'ml.training' }),
      {
        verb: 'model.train',
        resources: [
          { kind: 'model', name: 'in-house-7b' },
          { kind: 'dataset', name: 'ml.training' },
        ],
        lineage: { reads: [{ name: 'ml.training' }], writes: [], model: 'in-house-7b' },
      },
    ],
  ])('%s', async (_, preset, path, init, expected) => {
    expect(await told({ preset }, path, init)).toMatchObject(expected)
  })
})
