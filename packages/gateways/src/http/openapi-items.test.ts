import { describe, expect, it } from 'vitest'
import { routesOfOpenApi } from './openapi.ts'

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
