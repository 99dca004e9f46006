import type { Json } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Compared, compared, countsOf } from './compared.ts'

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>
/** Two values that have much in common, as two runs of one kind have. */
const alike = json.chain((value) => fc.tuple(fc.constant(value), fc.oneof(json, fc.constant(value))))
const rows = fc.array(fc.constantFrom<Json>('a', 'b', 1, { c: [1, '2\n3'] }), { maxLength: 8 })
const texts = fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 8 }).map((lines) => lines.join('\n'))
const both: fc.Arbitrary<[Json, Json]> = fc.oneof(alike, fc.tuple(rows, rows), fc.tuple(texts, texts))

/** Reads one side alone, as a person would who looks only at its marks. */
function side(all: Compared, which: 'was' | 'now'): Json | undefined {
  switch (all.is) {
    case 'same':
      return all.value
    case 'added':
      return which === 'now' ? all.value : undefined
    case 'removed':
      return which === 'was' ? all.value : undefined
    case 'changed':
      return all[which]
    case 'partly': {
      const parts = all.parts.flatMap(({ name, compared: part }) => {
        const value = side(part, which)
        return value === undefined ? [] : [[name, value] as const]
      })
      return all.of === 'members' ? Object.fromEntries(parts) : parts.map(([, value]) => value)
    }
    case 'lines': {
      const other = which === 'now' ? 'removed' : 'added'
      const lines = all.lines.filter((line) => line.is !== other)
      return lines.map(({ text }) => text).join('\n')
    }
  }
}

describe('two runs compared', () => {
  it('P9: lose nothing of either', () => {
    fc.assert(
      fc.property(both, ([was, now]) => {
        const all = compared(was, now)
        expect(side(all, 'now')).toEqual(now)
        expect(side(all, 'was')).toEqual(was)
      }),
    )
  })

  it('are the same exactly if nothing is counted', () => {
    fc.assert(
      fc.property(both, ([was, now]) => {
        const { changed, added, removed } = countsOf(compared(was, now))
        expect(changed + added + removed === 0).toBe(compared(was, now).is === 'same')
      }),
    )
  })

  it.each<[string, Json, Json, [changed: number, added: number, removed: number]]>([
    ['a number', { rows: 10, to: 'x' }, { rows: 48_211, to: 'x' }, [1, 0, 0]],
    ['a member that came and one that went', { a: 1, b: 2 }, { a: 1, c: 2 }, [0, 1, 1]],
    ['a number and a text that looks the same', { a: 12 }, { a: '12' }, [1, 0, 0]],
    ['an item put in front', ['b', 'c'], ['a', 'b', 'c'], [0, 1, 0]],
    ['an item changed inside', [{ a: 1, b: 1 }], [{ a: 1, b: 2 }], [1, 0, 0]],
    ['nothing and null', {}, { a: null }, [0, 1, 0]],
    ['a member called __proto__', {}, JSON.parse('{"__proto__":1}') as Json, [0, 1, 0]],
    ['a line of a text', { sql: 'select a\nfrom b' }, { sql: 'select a\nfrom c' }, [1, 0, 0]],
  ])('count %s', (_, was, now, [changed, added, removed]) => {
    expect(countsOf(compared(was, now))).toEqual({ changed, added, removed })
  })

  it('stay quick for long texts that have nothing in common', () => {
    const long = (word: string) => Array.from({ length: 20_000 }, (_, line) => `${word} ${line}`).join('\n')
    const all = compared(long('a'), long('b'))
    expect(all.is === 'lines' && all.lines.length).toBe(40_000)
  })
})
