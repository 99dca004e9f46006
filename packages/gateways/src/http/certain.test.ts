import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, type Instance, openInstance, sending, text } from './fixture.ts'

let instance: Instance
afterEach(() => instance.close())

const route = (settings: object) => ({
  routes: { 'GET /rows': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'crm.rows' }], ...settings } },
})

const open = async (rowsFrom: string, rows: number, settings: object = {}) => {
  instance = await openInstance({ upstream: route({ rows, rowsFrom, ...settings }) })
}
const asked = async () => {
  const got = await instance.ask('/crm/rows').then(text, () => 'cut off')
  while (instance.ran.length === 0) await new Promise(setImmediate)
  return got
}
const outcome = () => {
  const [ran] = instance.ran
  return ran ? `${ran.outcome.kind}: ${ran.outcome.summary}` : ''
}
const lines = (many: number, end = '\n') => Array.from({ length: many }, (_, index) => `row${index}`).join(end)
const withheld = 'failed: HTTP 200, the answer was withheld: it could not be masked or counted'

describe('what cannot be counted for certain is withheld', () => {
  it.each<[string, string, number, Record<string, string | string[]>, string | Buffer]>([
    [
      'JSON where CSV is counted',
      'csv',
      200,
      { 'content-type': 'application/json' },
      JSON.stringify(lines(5000).split('\n')),
    ],
    [
      'JSON where lines are counted',
      'ndjson',
      200,
      { 'content-type': 'application/json' },
      JSON.stringify(lines(5000).split('\n')),
    ],
    ['CSV where JSON is counted', 'json', 200, { 'content-type': 'text/csv' }, lines(5000)],
    ['no type at all', 'csv', 200, {}, lines(5000)],
    ['two types', 'csv', 200, { 'content-type': ['text/csv', 'application/json'] }, lines(5000)],
    ['a type that is none', 'csv', 200, { 'content-type': 'text/csv, application/json' }, lines(5000)],
    [
      'UTF-16, said',
      'csv',
      200,
      { 'content-type': 'text/csv; charset=utf-16' },
      Buffer.from(`a\n${lines(5000)}`, 'utf16le'),
    ],
    ['UTF-16, not said', 'csv', 200, { 'content-type': 'text/csv' }, Buffer.from(`\uFEFFa\n${lines(5000)}`, 'utf16le')],
    [
      'UTF-16 lines',
      'ndjson',
      200,
      { 'content-type': 'application/x-ndjson' },
      Buffer.from('{"a":1}\n'.repeat(5000), 'utf16le'),
    ],
    ['another charset', 'csv', 200, { 'content-type': 'text/csv; charset=ebcdic-us' }, lines(5000)],
    ['what is no UTF-8', 'csv', 200, { 'content-type': 'text/csv' }, Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a])],
    ['compressed and not said', 'csv', 200, { 'content-type': 'text/csv' }, gzipSync(lines(5000))],
    ['an unknown coding', 'csv', 200, { 'content-type': 'text/csv', 'content-encoding': 'zstd' }, lines(5000)],
    ['two codings', 'csv', 200, { 'content-type': 'text/csv', 'content-encoding': 'gzip, br' }, lines(5000)],
    [
      'several parts',
      'csv',
      200,
      { 'content-type': 'multipart/mixed; boundary=x' },
      `--x\r\ncontent-type: text/csv\r\n\r\n${lines(5000)}\r\n--x--`,
    ],
    ['a part of it', 'csv', 206, { 'content-type': 'text/csv', 'content-range': 'bytes 0-9/5000' }, lines(5000)],
    ['other line ends', 'csv', 200, { 'content-type': 'text/csv' }, lines(5000, '\v')],
    [
      'a told number said twice',
      'x-row-count',
      200,
      { 'content-type': 'text/plain', 'x-row-count': ['1', '1'] },
      lines(5000),
    ],
    ['JSON that is none', 'json', 200, { 'content-type': 'application/json' }, '{"a":1}\n{"a":2}\n'.repeat(50)],
    ['JSON without a list', 'json', 200, { 'content-type': 'application/json' }, '{"a":1}'],
    [
      'JSON with names that some take for one',
      'json',
      200,
      { 'content-type': 'application/json' },
      '{"items":[],"Items":[]}',
    ],
  ])('A4: %s', async (_, rowsFrom, status, headers, body) => {
    await open(rowsFrom, 10)
    instance.upstream.answer = sending(status, headers, body)
    const got = await asked()
    expect(got).toContain('urn:countersign:error:ERR_ANSWER_WITHHELD')
    expect(outcome()).toBe(withheld.replace('200', String(status)))
  })

  it.each<[string, number, string, string]>([
    ['an error in the counted form', 400, 'text/csv', lines(5000)],
    ['an error in lines', 500, 'application/x-ndjson', '{"a":1}\n'.repeat(5000)],
    ['an error in JSON', 422, 'application/json', JSON.stringify({ rows: lines(5000).split('\n') })],
    ['an error in another form', 500, 'text/plain', lines(5000)],
    ['a redirect with a body', 302, 'text/html', lines(5000)],
  ])('A4: %s hides no rows', async (_, status, type, body) => {
    await open('csv', 10)
    instance.upstream.answer = sending(status, { 'content-type': type }, body)
    expect((await asked()).split('row').length).toBeLessThan(13)
  })

  it.each<[string, string, string]>([
    ['a message', 'text/plain', 'no such column'],
    ['a problem', 'application/problem+json', '{"title":"no such column","errors":[{"at":"a"}]}'],
    ['nothing', 'text/plain', ''],
  ])('A4: %s of an error arrives', async (_, type, body) => {
    await open('csv', 10)
    instance.upstream.answer = sending(400, { 'content-type': type }, body)
    expect(await asked()).toBe(body)
    expect(outcome()).toBe('failed: HTTP 400')
  })

  it.each<[string, string, Record<string, string>, string | Buffer, number]>([
    ['CR ends a record', 'csv', {}, `h\r${lines(11, '\r')}`, 10],
    ['CR and LF are one end', 'csv', {}, `h\r\n${lines(11, '\r\n')}`, 10],
    ['a quote that is never closed hides nothing', 'csv', {}, `h,n\n1,"${lines(30)}`, 1],
    ['nor one that is closed before other text', 'csv', {}, `h,n\n1,"${lines(30)}"x\n`, 1],
    ['nor one after a backslash', 'csv', {}, `h,n\n1,"a\\""\n${lines(30)}\n2,"b\\""\n`, 10],
    ['nor a comma where semicolons separate', 'csv', {}, `h;n\n1;hello,"world\n${lines(30)}\n2;and,"so on\n`, 10],
    ['the mark of UTF-8 is no row', 'csv', {}, `\uFEFFh\n${lines(11)}`, 10],
    ['lines by CR', 'ndjson', {}, '{"a":1}\r'.repeat(11), 10],
    ['values with nothing between', 'ndjson', {}, '{"a":1}'.repeat(11), 10],
    ['values after a record separator', 'ndjson', {}, '\u001e{"a":1}'.repeat(11), 10],
    ['a line that is a list of rows', 'ndjson', {}, JSON.stringify(Array.from({ length: 11 }, (_, a) => ({ a }))), 10],
    ['lines after the mark', 'ndjson', {}, `\uFEFF${'{"a":1}\n'.repeat(11)}`, 10],
    ['plain values', 'ndjson', {}, '1\n'.repeat(11), 10],
    ['every list counts', 'json', {}, JSON.stringify({ meta: [1], data: { items: lines(11).split('\n') } }), 12],
    ['lists in a list', 'json', {}, JSON.stringify([lines(6).split('\n'), lines(5).split('\n')]), 11],
    [
      'a list in a text that holds a name twice',
      'json',
      {},
      JSON.stringify({ list: [], of: `{"a":1,"a":${JSON.stringify(lines(11).split('\n'))}}` }),
      91,
    ],
    [
      'a list written as a text of JSON, in a text',
      'json',
      {},
      JSON.stringify({ list: [], of: JSON.stringify(JSON.stringify(lines(11).split('\n'))) }),
      11,
    ],
    ['a list in a text', 'json', {}, JSON.stringify({ list: [], of: JSON.stringify(lines(11).split('\n')) }), 11],
    [
      'a list by name',
      'json',
      {},
      JSON.stringify({
        list: [],
        of: Object.fromEntries(
          lines(11)
            .split('\n')
            .map((id) => [id, { id }]),
        ),
      }),
      11,
    ],
    [
      'a told number that the body belies',
      'x-row-count',
      { 'content-type': 'text/csv', 'x-row-count': '3' },
      `h\n${lines(11)}`,
      10,
    ],
    [
      'a told number that JSON belies',
      'x-row-count',
      { 'content-type': 'application/json', 'x-row-count': '3' },
      JSON.stringify(lines(11).split('\n')),
      11,
    ],
  ])('A4: %s', async (_, rowsFrom, headers, body, rows) => {
    await open(rowsFrom, 10)
    const type = { csv: 'text/csv', ndjson: 'application/x-ndjson', json: 'application/json' }[rowsFrom]
    instance.upstream.answer = sending(200, { ...(type && { 'content-type': type }), ...headers }, body)
    const got = await asked()
    expect(got).toMatch(/^cut off$|ERR_CEILING_EXCEEDED/)
    expect(outcome()).toBe(`failed: HTTP 200, ${rows} rows, stopped at the ceiling: ERR_CEILING_EXCEEDED`)
  })

  it.each<[string, string, string, number]>([
    ['quoted line ends are none', 'csv', 'h,n\r\n1,"a\nb\r\nc"\r\n2,"d ""e"" f"\r\n', 2],
    ['so with semicolons', 'csv', 'h;n\n1;"a\nb"\n2;"c,d"\n', 2],
    ['a first field in quotes', 'csv', '"h","n"\n"1","a\nb"\n', 1],
    ['lists of values in a line', 'ndjson', '{"a":["x","y","z"]}\n{"a":[{"b":1},{"b":2}]}\n', 2],
    ['braces in texts', 'ndjson', '{"a":"}{\\"}{"}\n{"a":"\\\\"}\n', 2],
    ['an object beside', 'json', '{"items":[{"id":1,"of":{"a":1}},{"id":2}],"next":null}', 2],
  ])('A4: %s, byte by byte', async (_, rowsFrom, body, rows) => {
    await open(rowsFrom, rows)
    const type = { csv: 'text/csv', ndjson: 'application/x-ndjson', json: 'application/json' }[rowsFrom] ?? ''
    instance.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': type })
      void (async () => {
        for (const byte of Buffer.from(body)) {
          response.write(Buffer.from([byte]))
          await new Promise(setImmediate)
        }
        response.end()
      })()
    }
    expect(await asked()).toBe(body)
    expect(outcome()).toBe(`done: HTTP 200, ${rows} rows`)
  })

  it('A4: a path in the route names the list that counts', async () => {
    await open('json', 2, { rowsIn: '/data/items' })
    const body = JSON.stringify({
      columns: ['a', 'b', 'c'],
      data: {
        items: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    })
    instance.upstream.answer = answering('application/json', body)
    expect([await asked(), outcome()]).toEqual([body, 'done: HTTP 200, 2 rows'])
    instance.upstream.answer = answering('application/json', '{"data":{"ITEMS":[1,2,3]}}')
    expect(await asked()).toContain('ERR_ANSWER_WITHHELD')
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('A4: %s is read, and passed on as it was read', async (coding, compress) => {
    await open('csv', 3)
    const body = `h\n${lines(3)}`
    instance.upstream.answer = sending(
      200,
      { 'content-type': 'text/csv', 'content-encoding': coding, etag: '"x"' },
      compress(body),
    )
    const answer = await instance.ask('/crm/rows')
    expect([answer.headers.get('content-encoding'), answer.headers.get('etag'), await answer.text()]).toEqual([
      null,
      null,
      body,
    ])
    instance.upstream.answer = sending(
      200,
      { 'content-type': 'text/csv', 'content-encoding': coding },
      compress(`h\n${lines(5000)}`),
    )
    expect(await instance.ask('/crm/rows').then(text, () => 'cut off')).not.toContain('row4')
  })

  it('A4: what is unpacked is bounded as well', async () => {
    instance = await openInstance({ upstream: route({ bytes: 1000 }) })
    instance.upstream.answer = sending(
      200,
      { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(50_000_000)),
    )
    expect((await asked()).length).toBeLessThanOrEqual(1000)
    expect(outcome()).toContain('ERR_CEILING_EXCEEDED')
  })

  it.each<[string, string, string]>([
    ['csv', 'text/csv', 'h\n1\n'],
    ['ndjson', 'application/x-ndjson, application/jsonl;q=0.9', '{}\n'],
    ['json', 'application/json', '[1]'],
  ])('A4: where %s is counted it is asked for, whole and as it is', async (rowsFrom, accept, body) => {
    await open(rowsFrom, 10)
    instance.upstream.answer = answering(accept.split(',')[0] ?? '', body)
    await instance
      .ask('/crm/rows', { headers: { accept: 'application/vnd.other', range: 'bytes=0-1', 'accept-encoding': 'gzip' } })
      .then(text)
    const [{ headers }] = instance.upstream.received as [Instance['upstream']['received'][number]]
    expect([headers.accept, headers['accept-encoding'], headers.range]).toEqual([accept, 'identity', undefined])
    expect(instance.attempts[0]?.action.parameters['headers']).toEqual({ accept, 'accept-language': '*' })
  })
})
