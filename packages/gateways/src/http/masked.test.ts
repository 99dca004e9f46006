import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, type Instance, openInstance, sending } from './fixture.ts'

let instance: Instance
afterEach(() => instance.close())

describe('masked', () => {
  it.each<[string, string, string]>([
    [
      'other letters',
      '{"Email":"s3cret","E_MAIL":1,"e-mail":2}'.replace(',"E_MAIL":1,"e-mail":2', ''),
      '{"Email":"[masked]"}',
    ],
    ['names apart', '{"e_mail":"s3cret"}', '{"e_mail":"[masked]"}'],
    ['qualified names', '{"c.email":"s3cret"}', '{"c.email":"[masked]"}'],
    [
      'numbers with all their digits',
      '{ "id": 12345678901234567890, "email": "s3cret" }',
      '{ "id": 12345678901234567890, "email": "[masked]" }',
    ],
    [
      'columns',
      '{"columns":["id","email"],"rows":[[1,"s3cret"],[2,"s3cret"],[3,"s3cret"]]}',
      '{"columns":["id","email"],"rows":[[1,"[masked]"],[2,"[masked]"],[3,"[masked]"]]}',
    ],
    [
      'columns by objects',
      '{"schema":{"fields":[{"name":"id"},{"name":"email"}]},"rows":[{"f":[{"v":1},{"v":"s3cret"}]}]}',
      '{"schema":{"fields":[{"name":"id"},{"name":"email"}]},"rows":[{"f":[{"v":1},"[masked]"]}]}',
    ],
    [
      'columns one after the other',
      '{"columns":["id","email"],"data":[[1,2,3],["s3cret","s3cret","s3cret"]]}',
      '{"columns":["id","email"],"data":["[masked]","[masked]"]}',
    ],
    ['a header among the rows', '[["id","email","x"],[1,"s3cret",2]]', '[["id","email","x"],[1,"[masked]",2]]'],
    [
      'rows in one list',
      '{"columns":["id","email"],"cells":[1,"s3cret",2,"s3cret"]}',
      '{"columns":["id","email"],"cells":"[masked]"}',
    ],
    [
      'names that are values',
      '[{"name":"email","value":"s3cret"},{"name":"id","value":1}]',
      '[{"name":"email","value":"[masked]"},{"name":"id","value":1}]',
    ],
    ['JSON within a text', '{"payload":"{\\"email\\":\\"s3cret\\"}"}', '{"payload":"[masked]"}'],
    ...(
      [
        [
          'JSON within a text that is nested too deeply to be read',
          `${'['.repeat(70)}{"email":"s3cret"}${']'.repeat(70)}`,
        ],
        ['JSON within a text that holds a name twice', '{"email":"s3cret","email":"s3cret"}'],
        ['JSON within a text that holds a name in two spellings', '{"Email":"s3cret","email":"s3cret"}'],
        ['lines of JSON within a text', '{"id":1}\n{"email":"s3cret"}'],
        ['what only some readers take for JSON, within a text', "{id: 1, 'e-mail': 's3cret'}"],
        ['JSON written as a text of JSON, within a text', JSON.stringify('{"email":"s3cret"}')],
        ['JSON within a text that breaks off', '[{"email":"s3cret"'],
        [
          'JSON within a text within a text',
          JSON.stringify({ inner: JSON.stringify({ a: 1, A: 2, email: 's3cret' }) }),
        ],
      ] as const
    ).map(([what, payload]): [string, string, string] => [what, JSON.stringify({ payload }), '{"payload":"[masked]"}']),
    ['a note in brackets', '{"note":"[draft] {see below}"}', '{"note":"[draft] {see below}"}'],
    ['CSV within a text', '{"payload":"id,email\\n1,s3cret"}', '{"payload":"[masked]"}'],
    [
      'what is beneath',
      '{"email":{"of":["s3cret"]},"by":[{"email":["s3cret"]}]}',
      '{"email":"[masked]","by":[{"email":"[masked]"}]}',
    ],
  ])('A4: %s', async (_, body, expected) => {
    instance = await openInstance()
    instance.obligations = [{ kind: 'mask', fields: ['crm.customers.email'] }]
    instance.upstream.answer = answering('application/json', body)
    const got = await (await instance.ask('/crm/a')).text()
    expect(got).not.toContain('s3cret')
    expect(got).toBe(expected)
    expect(JSON.stringify(instance.ran)).not.toContain('s3cret')
  })

  it.each<[string, number, Record<string, string>, string | Buffer]>([
    ['CSV', 200, { 'content-type': 'text/csv' }, 'id,email\n1,s3cret'],
    ['lines', 200, { 'content-type': 'application/x-ndjson' }, '{"email":"s3cret"}\n{"email":"s3cret"}\n'],
    [
      'lines that say they are JSON',
      200,
      { 'content-type': 'application/json' },
      '{"email":"s3cret"}\n{"email":"s3cret"}\n',
    ],
    ['UTF-16', 200, { 'content-type': 'application/json' }, Buffer.from('{"email":"s3cret"}', 'utf16le')],
    ['a part', 206, { 'content-type': 'application/json' }, '{"email":"s3cret"}'],
    ['an error', 500, { 'content-type': 'text/plain' }, 'email: s3cret'],
    [
      'an unknown coding',
      200,
      { 'content-type': 'application/json', 'content-encoding': 'zstd' },
      '{"email":"s3cret"}',
    ],
  ])('A4: %s is withheld', async (_, status, headers, body) => {
    instance = await openInstance()
    instance.obligations = [{ kind: 'mask', fields: ['email'] }]
    instance.upstream.answer = sending(status, headers, body)
    expect(await (await instance.ask('/crm/a')).text()).toContain('ERR_ANSWER_WITHHELD')
  })

  it('A4: gzip is read', async () => {
    instance = await openInstance()
    instance.obligations = [{ kind: 'mask', fields: ['email'] }]
    instance.upstream.answer = sending(
      200,
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      gzipSync('{"email":"s3cret"}'),
    )
    expect(await (await instance.ask('/crm/a')).text()).toBe('{"email":"[masked]"}')
  })
})
