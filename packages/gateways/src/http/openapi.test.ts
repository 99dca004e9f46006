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

  it.each<[string, unknown, string]>([
    ['another format', { ...document, openapi: '2.0' }, 'ERR_CONFIG_INVALID'],
    ['no paths', { openapi: '3.1.0' }, 'ERR_CONFIG_INVALID'],
    ['text that is not JSON', 'openapi: 3.1.0', 'ERR_INPUT_INVALID'],
    ['the same key twice', '{"openapi":"3.1.0","paths":{},"paths":{}}', 'ERR_INPUT_INVALID'],
    [
      'a word in x-countersign that no route knows',
      { ...document, paths: { '/x': { get: { 'x-countersign': { verbs: 'data.read' } } } } },
      'ERR_CONFIG_INVALID',
    ],
  ])('refuses %s', (_, wrong, code) => {
    expect(() => routesOfOpenApi(wrong)).toThrow(expect.objectContaining({ code }))
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
