import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../action/canonical.ts'
import { decodeUtf8, encodeUtf8 } from './bytes.ts'
import { isPlainCanonical } from './plain-json.ts'
import { leavesOf, sampleStory } from './sample.ts'

/** Integers beyond 2^53 have no canonical form. */
function travels(value: unknown): boolean {
  try {
    return canonical(value) !== ''
  } catch {
    return false
  }
}

const plain = (text: string) => isPlainCanonical(encodeUtf8(text))

describe('what is surely canonical', () => {
  it.each([
    '{}',
    '{"a":1}',
    '{"a":[],"b":{},"c":[1,-2,"x",true,false,null]}',
    '{"a":"","b":0}',
    '{"":1,"a":{"b":[[]]}}',
  ])('%s', (text) => {
    expect(plain(text)).toBe(true)
    expect(canonical(JSON.parse(text))).toBe(text)
  })

  it.each([
    ['no object', '[]'],
    ['a space', '{"a": 1}'],
    ['what follows', '{}x'],
    ['what is missing', '{"a":1'],
    ['keys out of order', '{"b":1,"a":1}'],
    ['a key twice', '{"a":1,"a":2}'],
    ['a key before its own beginning', '{"ab":1,"a":1}'],
    ['minus zero', '{"a":-0}'],
    ['a leading zero', '{"a":01}'],
    ['a fraction', '{"a":1.5}'],
    ['an exponent', '{"a":1e5}'],
    ['sixteen digits', '{"a":1234567890123456}'],
    ['an escape', '{"a":"\\n"}'],
    ['another script', '{"a":"é"}'],
    ['a control character', '{"a":"\u0001"}'],
    ['a comma too many', '{"a":1,}'],
    ['a comma too many in a list', '{"a":[1,]}'],
    ['a word that is none', '{"a":tru}'],
    ['no value', '{"a":}'],
    ['no key', '{1:1}'],
  ])('is not claimed of %s', (_, text) => {
    expect(plain(text)).toBe(false)
  })

  it('is what the canonical form is, and holds only integers, whatever is claimed', () => {
    const key = fc.stringMatching(/^[ -~]{0,3}$/)
    const value = fc.jsonValue({ maxDepth: 4 }).filter(travels)
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.nat(400), fc.stringMatching(/^[ -~]?$/), (object, at, noise) => {
        const text = canonical(object)
        const broken = text.slice(0, at) + noise + text.slice(at + 1)
        for (const each of [text, broken, JSON.stringify(object)]) {
          if (plain(each)) expect(canonical(JSON.parse(each))).toBe(each)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('is claimed of the leaves that Countersign writes', () => {
    const strange = leavesOf(sampleStory()).filter((leaf) => !isPlainCanonical(leaf))
    expect(strange.map(decodeUtf8)).toEqual([])
  })
})
