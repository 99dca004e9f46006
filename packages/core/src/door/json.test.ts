import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'

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
