import { type ActionRecord, type Actor, byAgent, byOperator, byPerson, bySystem, type Fact } from '@countersign/schema'
import { Fact as FactSchema } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../action/canonical.ts'
import { digestOf, sha256Hex } from '../action/digest.ts'
import { allowedFact } from '../facts/steps.ts'
import { maxLeafBytes } from './bundle.ts'
import { decodeUtf8 } from './bytes.ts'
import { envelopeOf, kindOf } from './envelope.ts'
import { readLeaf } from './leaf.ts'
import {
  asking,
  finished,
  leavesOf,
  marker,
  plainBlind,
  requester,
  sampleAction,
  sampleAgent,
  samplePermit,
  sampleQuestion,
  sampleRecord,
  sampleStory,
  someTime,
} from './sample.ts'

const envelope = (fact: Fact) => envelopeOf(fact, { id: 'ent_1', payload: '0'.repeat(64) }, plainBlind)
const leafOf = (fact: Fact) => decodeUtf8(envelope(fact).leafAt(someTime))
const membersOf = (fact: Fact) => JSON.parse(leafOf(fact)) as Record<string, Record<string, unknown>>
const decided = (over: Partial<ActionRecord>): Fact => ({ kind: 'action.decided', record: sampleRecord('act_1', over) })
const story = sampleStory().map((fact, index) => [`${index} ${fact.kind}`, fact] as const)

