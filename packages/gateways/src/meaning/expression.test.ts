import { isError, parseExactJson } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { createCompiler, offered } from './expression.ts'

const compile = createCompiler({ body: 'dyn', query: 'map<string, string>', arguments: 'map' })
const run = (cel: string, view: object) => compile(cel).evaluate(view as never)
const body = (text: string) => ({ body: offered(parseExactJson(text, { bytes: 8 << 20 })) })

describe('B2: what could take long is refused at the start, whatever gateway it is for', () => {
  it.each<[string, string]>([
    ['a pattern', 'arguments.a.matches("(a+)+$") ? "a" : "b"'],
    ['a pattern on a list of names', 'arguments.names.filter(x, x.matches("(x+)+y"))'],
    ['a loop in a loop', 'arguments.a.map(x, arguments.a.map(y, x + y))'],
    ['a loop over what a loop gave', 'arguments.a.map(x, [x, x]).map(x, [x, x])'],
    ['a search for an argument', 'arguments.a.contains(arguments.b)'],
    ['a search for an argument from the end', 'arguments.a.lastIndexOf(arguments.b) == 1'],
    ['a split at an argument', 'arguments.a.split(arguments.b)'],
    ['a join with an argument', 'arguments.a.split(",").join(arguments.b)'],
    ['membership in another list, in a loop', 'arguments.a.filter(x, x in arguments.b)'],
    ['another text, in a loop', 'arguments.a.map(x, arguments.b + x)'],
    ['its own list, in a loop', 'arguments.a.filter(x, size(arguments.a) > 1)'],
    ['doubling', 'cel.bind(a, arguments.x + arguments.x, cel.bind(b, a + a, b + b))'],
    ['sums without end', Array.from({ length: 60 }, () => 'body').join('+')],
    ['more nodes than anybody reads', `[${'1,'.repeat(400)}1]`],
    ['more letters than anybody reads', `"${'x'.repeat(2100)}"`],
    ['durations, whose digits have no bound', 'duration(arguments.a) > duration("1s")'],
    ['time stamps', 'timestamp(arguments.a) > timestamp("2026-01-01T00:00:00Z")'],
    ['JSON in bytes', 'bytes(arguments.a).json()'],
    ['what is not offered', 'request.path'],
    ['half an expression', 'arguments.a +'],
  ])('%s', (_, cel) => {
    expect(() => compile(cel)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })

  it('says what is wrong with it', () => {
    try {
      compile('arguments.a.contains(arguments.b)')
    } catch (error) {
      expect(isError(error, 'ERR_CONFIG_INVALID') && error.detail).toEqual({
        cel: 'arguments.a.contains(arguments.b)',
        says: 'contains takes only text that is written here',
      })
    }
    expect.assertions(1)
  })

  const long = `${'a'.repeat(500_000)}b`
  it.each<[string, string, unknown]>([
    ['a search in half a megabyte', 'body.text.contains("aaab") ? 1 : 2', 1],
    ['a loop over a hundred thousand', 'body.list.filter(x, x == "b").size()', 0],
    ['a comparison with all of it, in a loop', 'body.list.exists(x, x == body.text)', false],
    ['more names than anybody could be shown', 'body.list', undefined],
    [
      'a text put together many times',
      Array.from({ length: 30 }, () => 'body.text')
        .join('+')
        .concat(' == "x"'),
      false,
    ],
  ])('what is left goes over a message once: %s', (_, cel, expected) => {
    const list = Array.from({ length: 100_000 }, () => 'a')
    expect(run(cel, body(JSON.stringify({ text: long, list })))).toEqual(expected)
  })
})

describe('an expression', () => {
  it.each<[string, string, unknown]>([
    ['body.a + 1', '{"a":41}', 42],
    ['body.a / 2.0', '{"a":1.5}', 0.75],
    ['body.items.map(x, x.name)', '{"items":[{"name":"a"},{"name":"b"}]}', ['a', 'b']],
    ['body.?rows.orValue(10)', '{}', 10],
    ['body.items.exists(x, x.owner == body.owner)', '{"owner":"o","items":[{"owner":"o"}]}', true],
    ['string(body.id)', '{"id":9223372036854775807}', '9223372036854775807'],
    ['body.id + 1', '{"id":9007199254740993}', undefined],
    ['body.id', '{"id":18446744073709551616}', undefined],
    ['body.id > 5', '{"id":18446744073709551616}', undefined],
    ['body.x > 1.0', '{"x":1.0000000000000000001}', undefined],
    ['body.missing', '{}', undefined],
    ['body.constructor', '{}', undefined],
  ])('%s of %s is %j', (cel, text, expected) => {
    expect(run(cel, body(text))).toEqual(expected)
  })

  it.each<[string, string, unknown]>([
    ['grouped(body.x)', '0', '0'],
    ['grouped(body.x)', '999', '999'],
    ['grouped(body.x)', '1000', '1,000'],
    ['grouped(body.x)', '48211', '48,211'],
    ['grouped(body.x)', '482110', '482,110'],
    ['grouped(body.x)', '-999', '-999'],
    ['grouped(body.x)', '-48211', '-48,211'],
    ['grouped(body.x)', '9223372036854775807', '9,223,372,036,854,775,807'],
    ['grouped(body.x)', '-9223372036854775808', '-9,223,372,036,854,775,808'],
    ['grouped(body.x)', '9223372036854775808', undefined],
    ['grouped(body.x)', '1234567.25', '1,234,567.25'],
    ['grouped(body.x)', '-0.00001', '-0.00001'],
    ['grouped(body.x)', '48211.0', '48,211'],
    ['grouped(body.x)', '1e20', undefined],
    ['grouped(body.x)', '0.0000001', '1e-7'],
    ['grouped(body.x)', '"48211"', '48,211'],
    ['grouped(body.x)', '"-48211.50"', '-48,211.50'],
    ['grouped(body.x)', '"0048211"', '0048211'],
    ['grouped(body.x)', '"48211 "', '48211 '],
    ['grouped(body.x)', '"48,211"', '48,211'],
    ['grouped(body.x)', '"1e21"', '1e21'],
    ['grouped(body.x)', '"٤٨٢١١"', '٤٨٢١١'],
    ['grouped(body.x)', '"all"', 'all'],
    ['grouped(body.x)', '""', ''],
    ['grouped(body.x)', 'null', undefined],
    ['grouped(body.x)', 'true', undefined],
    ['grouped(body.x)', '[1]', undefined],
    ['grouped(uint("48211"))', '0', '48,211'],
    ['grouped(48211)', '0', '48,211'],
    ['grouped(grouped(body.x))', '48211', '48,211'],
    ['"Export " + grouped(body.x) + " rows"', '48211', 'Export 48,211 rows'],
    ['[48211, 5].map(n, grouped(n))', '0', ['48,211', '5']],
  ])('G14: %s, x being %s, is %j', (cel, x, expected) => {
    expect(run(cel, body(`{"x":${x}}`))).toEqual(expected)
  })

  it('G14: a million digits are grouped in one pass', () => {
    const said = run('grouped(body.x)', body(`{"x":"${'1'.repeat(1_000_000)}"}`))
    expect(said).toMatch(/^1,111,/)
    expect(said).toHaveLength(1_333_333)
  })

  it.each<[string, unknown, unknown]>([
    ['int', '5', 5],
    ['int', '-5', -5],
    ['int', '', undefined],
    ['int', '0b11', undefined],
    ['int', '0o17', undefined],
    ['int', '0x10', undefined],
    ['int', '010', undefined],
    ['int', '+5', undefined],
    ['int', '5e3', undefined],
    ['int', '5.0', undefined],
    ['int', '99999999999999999999', undefined],
    ['int', 5.9, undefined],
    ['int', 5, 5],
    ['uint', '7', 7],
    ['uint', '', undefined],
    ['uint', '-1', undefined],
    ['double', '2.5', 2.5],
    ['double', '0x10', undefined],
    ['double', '0b11', undefined],
    ['double', '1e3', undefined],
    ['double', 'Infinity', undefined],
    ['double', '.5', undefined],
    ['bool', 'true', true],
    ['bool', 'TRUE', undefined],
    ['bool', '1', undefined],
  ])('A2: %s of %j is the number that every reader reads in it, or nothing', (name, value, expected) => {
    expect(run(`${name}(body)`, { body: offered(value as never) })).toEqual(expected)
  })

  it('knows what it looks up', () => {
    const names = (cel: string) => Object.fromEntries(compile(cel).reads)
    expect(names('query.limit + query["offset"]')).toEqual({ query: new Set(['limit', 'offset']) })
    expect(names('"to" in query ? query.to : "x"')).toEqual({ query: new Set(['to']) })
    expect(names('query.all(k, k != "a")')).toEqual({ query: 'any' })
    expect(names('query[body.key]')).toEqual({ query: 'any', body: new Set(['key']) })
    expect(names('has(body.a.b) ? body.?c : body[?"d"]')).toEqual({
      body: new Set(['a', 'c', 'd']),
      '*': new Set(['b']),
    })
    expect(names('body.items.map(x, x.name)')).toEqual({ body: new Set(['items']), '*': new Set(['name']) })
  })
})
