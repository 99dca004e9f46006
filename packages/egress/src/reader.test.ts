import { isError } from '@countersign/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReader, Unreadable } from './reader.ts'

interface Seen {
  readonly status: number
  readonly headers: readonly string[]
  body: string
  trailers: readonly string[] | undefined
}

/** What is read of these pieces, and what stops it. */
function read(pieces: readonly string[], { method = 'GET', over = false } = {}) {
  const seen: Seen[] = []
  const reader = createReader({
    head: ({ statusCode, rawHeaders }) =>
      void seen.push({ status: statusCode, headers: rawHeaders, body: '', trailers: undefined }),
    part(bytes) {
      const last = seen.at(-1)
      if (last) last.body += bytes.toString('latin1')
    },
    end(trailers) {
      const last = seen.at(-1)
      if (last) last.trailers = trailers
    },
  })
  reader.expect(method)
  let refused: string | undefined
  try {
    for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'))
    if (over) reader.over()
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    refused = error.code
  }
  return { seen, refused, goesOn: reader.goesOn }
}

const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`
const chunked = head('transfer-encoding: chunked')

describe('an answer ends where it says', () => {
  it.each<[string, string, { body: string; goesOn: boolean; method?: string; over?: boolean }]>([
    ['by its length', `${head('content-length: 3')}abc`, { body: 'abc', goesOn: true }],
    ['without a body', head('content-length: 0'), { body: '', goesOn: true }],
    ['in chunks', `${chunked}3\r\nabc\r\n2;a=b\r\nde\r\n0\r\n\r\n`, { body: 'abcde', goesOn: true }],
    ['with its connection', `${head()}abc`, { body: 'abc', goesOn: false, over: true }],
    ['to HEAD at once', head('content-length: 3'), { body: '', goesOn: true, method: 'HEAD' }],
    ['204 at once', 'HTTP/1.1 204 No Content\r\n\r\n', { body: '', goesOn: true }],
    ['304 at once', 'HTTP/1.1 304\r\ncontent-length: 3\r\n\r\n', { body: '', goesOn: true }],
    ['in HTTP/1.0, which is the last', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na', { body: 'a', goesOn: false }],
    [
      'and is the last, as it says',
      `${head('content-length: 1', 'Connection: x, Close')}a`,
      { body: 'a', goesOn: false },
    ],
    [
      'after interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\na: b\r\n\r\n${head('content-length: 1')}a`,
      { body: 'a', goesOn: true },
    ],
    [
      'and what comes behind it is nobody’s',
      `${head('content-length: 1')}aHTTP/1.1 200 OK\r\n\r\n`,
      { body: 'a', goesOn: false },
    ],
    ['also behind 204', 'HTTP/1.1 204 No\r\ncontent-length: 3\r\n\r\nabc', { body: '', goesOn: false }],
  ])('%s', (_, bytes, { body, goesOn, ...how }) => {
    const { seen, refused, goesOn: on } = read([bytes], how)
    expect({ body: seen.map((each) => each.body), ended: seen[0]?.trailers !== undefined, refused, on }).toEqual({
      body: [body],
      ended: true,
      refused: undefined,
      on: goesOn,
    })
  })

  it('trailers come behind the chunks', () => {
    expect(read([`${chunked}1\r\na\r\n0\r\nX-Sum: 1\r\ny:2 \r\n\r\n`]).seen[0]?.trailers).toEqual([
      'X-Sum',
      '1',
      'y',
      '2',
    ])
  })

  it('names and values are as they were written, without the blanks around', () => {
    expect(read([head('X-A:  b c\t', 'set-cookie: é', 'Content-Length: 0')]).seen[0]?.headers).toEqual([
      'X-A',
      'b c',
      'set-cookie',
      'é',
      'Content-Length',
      '0',
    ])
  })
})