describe('the leaf', () => {
  it('is tested for every kind of fact there is', () => {
    const kinds = FactSchema.options.map(({ shape }) => shape.kind.value)
    expect(new Set(sampleStory().map(({ kind }) => kind))).toEqual(new Set(kinds))
    for (const fact of sampleStory()) expect(FactSchema.parse(fact)).toEqual(fact)
  })

  it.each(story)('of %s is canonical, small, and reads back', (_, fact) => {
    const text = leafOf(fact)
    expect(canonical(JSON.parse(text))).toBe(text)
    expect(text.length).toBeLessThan(2_000)
    const leaf = readLeaf(new TextEncoder().encode(text))
    expect(leaf).toMatchObject({ v: 1, id: 'ent_1', time: someTime, tenant: 'default', payload: '0'.repeat(64) })
    expect('type' in leaf && kindOf(leaf.type)).toBe(fact.kind)
  })

  it.each(story)('of %s holds no word of an agent or a person, nor a hash that could be guessed (P12)', (_, fact) => {
    const text = leafOf(fact)
    for (const word of [marker, 'Jane', 'jane', 'people.example']) expect(text).not.toContain(word)
    for (const digest of digestsIn(fact)) expect(text).not.toContain(digest)
  })

  it('H5: says of what was done over the socket on the machine that it was no person', () => {
    const agent = { ...sampleAgent(), registeredBy: 'operator', changedBy: 'operator' }
    const members = membersOf({ kind: 'agent.changed', change: 'registered', by: byOperator, agent })
    expect(members['actor']).toEqual({ kind: 'operator', ref: 'operator' })
    expect(members['delegation']).toMatchObject({ registeredBy: 'operator', changedBy: 'operator' })
  })

  it.each<[Actor, object]>([
    [byPerson('per_1'), { kind: 'person', ref: 'per_1' }],
    [byPerson('operator'), { kind: 'person', ref: 'operator' }],
    [byAgent('reporter'), { kind: 'agent', ref: 'reporter' }],
    [
      { kind: 'provisioner', id: 'okta' },
      { kind: 'provisioner', ref: 'okta' },
    ],
    [byOperator, { kind: 'operator', ref: 'operator' }],
    [bySystem, { kind: 'system', ref: 'system' }],
  ])('says what kind of actor it was: %o', (by, actor) => {
    const agent = sampleAgent()
    expect(membersOf({ kind: 'agent.changed', change: 'registered', by, agent })['actor']).toEqual(actor)
  })

  it('holds ids of people and agents as they stand, and blinds what is none', () => {
    const members = membersOf(decided({ action: sampleAction({ startedBy: 'jane@people.example' }) }))
    expect(members['delegation']).toEqual({
      onBehalfOf: requester,
      startedBy: `h:${plainBlind('jane@people.example')}`,
    })
  })

  it('names registered data and counts the rest', () => {
    const members = membersOf(decided({}))
    expect(members['action']).toMatchObject({
      reads: ['finance.orders'],
      unregistered: 1,
      classes: ['confidential', 'financial'],
      outside: true,
      external: true,
    })
    expect(members['action']).not.toHaveProperty('model')
    expect(members['action']).not.toHaveProperty('destination')
  })

  it('names a registered model and destination', () => {
    const { dataUse } = sampleRecord('act_1')
    const members = membersOf(
      decided({
        dataUse: {
          ...dataUse,
          model: { name: 'churn-2', external: false, known: true },
          destination: { name: 'lake', outside: false, known: true },
        },
      }),
    )
    expect(members['action']).toMatchObject({ model: 'churn-2', destination: 'lake', outside: false, external: false })
  })

  it.each([
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
    ['4bf92f3577b34da6a3ce929d0e0e4736', true],
    ['for Jane', false],
  ])('takes the trace %s: %s', (trace, taken) => {
    expect(membersOf(decided({ trace }))['trace']).toBe(taken ? trace : undefined)
  })

  it('numbers a life: allowed 1, or decided 1 and permitted 2; an outcome as the world counts it', () => {
    const record = sampleRecord('act_1')
    const permit = samplePermit('prm_1', record)
    const allowed = allowedFact(record, permit)
    const places = [allowed, decided({}), { kind: 'action.permitted', permit } as const].map((fact) => {
      const { stream, sseq } = membersOf(fact)
      return [stream, sseq]
    })
    expect(places).toEqual([
      ['act_1', 1],
      ['act_1', 1],
      ['act_1', 2],
    ])
    expect(membersOf(finished(permit))['sseq']).toBeUndefined()
    expect(decodeUtf8(envelope(finished(permit)).leafAt(someTime, 4))).toContain('"sseq":4,')
    expect(decodeUtf8(envelope(decided({})).leafAt(someTime, 4))).toContain('"sseq":1,')
  })

  it('tells of what is allowed all that the leaves of its steps tell, once', () => {
    const record = sampleRecord('act_1', { parent: { permit: 'prm_0', actionId: 'act_0' } })
    const permit = { ...samplePermit('prm_1', record), handed: true as const }
    const { type, permit: given, ...members } = membersOf(allowedFact(record, permit))
    const { type: _, ...alone } = membersOf({ kind: 'action.decided', record })
    expect([type, members]).toEqual(['action.allowed', alone])
    const { permit: apart } = membersOf({ kind: 'action.permitted', permit })
    expect({ ...given, asked: members['action']?.['digest'] }).toEqual(apart)
  })

  it('tells what a client reports from what was seen, and a permit that was handed out from one that is run here', () => {
    const record = sampleRecord('act_1')
    const permit = samplePermit('prm_1', record)
    const outcomes = (['system', 'client'] as const).map(
      (seenBy) => membersOf(finished(permit, { outcome: { kind: 'done', summary: marker, seenBy } }))['outcome'],
    )
    expect(outcomes).toMatchObject([{ seenBy: 'system' }, { seenBy: 'client' }])
    const unreported = finished(permit, { outcome: { kind: 'unreported', summary: marker } })
    expect(membersOf(unreported)['outcome']).toMatchObject({ kind: 'unreported' })

    const leave = membersOf({ kind: 'action.permitted', permit: { ...permit, handed: true } })['permit']
    expect(leave).toMatchObject({ handed: true, asked: leave?.['runs'] })
    expect(JSON.stringify(leave)).not.toContain(permit.asked)
    expect(membersOf({ kind: 'action.permitted', permit })['permit']).not.toHaveProperty('handed')
  })

  it('numbers approvals, agents and people by their versions', () => {
    const question = { ...sampleQuestion('apr_1', sampleRecord('act_1', asking())), version: 7 }
    const asked = membersOf({ kind: 'approval.changed', change: 'escalated', by: bySystem, approval: question })
    expect([asked['type'], asked['stream'], asked['sseq']]).toEqual(['approval.escalated', 'apr_1', 7])
    const agent = sampleAgent({ version: 3 })
    const stopped = membersOf({ kind: 'agent.changed', change: 'stopped', by: bySystem, agent })
    expect([stopped['type'], stopped['stream'], stopped['sseq']]).toEqual(['agent.stopped', 'agt:reporter', 3])
  })

  it.each([
    ['fifty datasets with long names', () => decided({ dataUse: wide(50, 'd'.repeat(200)) })],
    ['a thousand datasets', () => decided({ dataUse: wide(1_000, 'warehouse') })],
    [
      'names of four bytes a letter',
      () => decided({ dataUse: { ...wide(60, '𝔇'.repeat(98)), writes: wide(60, '𝔚'.repeat(98)).reads } }),
    ],
    ['names beyond every bound', () => decided({ dataUse: wide(5, 'x'.repeat(100_000)) })],
    ['names that no JSON can hold', () => decided({ dataUse: wide(3, '\uD800') })],
    ['a thousand signals', () => decided({ risk: { score: 9, signals: many(1_000, 's').map(signal) } })],
    [
      'a thousand policies',
      () =>
        decided(
          asking({
            decision: { kind: 'deny', reason: 'prohibited', because: many(1_000, 'p'.repeat(150)), policyVersion: 'v' },
          }),
        ),
    ],
    [
      'ids beyond every bound',
      () =>
        decided({
          id: 'i'.repeat(20_000),
          action: sampleAction({ agent: 'a'.repeat(20_000), operation: 'o'.repeat(20_000) }),
        }),
    ],
    [
      'numbers that no JSON can hold',
      () =>
        finished(samplePermit('prm_1', sampleRecord('act_1')), {
          outcome: { kind: 'done', summary: '', rows: Number.NaN, bytes: 2 ** 60 },
        }),
    ],
  ])('of %s is still written, within 16 KiB', (_, fact) => {
    const bytes = envelope(fact()).leafAt(Number.MAX_SAFE_INTEGER)
    expect(bytes.length).toBeLessThanOrEqual(maxLeafBytes)
    expect(readLeaf(bytes)).toHaveProperty('type')
  })

  it('says how long a list is of which it carries a part', () => {
    const members = membersOf(decided({ dataUse: wide(50, 'd'.repeat(190)) }))
    expect(members['cut']).toEqual({ reads: 50 })
    expect(members['action']?.['reads']).toHaveLength(32)
    expect(membersOf(decided({}))['cut']).toBeUndefined()
  })

  it('cuts every list further where they do not fit together', () => {
    const dataUse = { ...wide(60, '𝔇'.repeat(98)), writes: wide(60, '𝔚'.repeat(98)).reads }
    const members = membersOf(decided({ dataUse }))
    expect(members['cut']).toEqual({ reads: 60, writes: 60 })
    expect([members['action']?.['reads'], members['action']?.['writes']]).toMatchObject([{ length: 8 }, { length: 8 }])
  })

  it('leaves out the one name that is too long, and no other', () => {
    const reads = ['a', 'x'.repeat(201), 'z'].map((name) => ({ name, classes: ['internal'], known: true }))
    const members = membersOf(decided({ dataUse: { ...wide(0, ''), reads } }))
    expect([members['action']?.['reads'], members['cut']]).toEqual([['a', 'z'], { reads: 3 }])
  })

  it('is the canonical form of what it says, whatever stands in the fact', () => {
    const character = fc.constantFrom(
      'a',
      'Z',
      '7',
      '.',
      '"',
      '\\',
      '\n',
      '\0',
      'é',
      '界',
      '\ud83d',
      '\udd8b',
      '\u2028',
    )
    const word = fc.oneof(fc.string({ unit: character, maxLength: 12 }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.constantFrom(...sampleStory()), fc.array(word, { minLength: 1 }), (fact, words) => {
        let next = 0
        const reworded = JSON.parse(JSON.stringify(fact), (_, value: unknown) =>
          value === marker || value === 'reporter' || value === 'finance.orders' ? words[next++ % words.length] : value,
        ) as Fact
        const text = leafOf(reworded)
        expect(canonical(JSON.parse(text))).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it('differs in no byte for the same fact at the same time', () => {
    expect(leavesOf(sampleStory())).toEqual(leavesOf(sampleStory()))
  })
})

const many = (count: number, word: string): string[] => Array.from({ length: count }, (_, at) => `${word}${at}`)
const signal = (name: string) => ({ name, points: 1, says: name })
const wide = (count: number, word: string): ActionRecord['dataUse'] => ({
  reads: many(count, word).map((name) => ({ name, classes: ['internal'], known: true })),
  writes: [],
  classes: ['internal'],
  sensitive: false,
})

/** Every hash somebody could compute who guesses the parameters. */
function digestsIn(fact: Fact): string[] {
  const { action } = sampleRecord('act_1')
  return [
    digestOf(action),
    digestOf(action.parameters),
    digestOf(fact),
    sha256Hex(JSON.stringify(fact)),
    sha256Hex(marker),
  ]
}
