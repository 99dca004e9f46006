import { afterEach, describe, expect, it } from 'vitest'
import { type Instance, type Init, openInstance } from './fixture.ts'
import { routesOfOpenApi } from './openapi.ts'

let instance: Instance | undefined
afterEach(async () => {
  await instance?.close()
  instance = undefined
})

async function told(upstream: object, path: string, init?: Init) {
  instance = await openInstance({ upstream })
  await instance.ask(path, init)
  const [attempt] = instance.attempts
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

describe('E3: a path of an OpenAPI document with several names in one segment', () => {
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
