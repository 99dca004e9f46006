import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itemsOf, membersOf, withNumbers } from './spans.ts'

describe('the parts of a JSON text', () => {
  it('are found wherever they lie, as they were written', () => {
    const text = ' { "a" : [1.0, {"b":"}]\\"\\\\"}] ,\n"\\u0062":-1e+5,"":{} , "c" : "x" }  '
    expect([...(membersOf(text) ?? [])]).toEqual([
      ['a', '[1.0, {"b":"}]\\"\\\\"}]'],
      ['b', '-1e+5'],
      ['', '{}'],
      ['c', '"x"'],
    ])
    expect(itemsOf(' [ 1.0 , [ ] ,"a,b", null ] ')).toEqual(['1.0', '[ ]', '"a,b"', 'null'])
  })

  it.each(['[]', '1', '"a"', 'null', '{"a":1,"\\u0061":2}'])('%s has no members that all read alike', (text) => {
    expect(membersOf(text)).toBeUndefined()
  })

  it('together are the whole, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (given, space) => {
        const text = JSON.stringify(given, null, space)
        const value = JSON.parse(text) as unknown // minus zero is written as zero
        if (Array.isArray(value)) expect(itemsOf(text)?.map((each) => JSON.parse(each) as unknown)).toEqual(value)
        else if (typeof value === 'object' && value !== null) {
          const parts = [...(membersOf(text) ?? [])].map(([name, part]) => [name, JSON.parse(part)])
          expect(Object.fromEntries(parts)).toEqual(JSON.parse(text))
        }
        expect(withNumbers(text, () => undefined)).toBe(text)
        expect(JSON.parse(withNumbers(text, () => '0'))).toEqual(
          JSON.parse(text, (_, each: unknown) => (typeof each === 'number' ? 0 : each)),
        )
      }),
    )
  })
})
