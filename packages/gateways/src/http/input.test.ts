import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, type Init, key, openInstance } from './fixture.ts'

let instance: Instance
beforeAll(async () => {
  instance = await openInstance({ config: { headersTimeoutMs: 400, requestTimeoutMs: 1500, maxBodyBytes: 1_048_576 } })
})
afterAll(() => instance.close())
beforeEach(() => {
  instance.attempts.length = 0
})

const lines = (...parts: string[]) => parts.join('\r\n')
const authorized = ['host: x', `authorization: Bearer ${key}`]

describe('bytes that are no plain request are refused before the gate sees them (P8)', () => {
  it.each<[string, string, number]>([
    [
      'a length and a coding',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: 4', 'transfer-encoding: chunked', '', '0', '', ''),
      400,
    ],
    [
      'two lengths',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: 4', 'content-length: 5', '', 'abcde'),
      400,
    ],
    [
      'two equal lengths',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: 4', 'content-length: 4', '', 'abcd'),
      400,
    ],
    ['a signed length', lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: +4', '', 'abcd'), 400],
    [
      'two codings',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'transfer-encoding: gzip, chunked', '', '0', '', ''),
      400,
    ],
    [
      'a coding nobody knows',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'transfer-encoding: xchunked', '', '0', '', ''),
      400,
    ],
    [
      'a bad chunk size',
      lines('POST /crm/a HTTP/1.1', ...authorized, 'transfer-encoding: chunked', '', 'zz', 'a', '0', '', ''),
      400,
    ],
    [
      'F8: trailers, which would vanish',
      lines(
        'POST /crm/a HTTP/1.1',
        ...authorized,
        'transfer-encoding: chunked',
        'trailer: x-sum',
        '',
        '1',
        'a',
        '0',
        'x-sum: 1',
        '',
        '',
      ),
      400,
    ],
    ['a folded header', lines('GET /crm/a HTTP/1.1', ...authorized, 'x-a: b', ' c', '', ''), 400],
    ['a space before the colon', lines('GET /crm/a HTTP/1.1', ...authorized, 'x-a : b', '', ''), 400],
    ['a bare line feed', 'GET /crm/a HTTP/1.1\nhost: x\n\n', 400],
    ['a null in a header', lines('GET /crm/a HTTP/1.1', ...authorized, 'accept: a\u0000b', '', ''), 400],
    ['an umlaut in a sealed header', lines('GET /crm/a HTTP/1.1', ...authorized, 'accept: \u00E4', '', ''), 400],
    ['two hosts', lines('GET /crm/a HTTP/1.1', ...authorized, 'host: y', 'connection: close', '', ''), 400],
    [
      'two content types',
      lines(
        'POST /crm/a HTTP/1.1',
        ...authorized,
        'content-type: a/b',
        'content-type: application/json',
        'content-length: 2',
        'connection: close',
        '',
        '{}',
      ),
      400,
    ],
    [
      'two credentials',
      lines('GET /crm/a HTTP/1.1', ...authorized, 'authorization: Bearer x', 'connection: close', '', ''),
      400,
    ],
    [
      'an absolute target',
      lines('GET http://169.254.169.254/latest HTTP/1.1', ...authorized, 'connection: close', '', ''),
      400,
    ],
    ['an asterisk', lines('OPTIONS * HTTP/1.1', ...authorized, 'connection: close', '', ''), 400],
    ['a dot segment', lines('GET /crm/../a HTTP/1.1', ...authorized, 'connection: close', '', ''), 400],
    ['a fragment', lines('GET /crm/a#b HTTP/1.1', ...authorized, 'connection: close', '', ''), 400],
    [
      'raw UTF-8 in the target',
      lines('GET /crm/\u00C3\u00A9 HTTP/1.1', ...authorized, 'connection: close', '', ''),
      400,
    ],
    ['TRACE', lines('TRACE /crm/a HTTP/1.1', ...authorized, 'connection: close', '', ''), 405],
    ['a method of one upstream alone', lines('LOCK /crm/a HTTP/1.1', ...authorized, 'connection: close', '', ''), 405],
    ['a method nobody knows', lines('FROB /crm/a HTTP/1.1', ...authorized, 'connection: close', '', ''), 400],
    ['a huge header', lines('GET /crm/a HTTP/1.1', ...authorized, `x: ${'a'.repeat(20_000)}`, '', ''), 431],
    ['a huge target', lines(`GET /crm/${'a'.repeat(20_000)} HTTP/1.1`, ...authorized, '', ''), 431],
    [
      'many headers',
      lines(
        'GET /crm/a HTTP/1.1',
        ...authorized,
        ...Array.from({ length: 300 }, (_, index) => `x-${index}: a`),
        'connection: close',
        '',
        '',
      ),
      431,
    ],
    ['another protocol', '\u0016\u0003\u0001\u0002\u0000\u0001', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a slow sender of headers', 'GET /crm/a HTTP/1.1\r\nhost: x\r\n', 408],
    ['a slow sender of a body', lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: 10', '', 'abc'), 408],
  ])('%s', async (_, bytes, status) => {
    const answer = await instance.raw(Buffer.from(bytes, 'latin1'))
    expect(answer.split('\r\n', 1)[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain('application/problem+json')
    expect(instance.attempts).toEqual([])
  })

  it('a request without a host is refused', async () => {
    const answer = await instance.raw(lines('GET /crm/a HTTP/1.1', `authorization: Bearer ${key}`, '', ''))
    expect([answer.slice(0, 12), instance.attempts]).toEqual(['HTTP/1.1 400', []])
  })

  it('CONNECT is cut off', async () => {
    expect(await instance.raw(lines('CONNECT 169.254.169.254:80 HTTP/1.1', ...authorized, '', ''))).toBe('')
  })

  it('a request behind an unanswered one is not served', async () => {
    const one = lines('GET /crm/a HTTP/1.1', ...authorized, '', '')
    const two = lines('DELETE /crm/a HTTP/1.1', ...authorized, 'connection: close', '', '')
    const answer = await instance.raw(one + two)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(instance.attempts.map(({ action }) => action.parameters['method'])).toEqual(['GET'])
  })

  it('a half-open client that closes its side is let go', async () => {
    const socket = connect({ port: instance.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.resume()
    socket.end(lines('POST /crm/a HTTP/1.1', ...authorized, 'content-length: 10', '', 'abc'))
    await once(socket, 'end')
    socket.destroy()
    expect(instance.attempts).toEqual([])
  })
})

describe('an Upgrade is ignored (RFC 9110 §7.8)', () => {
  it.each([
    [
      'h2c',
      [
        'connection: Upgrade, HTTP2-Settings',
        'upgrade: h2c',
        'http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      ],
    ],
    [
      'a websocket nobody allowed',
      [
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      ],
    ],
    ['several', ['connection: upgrade', 'upgrade: TLS/1.0, h2c, IRC/6.9']],
  ])('F2: Upgrade: %s is served in HTTP/1.1, with its body, and so is what follows', async (_, upgrade) => {
    const headers = [...authorized, 'content-type: text/plain', 'content-length: 4']
    const one = lines('POST /crm/a HTTP/1.1', ...headers, ...upgrade, '', 'body')
    const socket = connect(instance.port, '127.0.0.1')
    socket.write(one)
    const [first] = (await once(socket, 'data')) as [Buffer]
    socket.write(lines('GET /crm/b HTTP/1.1', ...authorized, ...upgrade, '', ''))
    const [second] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect([first, second].map((answer) => answer.toString('latin1').split('\r\n', 1)[0])).toEqual([
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
    ])
    expect(
      instance.attempts.map(({ action: { parameters } }) => [parameters['target'], parameters['body']]),
    ).toMatchObject([
      ['/a', { text: 'body' }],
      ['/b', undefined],
    ])
    const sent = instance.upstream.received.slice(-2).map(({ rawHeaders }) => rawHeaders.join(' ').toLowerCase())
    expect(sent.join(' ')).not.toMatch(/upgrade|http2-settings|websocket/)
  })
})

describe('100 Continue', () => {
  const expecting = (...more: string[]) =>
    lines('POST /crm/a HTTP/1.1', 'host: x', 'expect: 100-continue', 'connection: close', ...more, '', '')
  const bearer = `authorization: Bearer ${key}`

  it.each<[string, string, number]>([
    ['the key', expecting('authorization: Bearer csk_other', 'content-length: 4'), 401],
    ['no key', expecting('content-length: 4'), 401],
    ['the route', expecting(bearer, 'content-length: 4').replace('/crm/a', '/other/a'), 404],
    ['the length', expecting(bearer, 'content-length: 1048577'), 413],
    ['the type', expecting(bearer, 'content-type: application/json; charset=utf-16', 'content-length: 4'), 415],
    ['the path', expecting(bearer, 'content-length: 4').replace('/crm/a', '/crm/../a'), 400],
    ['another expectation', expecting(bearer, 'content-length: 4').replace('100-continue', '200-ok'), 417],
    ['one more expectation', expecting(bearer, 'content-length: 4').replace('continue', 'continue, x'), 417],
  ])('F9: 100 Continue is not said before %s was looked at', async (_, bytes, status) => {
    const answer = await instance.raw(bytes)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
  })

  it('F9: 100 Continue is said where the body may come', async () => {
    const socket = connect(instance.port, '127.0.0.1')
    socket.write(expecting(bearer, 'content-length: 4'))
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString('latin1')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('body')
    const [second] = (await once(socket, 'data')) as [Buffer]
    expect(second.toString('latin1')).toMatch(/^HTTP\/1.1 200 /)
    expect(instance.attempts[0]?.action.parameters['body']).toMatchObject({ text: 'body' })
    socket.destroy()
  })
})

describe('bodies', () => {
  it.each<[string, string | Uint8Array, string, number]>([
    ['10 MB', 'a'.repeat(10_000_000), 'text/plain', 413],
    ['JSON nested 10,000 deep', '['.repeat(10_000) + ']'.repeat(10_000), 'application/json', 400],
    ['the same key twice', '{"a":1,"a":2}', 'application/json', 400],
    ['the same key twice, escaped', '{"a":1,"\\u0061":2}', 'application/vnd.api+json', 400],
    ['a lone surrogate', '{"a":"\\ud800"}', 'application/json', 400],
    ['__proto__', '{"__proto__":{}}', 'application/json', 400],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'application/json', 400],
    ['a byte order mark', '\uFEFF{}', 'application/json', 400],
    ['no JSON', '{', 'application/json', 400],
    ['another charset', '{}', 'application/json; charset=utf-16', 415],
    ['JSON that does not say so', '{"a":1,"a":2}', 'text/plain', 200],
    ['JSON', '{"a":1}', 'application/json; charset=UTF-8', 200],
  ])('%s', async (_, body, type, status) => {
    const answer = await instance.ask('/crm/a', { method: 'POST', body, headers: { 'content-type': type } })
    expect(answer.status).toBe(status)
    expect(instance.attempts).toHaveLength(status === 200 ? 1 : 0)
  })

  it('a chunked body without an end is refused at its bound', async () => {
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) })
    const answer = await instance
      .ask('/crm/a', { method: 'POST', body: endless, duplex: 'half' } as Init)
      .then(({ status }) => status)
      .catch(() => 'cut')
    expect([413, 'cut']).toContain(answer)
    expect(instance.attempts).toEqual([])
  })

  it('what is said of a refusal never repeats what came in', async () => {
    const answer = await instance.ask('/crm/a', {
      method: 'POST',
      body: '{"hunter2":1,"hunter2":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await answer.json()).toEqual({
      type: 'urn:countersign:error:ERR_INPUT_INVALID',
      title: 'This input is not valid.',
      status: 400,
      detail: 'The body is not JSON as it is read here: the same key twice.',
    })
    expect(JSON.stringify(instance.logs)).not.toContain('hunter2')
  })
})