describe('what two readers could read in two ways is no answer', () => {
  it.each<[string, string]>([
    ['a length and chunks', `${head('content-length: 3', 'transfer-encoding: chunked')}0\r\n\r\n`],
    ['two lengths', `${head('content-length: 3', 'content-length: 3')}abc`],
    ['a list of lengths', `${head('content-length: 3, 3')}abc`],
    ['a length with a sign', `${head('content-length: +3')}abc`],
    ['a length in hexadecimals', `${head('content-length: 0x3')}abc`],
    ['no length', head('content-length:')],
    ['another coding', head('transfer-encoding: gzip, chunked')],
    ['chunks twice', head('transfer-encoding: chunked', 'transfer-encoding: chunked')],
    ['chunks with a letter of another alphabet', head('transfer-encoding: chunKed'.replace('K', '\xcb'))],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a folded line', head('a: b', ' c: d')],
    ['a space before the colon', head('content-length : 3')],
    ['no name', head(': a')],
    ['no colon', head('a')],
    ['a bare LF', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
    ['a bare LF in a value', head('a: b\ncontent-length: 3')],
    ['a bare CR in a value', head('a: b\rcontent-length: 3')],
    ['a NUL in a value', head('a: b\0c')],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a chunk with a sign', `${chunked}+1\r\na\r\n`],
    ['a chunk in 0x', `${chunked}0x1\r\na\r\n`],
    ['a chunk that goes on', `${chunked}1\r\nab\r\n`],
    ['a chunk that ends with LF', `${chunked}1\r\na\n0\r\n\r\n`],
    ['the size of a chunk that ends with LF', `${chunked}1\na\r\n0\r\n\r\n`],
    ['a chunk without a size', `${chunked}\r\n`],
    ['a chunk of more bytes than can be counted', `${chunked}fffffffffffffff\r\n`],
    ['a trailer that is none', `${chunked}0\r\nno trailer\r\n\r\n`],
  ])('%s', (_, bytes) => {
    expect(read([bytes]).refused).toBe('ANSWER_UNREADABLE')
  })

  it.each<[string, string, string]>([
    ['a switch to another protocol', 'HTTP/1.1 101 Switching\r\n\r\n', 'ANSWER_SWITCHES'],
    ['a head without an end', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(16_384)}`, 'ANSWER_HEAD_TOO_LARGE'],
    ['a head that is too large', head(`a: ${'b'.repeat(16_384)}`), 'ANSWER_HEAD_TOO_LARGE'],
    ['trailers without an end', `${chunked}0\r\na: ${'b'.repeat(16_384)}`, 'ANSWER_HEAD_TOO_LARGE'],
    ['an extension without an end', `${chunked}1;${'b'.repeat(1_100)}`, 'ANSWER_UNREADABLE'],
  ])('nor is %s', (_, bytes, code) => {
    expect(read([bytes]).refused).toBe(code)
  })
})

describe('however it is cut into pieces', () => {
  const interim = 'HTTP/1.1 102 Processing\r\n\r\n'
  const answers = [
    `${interim}${head('content-length: 5')}a\r\n\r\nb`,
    `${chunked}3\r\na\r\n\r\n1;x="\t"\r\n0\r\n0\r\nx: y\r\n\r\n`,
    `${chunked}0\r\n\r\n`,
    `${head()}abc\r\n\r\n`,
    `${chunked}2\r\nabc`,
    head('content-length: 1', 'content-length: 1'),
  ]

  it('the same is read', () => {
    fc.assert(
      fc.property(fc.constantFrom(...answers), fc.array(fc.nat(60), { maxLength: 12 }), (bytes, cuts) => {
        const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].toSorted(
          (a, b) => a - b,
        )
        const pieces = at.slice(1).map((to, place) => bytes.slice(at[place], to))
        expect(read(pieces, { over: true })).toEqual(read([bytes], { over: true }))
      }),
    )
    for (const bytes of answers) expect(read(bytes.split(''), { over: true })).toEqual(read([bytes], { over: true }))
  })

  it('no bytes make it throw anything but that they cannot be read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('HTTP/1.1 20', '\r\n', '\r\n\r\n', ':', '0', 'chunked', 'transfer-encoding: ', 'a')),
        (parts) => {
          read([`HTTP/1.1 200\r\n${parts.join('')}`], { over: true })
        },
      ),
    )
    expect(isError(new Unreadable('ANSWER_UNREADABLE'))).toBe(false)
  })
})
