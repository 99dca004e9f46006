import { digestOf } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { readTools } from './definitions.ts'

const one = (text: string) => {
  const { listed, leftOut } = readTools([text])
  return { shown: listed[0]?.text, why: leftOut[0]?.why, listed: listed[0] }
}
const named = (name: string) => `{"name":${JSON.stringify(name)},"inputSchema":{"type":"object"}}`

describe('a tool as its server lists it', () => {
  it.each<[string, string, string]>([
    [
      'annotations: null',
      '{"name":"t","annotations":null,"inputSchema":{"type":"object"}}',
      '{"name":"t","inputSchema":{"type":"object"}}',
    ],
    [
      'a hint of null',
      '{"name":"t","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":null,"title":"T"}}',
      '{"name":"t","inputSchema":{"type":"object"},"annotations":{"title":"T"}}',
    ],
    [
      'a hint that is text',
      '{"name":"t","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":"yes"}}',
      '{"name":"t","inputSchema":{"type":"object"},"annotations":{}}',
    ],
    [
      'annotations that are a list',
      '{"name":"t","inputSchema":{"type":"object"},"annotations":[]}',
      '{"name":"t","inputSchema":{"type":"object"}}',
    ],
    [
      'everything null',
      '{"name":"t","title":null,"description":null,"outputSchema":null,"icons":null,"_meta":null,"inputSchema":null}',
      '{"name":"t","inputSchema":{"type":"object"}}',
    ],
    ['no inputSchema', '{"name":"t"}', '{"name":"t","inputSchema":{"type":"object"}}'],
    ['inputSchema: {}', '{"name":"t","inputSchema":{}}', '{"name":"t","inputSchema":{"type":"object"}}'],
    ['inputSchema: true', '{"name":"t","inputSchema":true}', '{"name":"t","inputSchema":{"type":"object"}}'],
    [
      'anyOf',
      '{"name":"t","inputSchema":{"anyOf":[{"required":["a"]}]}}',
      '{"name":"t","inputSchema":{"type":"object","anyOf":[{"required":["a"]}]}}',
    ],
    [
      'an object or null',
      '{"name":"t","inputSchema":{"type":["object","null"]}}',
      '{"name":"t","inputSchema":{"type":"object"}}',
    ],
    [
      'a bound of 2^64',
      '{"name":"t","inputSchema":{"type":"object","properties":{"n":{"maximum":18446744073709551616,"default":1.50}}}}',
      '{"name":"t","inputSchema":{"type":"object","properties":{"n":{"maximum":18446744073709551616,"default":1.50}}}}',
    ],
    [
      '_meta',
      '{"name":"t","inputSchema":{"type":"object"},"_meta":{"a":1},"x-vendor":{"b":[1.0]}}',
      '{"name":"t","inputSchema":{"type":"object"},"x-vendor":{"b":[1.0]}}',
    ],
    [
      'an outputSchema of a list',
      '{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}',
      '{"name":"t","inputSchema":{"type":"object"}}',
    ],
  ])('D2: with %s is served', (_, given, shown) => {
    expect(one(given)).toMatchObject({ shown, why: undefined })
  })

  it.each(['ns:tool', 'with space', 'ünï→code 工具', '$dollar', 'a/b.c-d', 'x'.repeat(140), '"quoted"'])(
    'D2: may be called %j',
    (name) => {
      expect(one(named(name)).listed?.tool.name).toBe(name)
    },
  )

  it.each<[string, string, string]>([
    ['70 kB', `{"name":"t","description":"${'x'.repeat(70_000)}"}`, 'its definition has 70029 bytes'],
    ['no name', '{}', 'it has no name'],
    ['a name that is a number', '{"name":7}', 'it has no name'],
    ['a name of 300 letters', named('x'.repeat(300)), 'its name has 300 characters'],
    ['a name with a line end', named('a\nb'), 'characters that cannot be seen'],
    ['a name that turns the text round', named('a\u202eb'), 'characters that cannot be seen'],
    ['the name of our own tool', named('countersign_wait'), 'Countersign has a tool of this name'],
    [
      'a schema of text',
      '{"name":"t","inputSchema":{"type":"string"}}',
      'its inputSchema is not one of an object, but of "string"',
    ],
    ['a schema that is false', '{"name":"t","inputSchema":false}', 'its inputSchema is no schema'],
    ['a description that is a number', '{"name":"t","description":7}', 'its description is no text'],
    ['a member twice', '{"name":"t","description":"a","description":"b"}', 'a member twice'],
    ['a lone surrogate', '{"name":"t","description":"\\ud800"}', 'a lone surrogate'],
    ['nothing but text', '"t"', 'is no object'],
    ['nothing', 'null', 'is no object'],
  ])('D2: with %s costs itself alone, and the reason is said', (_, given, why) => {
    const { listed, leftOut } = readTools([named('before'), given, named('after')])
    expect(listed.map(({ tool }) => tool.name)).toEqual(['before', 'after'])
    expect(leftOut).toEqual([{ name: expect.stringMatching(/./), why: expect.stringContaining(why) }])
  })

  it('keeps the hash it had, and a number that no double holds counts by its digits', () => {
    const plain = { name: 't', description: 'd', inputSchema: { type: 'object', properties: { n: { maximum: 1e21 } } } }
    expect(one(JSON.stringify(plain)).listed?.hash).toBe(digestOf(plain))
    const bound = (digits: string) => one(`{"name":"t","inputSchema":{"type":"object","maximum":${digits}}}`).listed
    const [first, second, asText] = [
      bound('18446744073709551616'),
      bound('18446744073709551617'),
      bound('"18446744073709551616"'),
    ]
    expect(new Set([first?.hash, second?.hash, asText?.hash]).size).toBe(3)
    expect(first?.says).toMatchObject({ inputSchema: { maximum: '18446744073709551616' } })
  })

  it('the last one of a name counts, and that is said', () => {
    const { listed, leftOut } = readTools([named('t'), '{"name":"t","title":"second","inputSchema":{"type":"object"}}'])
    expect(listed.map(({ text }) => text)).toEqual([expect.stringContaining('second')])
    expect(leftOut).toEqual([{ name: 't', why: 'it is listed twice; the last one counts' }])
  })
})
