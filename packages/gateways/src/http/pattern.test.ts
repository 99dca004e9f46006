import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { match, parsePattern, type Pattern } from './pattern.ts'

const parsed = (text: string): Pattern => {
  const pattern = parsePattern(text)
  if (typeof pattern === 'string') throw new Error(pattern)
  return pattern
}
const matched = (pattern: string, path: string) => match(parsed(`GET ${pattern}`), path.split('/').slice(1))

describe('a pattern of a path', () => {
  it.each<[string, string, ReturnType<typeof match>]>([
    ['/a', '/a', {}],
    ['/a', '/b', undefined],
    ['/daily report', '/daily report', {}],
    ['/daily%20report', '/daily report', {}],
    ['/100%', '/100%', {}],
    ['/{a}', '/', undefined],
    ['/{a}', '/x/y', undefined],
    ['/{a*}', '/x/y', { a: 'x/y' }],
    ['/{base}...{head}', '/main...dev', { base: 'main', head: 'dev' }],
    ['/{base}...{head}', '/main..dev', undefined],
    ['/{base}...{head}', '/...dev', undefined],
    ['/{base}...{head}', '/main...', undefined],
    ['/{base}...{head}', '/a...b...c', 'ambiguous'],
    ['/{base}...{head}', '/a....b', 'ambiguous'],
    ['/{sid}.json', '/x.json', { sid: 'x' }],
    ['/{sid}.json', '/x.json.json', { sid: 'x.json' }],
    ['/{sid}.json', '/.json', undefined],
    ['/{name}:cancel', '/job:cancel', { name: 'job' }],
    ['/v{major}.{minor}', '/v1.2', { major: '1', minor: '2' }],
    ['/v{major}.{minor}', '/v1.2.3', 'ambiguous'],
    ['/{a}-{b}-{c}', '/1-2-3', { a: '1', b: '2', c: '3' }],
    ['/{a}-{b}-{c}', '/1-2', undefined],
    ['/files/{id}/x-{n}', '/files/7/x-9', { id: '7', n: '9' }],
  ])('%s and %s', (pattern, path, params) => {
    expect(matched(pattern, path)).toEqual(params)
  })

  it.each(['/{a}{b}', '/{a}/{a}', '/{a}-{a}', '/{a*}/b', '/a{b*}', '/{a', '/a}', '/{}', '/{order-id}', '/*'])(
    '%s is none',
    (pattern) => {
      expect(typeof parsePattern(`GET ${pattern}`)).toBe('string')
    },
  )

  it('sorts the more literal one first', () => {
    const patterns = ['/{a*}', '/{a}', '/{a}.json', '/{a}.tar.json', '/x']
    const sorted = patterns
      .map((text) => ({ text, rank: parsed(`GET ${text}`).rank }))
      .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    expect(sorted.map(({ text }) => text)).toEqual(['/x', '/{a}.tar.json', '/{a}.json', '/{a}', '/{a*}'])
  })

  it('what it divides, put together again, is what came; and where there is one way, it finds it', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(word, word, word, (one, between, two) => {
        const segment = `${one}${between}${two}`
        const ways = segment
          .split('')
          .filter((_, at) => at > 0 && segment.startsWith(between, at) && at + between.length < segment.length)
        const found = match(parsed(`GET /{a}${between}{b}`), [segment])
        expect(found).toEqual(ways.length > 1 ? 'ambiguous' : { a: one, b: two })
      }),
    )
  })
})
