import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { between, differencesOf } from './difference.ts'

const says = {
  name: 'x',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
}

describe('what changed in a definition', () => {
  it.each<[string, object, object[]]>([
    ['nothing', {}, []],
    ['a text', { description: 'Reads.' }, [{ path: 'description', before: 'Reads a file.', after: 'Reads.' }]],
    ['something added', { annotations: { readOnlyHint: true } }, [{ path: 'annotations.readOnlyHint', after: 'true' }]],
    [
      'a parameter in place of another',
      { inputSchema: { type: 'object', properties: { 'a.b': { type: 'string' } } } },
      [
        { path: 'inputSchema.properties."a.b".type', after: 'string' },
        { path: 'inputSchema.properties.path.type', before: 'string' },
      ],
    ],
    [
      'a text and more',
      { annotations: {}, description: 'Reads.' },
      [
        { path: 'description', before: 'Reads a file.', after: 'Reads.' },
        { path: 'annotations', after: '{}' },
      ],
    ],
    ['a number that became text', { size: '1' }, [{ path: 'size', after: '1' }]],
    [
      'all parameters taken away',
      { inputSchema: { type: 'object', properties: {} } },
      [
        { path: 'inputSchema.properties', after: '{}' },
        { path: 'inputSchema.properties.path.type', before: 'string' },
      ],
    ],
  ])('%s', (_, change, expected) => {
    expect(differencesOf(says, { ...says, ...change })).toEqual(expected)
  })

  it('is found wherever it is', () => {
    const definition = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
    fc.assert(
      fc.property(definition, definition, (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
        if (same) expect(differencesOf(one as never, other as never)).toEqual([])
      }),
    )
  })
})

describe('the words between two texts', () => {
  it.each([
    ['Reads a file.', 'Reads a secret file.', { start: 'Reads a ', removed: '', added: 'secret ', end: 'file.' }],
    ['Reads.', 'Reads. And tells.', { start: 'Reads.', removed: '', added: ' And tells.', end: '' }],
    ['one', 'two', { start: '', removed: 'one', added: 'two', end: '' }],
    ['', 'new', { start: '', removed: '', added: 'new', end: '' }],
  ])('%j, %j', (before, after, expected) => {
    expect(between(before, after)).toEqual(expected)
  })

  it('together are both texts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const { start, removed, added, end } = between(before, after)
        expect([start + removed + end, start + added + end]).toEqual([before, after])
      }),
    )
  })
})

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)])
}
