import { describe, expect, it } from 'vitest'
import { ask, cel, closeAfterEach, exporting, json, listing, order, uploading, written } from './reading-fixture.ts'

closeAfterEach()

describe('A1: a body that two readers read in two ways is refused, with the two names said', () => {
  it.each<[string, string, string, string]>([
    ['case', written('"ROWS":48211'), '"rows"', '"ROWS"'],
    ['case of another member', written('"Dataset":"crm.customers"'), '"dataset"', '"Dataset"'],
    ['a long s', written('"row\u017F":48211'), '"rows"', '"row\\u017f"'],
    ['a long s, escaped', written('"row\\u017f":48211'), '"rows"', '"row\\u017f"'],
    ['NUL', written('"rows\\u0000":48211'), '"rows"', '"rows\\u0000"'],
    ['a character nobody sees', written('"ro\u200Bws":48211'), '"rows"', '"ro\\u200bws"'],
    ['full width', written('"\uFF52ows":48211'), '"rows"', '"\\uff52ows"'],
    ['deep inside', written('"more":[{"a":{"Key":1,"key":2}}]'), '"Key"', '"key"'],
    ['one name alone, in another spelling than it is read', '{"dataset":"a","Rows":48211}', '"Rows"', '"rows"'],
  ])('%s', async (_, body, one, other) => {
    const { status, detail, attempts } = await ask({ 'POST /export': exporting }, '/export', json, body)
    expect([status, attempts.length]).toEqual([400, 0])
    expect(detail).toContain(one)
    expect(detail).toContain(other)
  })

  it('also where nobody has said what a request means', async () => {
    const { status, attempts } = await ask({}, '/export', json, '{"a":1,"A":2}')
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it('a route lets it through by name', async () => {
    const route = { ...exporting, alike: ['rows'] }
    expect((await ask({ 'POST /export': route }, '/export', json, written('"ROWS":48211'))).status).toBe(200)
    expect((await ask({ 'POST /export': route }, '/export', json, written('"DATASET":"x"'))).status).toBe(400)
  })

  it('a body in another form than it says is unknown, not absent', async () => {
    const route = { ...exporting, rows: cel('body == null ? 1 : body.rows') }
    const { attempts } = await ask({ 'POST /export': route }, '/export', 'text/plain', JSON.stringify(order))
    expect(attempts[0]?.context.measures).toEqual({})
    expect(attempts[0]?.action.resources[0]?.kind).toBe('unknown')
  })
})

describe('A2: a name that a mapping reads comes once, in one spelling', () => {
  it.each<[string, string]>([
    ['another case', '?limit=5&LIMIT=1000'],
    ['another case, alone', '?LIMIT=1000'],
    ['a semicolon', '?x=1;limit=1000'],
    ['a semicolon behind it', '?limit=5;limit=1000'],
    ['twice', '?limit=5&limit=1000'],
    ['twice, once encoded', '?limit=5&%6cimit=1000'],
    ['brackets', '?limit=5&limit[]=1000'],
    ['brackets, encoded', '?limit=5&limit%5B%5D=1000'],
    ['brackets alone', '?limit[]=1000'],
    ['an object', '?limit[max]=1000'],
    ['a plus', '?limit=5&limit+=1000'],
    ['a plus in front', '?limit=5&+limit=1000'],
    ['an encoded space', '?limit=5&%20limit=1000'],
    ['NUL', '?limit=5&limit%00=1000'],
    ['an empty name', '?limit=5&=1000'],
    ['a dotted capital I', '?limit=5&L%C4%B0MIT=1000'],
    ['what nobody reads, in two spellings', '?limit=5&tag=1&Tag=2'],
    ['what nobody reads, as a list and not', '?limit=5&tag=1&tag[]=2'],
    ['a dot that PHP takes for a line', '?limit=5&a.b=1&a_b=2'],
  ])('%s', async (_, query) => {
    const { status, attempts } = await ask({ 'GET /orders': listing }, `/orders${query}`)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it.each<[string, string]>([
    ['once', '?limit=5'],
    ['beside others', '?limit=5&offset=0&tag=1&tag=2'],
    ['pieces of nothing', '?&limit=5&&'],
    ['an encoded semicolon', '?limit=5&x=a%3Bb'],
    ['brackets of others', '?limit=5&where[a]=1&where[b]=2&id[]=1&id[]=2'],
  ])('%s passes, as it came', async (_, query) => {
    const { status, received, attempts } = await ask({ 'GET /orders': listing }, `/orders${query}`)
    expect([status, received[0]?.url]).toEqual([200, `/orders${query}`])
    expect(attempts[0]?.context.measures).toEqual({ rows: 5 })
  })

  it('a name that is read as a list may come again; a loop over all of them reads all', async () => {
    const list = { ...listing, rows: cel('size(queries.id)') }
    expect((await ask({ 'GET /orders': list }, '/orders?id=1&id=2')).attempts[0]?.context.measures).toEqual({ rows: 2 })
    const all = { ...listing, rows: cel('query.all(name, name != "x") ? 1 : 2') }
    expect((await ask({ 'GET /orders': all }, '/orders?id=1&id=2')).status).toBe(400)
  })

  it('a route lets it through by name', async () => {
    const route = { ...listing, alike: ['limit', ';'] }
    expect((await ask({ 'GET /orders': route }, '/orders?limit=5&LIMIT=6;x')).status).toBe(200)
  })
})

describe('A1, A2: forms', () => {
  const urlencoded = 'application/x-www-form-urlencoded'
  it.each<[string, string]>([
    ['twice', 'dataset=a&dataset=b'],
    ['another case', 'dataset=a&Dataset=b'],
    ['brackets', 'dataset=a&dataset[]=b'],
    ['a semicolon', 'dataset=a;dataset=b'],
    ['an empty name', 'dataset=a&=b'],
    ['not UTF-8', 'dataset=a&x=%ff'],
    ['half a triplet', 'dataset=a&x=%4'],
    ['a charset named in it', 'dataset=a&_charset_=utf-7'],
  ])('%s', async (_, body) => {
    const { status, attempts } = await ask({ 'POST /up': uploading }, '/up', urlencoded, body)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it.each<[string, string, number]>([
    ['EBCDIC', `${urlencoded}; charset=ibm037`, 415],
    ['UTF-7', `${urlencoded};charset="utf-7"`, 415],
    ['two charsets', `${urlencoded}; charset=utf-8; charset=utf-7`, 400],
    ['Latin letters that are others', `${urlencoded}; charset=ISO-8859-1`, 400],
  ])('a charset that others would read: %s', async (_, type, expected) => {
    const { status, attempts } = await ask({ 'POST /up': uploading }, '/up', type, 'dataset=a%C3%A9')
    expect([status, attempts.length]).toEqual([expected, 0])
    expect((await ask({}, '/x', `${json}; charset=utf-8; charset=utf-16`, '{}')).status).toBe(415)
  })

  it('letters of ASCII are the same in all of them', async () => {
    const { status } = await ask({ 'POST /up': uploading }, '/up', `${urlencoded}; charset=ISO-8859-1`, 'dataset=a%20b')
    expect(status).toBe(200)
  })

  it('what a form says can be said of it', async () => {
    const { attempts } = await ask({ 'POST /up': uploading }, '/up', urlencoded, 'dataset=crm.customers&n=1')
    expect(attempts[0]?.action.resources).toEqual([{ kind: 'dataset', name: 'crm.customers' }])
  })

  const part = (name: string, value: string, more = '') =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const multipart = 'multipart/form-data; boundary=b'

  it.each<[string, string, string?]>([
    ['twice', `${part('dataset', 'a')}${part('dataset', 'b')}--b--`],
    ['another case', `${part('dataset', 'a')}${part('DATASET', 'b')}--b--`],
    ['brackets', `${part('dataset', 'a')}${part('dataset[]', 'b')}--b--`],
    ['a file by that name', `${part('dataset', 'a')}${part('dataset', 'b', '; filename="f"')}--b--`],
    ['something before it', `x\r\n${part('dataset', 'a')}--b--`],
    ['something after it', `${part('dataset', 'a')}--b--\r\n${part('dataset', 'b')}--b--`],
    ['no end', part('dataset', 'a')],
    [
      'a boundary after a bare line feed',
      `${part('dataset', `a\n--b\nContent-Disposition: form-data; name="x"\n\nb`)}--b--`,
    ],
    ['a boundary in a longer line', `${part('dataset', 'a\r\n--bc')}--b--`],
    ['a name said twice', `${part('dataset', 'a', '; name="x"')}--b--`],
    ['a name in another coding', `--b\r\nContent-Disposition: form-data; name*=utf-8''dataset\r\n\r\na\r\n--b--`],
    ['a part in Base64', `--b\r\nContent-Transfer-Encoding: base64\r\n${part('dataset', 'YQ==').slice(5)}--b--`],
    [
      'a part in another charset',
      `--b\r\nContent-Type: text/plain; charset=utf-16\r\nContent-Disposition: form-data; name="dataset"\r\n\r\na\r\n--b--`,
    ],
    ['a folded head', `--b\r\nContent-Disposition: form-data;\r\n name="dataset"\r\n\r\na\r\n--b--`],
    ['two boundaries', `${part('dataset', 'a')}--b--`, `${multipart}; boundary=c`],
    ['no boundary', `${part('dataset', 'a')}--b--`, 'multipart/form-data'],
    [
      'a boundary of another name, which PHP takes',
      `${part('dataset', 'a')}--b--`,
      'multipart/form-data; xboundary=c; boundary=b',
    ],
  ])('multipart: %s', async (_, body, type = multipart) => {
    const { status, attempts } = await ask({ 'POST /up': uploading }, '/up', type, body)
    expect([status, attempts.length]).toEqual([400, 0])
  })

  it('a plain multipart form is read', async () => {
    const body = `${part('dataset', 'crm.customers')}${part('empty', '')}${part('f', 'a\r\nb', '; filename="f.txt"')}--b--\r\n`
    const { attempts } = await ask({ 'POST /up': uploading }, '/up', multipart, body)
    expect(attempts[0]?.action.resources).toEqual([{ kind: 'dataset', name: 'crm.customers' }])
  })
})

describe('F5: JSON integers above 2^53 and 1e+20 are legal, and kept exact', () => {
  it.each<[string, string]>([
    ['an id', '{"id":1234567890123456789}'],
    ['beyond 64 bits', '{"id":123456789012345678901234567890}'],
    ['an exponent', '{"id":1e+20}'],
    ['many digits behind the point', '{"id":0.1234567890123456789}'],
  ])('%s goes as it came', async (_, body) => {
    const { status, received } = await ask({}, '/x', json, body)
    expect([status, received[0]?.body]).toEqual([200, body])
  })

  it('an expression sees 64 bits exactly, and what is beyond is unknown', async () => {
    const route = { ...exporting, resources: [{ kind: 'dataset', name: cel('"id-" + string(body.id)') }] }
    const of = async (id: string) => {
      const { attempts } = await ask({ 'POST /x': route }, '/x', json, `{"id":${id}}`)
      return attempts[0]?.action.resources[0]
    }
    expect(await of('1234567890123456789')).toEqual({ kind: 'dataset', name: 'id-1234567890123456789' })
    expect(await of('-9223372036854775808')).toEqual({ kind: 'dataset', name: 'id--9223372036854775808' })
    expect((await of('9223372036854775808'))?.kind).toBe('unknown')
    expect((await of('1e+20'))?.kind).toBe('unknown')
  })

  it('a ceiling beyond what can be counted is unknown', async () => {
    const { attempts } = await ask({ 'POST /x': exporting }, '/x', json, '{"dataset":"a","rows":9007199254740993}')
    expect(attempts[0]?.context.measures).toEqual({})
  })

  it('beside a secret they are sealed and sent with all their digits', async () => {
    const route = { ...exporting, secrets: ['/password'] }
    const body = '{"id":1234567890123456789,"password":"hunter2","x":1e+20}'
    const { received, attempts } = await ask({ 'POST /x': route }, '/x', json, body)
    expect(received[0]?.body).toBe('{"id":1234567890123456789,"password":"hunter2","x":100000000000000000000}')
    expect(JSON.stringify(attempts[0]?.action.parameters)).toContain('1234567890123456789')
    expect(JSON.stringify(attempts[0]?.action.parameters)).not.toContain('hunter2')
  })

  it.each(['{"id":1e999}', `{"id":${'1'.repeat(401)}}`, `{"id":1e-${'9'.repeat(300)}}`])(
    '%.20s… is refused',
    async (body) => {
      expect((await ask({}, '/x', json, body)).status).toBe(400)
    },
  )
})
