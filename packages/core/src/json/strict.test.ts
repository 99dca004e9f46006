import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from './strict.ts'

const keys = (many: number) => Array.from({ length: many }, (_, at) => `"k${at}":${at}`).join()
const bytes = (...values: number[]) => Uint8Array.from(values)

describe('strict JSON', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['duplicate keys', '{"a":1,"a":2}', 'ERR_INPUT_INVALID'],
    ['duplicate keys, one of them escaped', '{"a":1,"\\u0061":2}', 'ERR_INPUT_INVALID'],
    ['duplicate keys deep inside', '[{"x":{"b":1,"c":[{}],"b":2}}]', 'ERR_INPUT_INVALID'],
    ['a __proto__ key', '{"__proto__":{"admin":true}}', 'ERR_INPUT_INVALID'],
    ['a lone surrogate', '"\\ud800"', 'ERR_INPUT_INVALID'],
    ['a lone surrogate in a key', '{"\\udfff":1}', 'ERR_INPUT_INVALID'],
    ['bytes that are not UTF-8', bytes(0x22, 0xff, 0x22), 'ERR_INPUT_INVALID'],
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 0x31), 'ERR_INPUT_INVALID'],
    ['NaN', '{"a":NaN}', 'ERR_INPUT_INVALID'],
    ['a number too large for anyone', '1e999', 'ERR_INPUT_INVALID'],
    ['an integer beyond 2^53', '9007199254740993', 'ERR_INPUT_INVALID'],
    ['nothing', '', 'ERR_INPUT_INVALID'],
    ['two values', '1 2', 'ERR_INPUT_INVALID'],
    ['a comment', '{/**/}', 'ERR_INPUT_INVALID'],
    ['an open string', '"abc', 'ERR_INPUT_INVALID'],
    ['nesting of ten thousand', '['.repeat(10_000) + ']'.repeat(10_000), 'ERR_INPUT_INVALID'],
    ['ten megabytes', `"${'x'.repeat(10 << 20)}"`, 'ERR_INPUT_TOO_LARGE'],
  ])('refuses %s', (_, input, code) => {
    expect(() => parseJson(input)).toThrow(expect.objectContaining({ code }))
  })

  /** Each took time by the square of its length where a fault sent the reader back over what it had read. */
  it.each<[string, string]>([
    ['an open text of escaped quotes', `"${'\\"'.repeat(500_000)}`],
    ['an open text of backslashes', `"${'\\'.repeat(1_000_001)}`],
    ['an open key', `{"${'\\"'.repeat(500_000)}`],
    ['quotes that are no text', '"\n'.repeat(300_000)],
    ['space without end', ' '.repeat(1_000_000)],
    ['a number without end', `-${'1'.repeat(1_000_000)}e`],
    ['a number that ends in nothing', `${'1'.repeat(500_000)}.${'1'.repeat(500_000)}e+`],
    ['lists that nobody closes', '[ '.repeat(500_000)],
    ['words that are none', `[${'tru,'.repeat(250_000)}`],
    ['a megabyte of keys, the last one twice', `{${keys(60_000)},"k0":1}`],
  ])('B1: goes over the text once, and the first fault ends it: %s', (_, text) => {
    expect(() => parseJson(text, { bytes: 2 << 20 })).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  it('the same key in different objects is fine, and so are strings that look like structure', () => {
    expect(parseJson('[{"a":"{\\"a\\":1,"},{"a":"]"}]')).toEqual([{ a: '{"a":1,' }, { a: ']' }])
  })

  it('reads everything else just as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        fc.pre(!text.includes('__proto__') && !/\d{16}|\de/.test(text))
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })
})
