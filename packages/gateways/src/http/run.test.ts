import type { Obligation } from '@countersign/schema'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, type Instance, openInstance, text } from './fixture.ts'

let instance: Instance
afterEach(() => instance.close())

const route = (settings: object) => ({
  routes: { 'GET /rows': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'crm.rows' }], ...settings } },
})

describe('ceilings of rows are kept while it runs', () => {
  const csv = 'id,note\r\n1,5" pipe\r\n2,"two\nlines"\r\n3,"a ""quote"""\r\n'
  it.each<[string, string, string, string | string[], Record<string, string>, number, string]>([
    ['lines within', 'ndjson', 'application/x-ndjson', '{"a":1}\n{"a":2}\n\n', {}, 2, 'done: HTTP 200, 2 rows'],
    [
      'lines beyond',
      'ndjson',
      'application/x-ndjson',
      ['{"a":1}\n{"', 'a":2}\n{"a":3}'],
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    ['records within', 'csv', 'text/csv', csv, {}, 3, 'done: HTTP 200, 3 rows'],
    [
      'records beyond',
      'csv',
      'text/csv',
      csv,
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'records without a header, beyond',
      'csv',
      'text/csv; header=absent',
      '1\n2\n3\n',
      {},
      2,
      'failed: HTTP 200, 2 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    ['a list within', 'json', 'application/json', '[1,2]', {}, 2, 'done: HTTP 200, 2 rows'],
    [
      'a list beyond',
      'json',
      'application/json',
      '[1,2,3]',
      {},
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a page beyond',
      'json',
      'application/json',
      '{"items":[1,2,3],"next":null}',
      {},
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a list that is none',
      'json',
      'text/plain',
      'many',
      {},
      2,
      'failed: HTTP 200, the answer was withheld: it could not be masked or counted',
    ],
    ['a told number within', 'x-row-count', 'text/plain', 'x', { 'x-row-count': '2' }, 2, 'done: HTTP 200, 2 rows'],
    [
      'a told number beyond',
      'x-row-count',
      'text/plain',
      'x',
      { 'x-row-count': '3' },
      2,
      'failed: HTTP 200, 3 rows, stopped at the ceiling: ERR_CEILING_EXCEEDED',
    ],
    [
      'a number that is not told',
      'x-row-count',
      'text/plain',
      'x',
      {},
      2,
      'failed: HTTP 200, the answer was withheld: it could not be masked or counted',
    ],
  ])('%s', async (_, rowsFrom, type, body, headers, rows, expected) => {
    instance = await openInstance({ upstream: route({ rows, rowsFrom }) })
    instance.upstream.answer = answering(type, body, headers)
    const got = await text(await instance.ask('/crm/rows'))
    expect(instance.ran.map(({ outcome: { kind, summary } }) => `${kind}: ${summary}`)).toEqual([expected])
    if (expected.startsWith('done')) expect(got).toBe(body)
    else expect(got).toMatch(/^cut off$|urn:countersign:error:ERR_(CEILING_EXCEEDED|ANSWER_WITHHELD)/)
  })

  it('no row beyond the ceiling is passed on', async () => {
    instance = await openInstance({ upstream: route({ rows: 2, rowsFrom: 'ndjson' }) })
    instance.upstream.answer = answering('application/x-ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n')
    const answer = await instance.ask('/crm/rows')
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
        seen.push(Buffer.from(chunk).toString())
    })()
    await expect(reading).rejects.toThrow()
    expect(seen.join('')).not.toContain('3')
    expect(instance.ran).toMatchObject([{ delivered: false, result: undefined }])
  })

  it('a limit of policy counts as one', async () => {
    instance = await openInstance({ upstream: route({ rows: 5, rowsFrom: 'json' }) })
    instance.obligations = [{ kind: 'limit', rows: 1 }]
    instance.upstream.answer = answering('application/json', '[1,2]')
    expect((await instance.ask('/crm/rows')).status).toBe(409)
  })

  it('a limit that nobody can count is not run at all (P8)', async () => {
    instance = await openInstance({ upstream: route({}) })
    instance.obligations = [{ kind: 'limit', rows: 1 }]
    expect((await instance.ask('/crm/rows')).status).toBe(502)
    expect([instance.upstream.received, instance.ran[0]?.outcome.kind]).toEqual([[], 'failed'])
  })

  it.each([
    ['announced', { 'content-length': '6' }],
    ['as they come', {}],
  ])('bytes beyond, %s', async (_, headers) => {
    instance = await openInstance({ upstream: route({ bytes: 5 }) })
    instance.upstream.answer = answering('text/plain', ['abc', 'def'], headers)
    const answer = await instance.ask('/crm/rows')
    expect(answer.status).toBe('content-length' in headers ? 409 : 200)
    expect(await text(answer)).not.toContain('abcdef')
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: expect.stringContaining('ERR_CEILING_EXCEEDED') as string } },
    ])
  })
})

describe('masked fields', () => {
  const duty: Obligation = { kind: 'mask', fields: ['crm.customers.email', 'phone'] }
  it.each<[string, string, string, number, string]>([
    [
      'are replaced wherever they stand',
      'application/json',
      '{"email":"a","of":[{"phone":1,"name":"b"}]}',
      200,
      '{"email":"[masked]","of":[{"phone":"[masked]","name":"b"}]}',
    ],
    ['withhold what is no JSON', 'text/csv', 'email\na@b.c', 502, 'ERR_ANSWER_WITHHELD'],
    ['withhold what can be read two ways', 'application/json', '{"email":1,"email":2}', 502, 'ERR_ANSWER_WITHHELD'],
    [
      'withhold what is too large to read',
      'application/json',
      JSON.stringify({ a: 'x'.repeat(1_100_000) }),
      502,
      'ERR_ANSWER_WITHHELD',
    ],
    ['have nothing to do where there is nothing', 'text/plain', '', 200, ''],
  ])('%s (P8)', async (_, type, body, status, expected) => {
    instance = await openInstance()
    instance.obligations = [duty]
    instance.upstream.answer = answering(type, body, { etag: '"x"' })
    const answer = await instance.ask('/crm/a')
    expect([answer.status, answer.headers.get('etag')]).toEqual([status, null])
    const got = await answer.text()
    if (status === 200) expect(got).toBe(expected)
    else expect(got).toContain(expected)
    expect(JSON.stringify(instance.ran)).not.toContain('a@b.c')
  })

  it('of a change that took place anyway leave the outcome done', async () => {
    instance = await openInstance()
    instance.obligations = [duty]
    instance.upstream.answer = answering('text/plain', 'email: a')
    expect((await instance.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'done' }, delivered: true, result: undefined }])
  })
})
