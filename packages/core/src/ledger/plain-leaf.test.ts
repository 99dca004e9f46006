import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../action/canonical.ts'
import { decodeUtf8, encodeUtf8 } from './bytes.ts'
import { type Leaf, readAnyLeaf } from './any-leaf.ts'
import { readPlainLeaf } from './plain-leaf.ts'
import { leavesOf, sampleStory } from './sample.ts'

/** Who is in `delegation` counts, not in which order. */
const told = (leaf: Leaf | { says: string } | undefined) =>
  leaf && 'delegation' in leaf ? { ...leaf, delegation: leaf.delegation.toSorted() } : leaf

const base = { id: 'ent_1', payload: 'h', stream: 'act_1', tenant: 'default', time: 1, type: 'action.decided', v: 1 }

const text = fc.stringMatching(/^[ -~]{0,20}$/)
const anything = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.array(fc.oneof(text, fc.nat(), fc.constant(['per_1'])), { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom('id', 'ida', 'kind', 'kin', 'observed', '__proto__', '7', '10', 'per'),
    fc.oneof(text, fc.boolean()),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)
const key = fc.oneof(
  fc.constantFrom(
    'agent',
    'approval',
    'causes',
    'decision',
    'delegation',
    'outcome',
    'permit',
    'requesters',
    'signers',
    'sseq',
  ),
  fc.constantFrom(...Object.keys(base)),
  fc.constantFrom('actor', 'action', 'types', 'i', 'va', '__proto__', ''),
)

describe('reading a plain leaf (P11)', () => {
  it('gives every leaf of an instance as reading it in full does', () => {
    for (const leaf of leavesOf(sampleStory())) {
      expect(readPlainLeaf(leaf), decodeUtf8(leaf)).toBeDefined()
      expect(told(readPlainLeaf(leaf))).toEqual(told(readAnyLeaf(leaf)))
    }
  })

  it('gives what reading in full gives, or nothing, whatever a leaf holds and wherever a byte was altered', () => {
    let plain = 0
    fc.assert(
      fc.property(fc.dictionary(key, anything), fc.nat(300), fc.stringMatching(/^[ -~]?$/), (members, at, noise) => {
        const whole = written({ ...base, ...members })
        const broken = whole.slice(0, at) + noise + whole.slice(at + 1)
        for (const each of [whole, broken]) {
          const quick = readPlainLeaf(encodeUtf8(each))
          if (!quick) continue
          plain += 1
          expect(told(quick), each).toEqual(told(readAnyLeaf(encodeUtf8(each))))
        }
      }),
      { numRuns: 3_000 },
    )
    expect(plain).toBeGreaterThan(500)
  })

  it.each([
    { permit: { ida: 'prm_1' }, decision: { kin: 'ask', kinds: 'deny' }, outcome: {} },
    { permit: { a: { id: 'prm_0' }, id: 'prm_1', z: 1 }, decision: { kind: 1, observed: 'true' } },
    { permit: 'prm_1', decision: ['kind', 'ask'], outcome: null, agent: {}, approval: ['apr_1'] },
    { causes: [], requesters: {}, signers: [1, ['per_1'], 'per_2', { a: 'per_3' }, ''], delegation: ['per_1'] },
    { causes: [1, 'act_1'], delegation: { 10: 'per_1', 9: 'per_2', owner: { id: 'per_3' }, ['__proto__']: 'per_4' } },
    { sseq: 0, time: 0, observed: true, decision: { observed: true } },
  ])('reads %j alike', (members) => {
    const leaf = encodeUtf8(canonical({ ...base, ...members }))
    expect(readPlainLeaf(leaf)).toBeDefined()
    expect(told(readPlainLeaf(leaf))).toEqual(told(readAnyLeaf(leaf)))
  })

  it.each([
    ['no stream', { stream: undefined }],
    ['an empty type', { type: '' }],
    ['an id that is a number', { id: 1 }],
    ['a time before all times', { time: -1 }],
    ['a place that is text', { sseq: '1' }],
    ['another version', { v: 2 }],
    ['a version that only begins like ours', { v: 10 }],
    ['a name in another script', { agent: 'zoë' }],
  ])('leaves a leaf with %s to who reads in full', (_, members) => {
    expect(readPlainLeaf(encodeUtf8(canonical({ ...base, ...members })))).toBeUndefined()
  })
})

/** Integers beyond 2^53 have no canonical form. */
function written(value: object): string {
  try {
    return canonical(value)
  } catch {
    return '{}'
  }
}
