import type { Fact } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { subjectsOf } from '../facts/laws.ts'
import { decodeBundle, encodeBundle } from './bundle.ts'
import { createRecorder } from './record.ts'
import { sampleAction, sampleRecord, someTime } from './sample.ts'
import { encryptSegment, openSegment, type Segment, withoutRecord } from './segment.ts'
import { createVault } from './vault.ts'

const vault = createVault({ kek: new Uint8Array(32).fill(1), tenant: new Uint8Array(32).fill(2) })
const recorder = createRecorder(vault)
const broken = expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' })

/** Of three people in turn, and of nobody but the agent. */
const facts = Array.from({ length: 10 }, (_, at): Fact => {
  const { onBehalfOf: _person, ...alone } = sampleAction()
  const action = at % 4 === 3 ? alone : { ...alone, onBehalfOf: `per_${at % 4}` }
  return { kind: 'action.decided', record: sampleRecord(`act_${at}`, { action }) }
})

function written() {
  const keys = new Map<string, Uint8Array>()
  const keyOf = (subject: string) => {
    const key = keys.get(subject) ?? vault.newSubjectKey(subject).wrapped
    keys.set(subject, key)
    return key
  }
  const prepared = facts.map((fact) => recorder.prepare(fact, subjectsOf([fact], () => undefined)[0] ?? ''))
  const entries = prepared.map((one) => ({ prepared: one, leaf: one.leafAt(someTime) }))
  const segment = encryptSegment(recorder, entries, keyOf)
  return { prepared, segment, keys, keysOf: () => segment.subjects.map((subject) => keys.get(subject)) }
}

describe('a segment', () => {
  it('gives every entry back in its place, whosever it is', () => {
    const { prepared, segment, keysOf } = written()
    expect(segment.subjects).toEqual(['per_0', 'per_1', 'per_2', 'reporter'])
    const opened = openSegment(recorder, segment, keysOf())
    expect(opened).toEqual(prepared.map(({ id, subject }, place) => ({ id, fact: facts[place], place, subject })))
  })

  it('is opened at some places by the leaves of these, and by the records of whom they belong to', () => {
    const { segment, keysOf } = written()
    const [, second, , fourth] = groupsOf(segment)
    const leaves = decodeBundle(segment.leaves).filter((_, place) => [1, 5, 7].includes(place))
    const pieces = {
      places: [1, 5, 7],
      members: segment.members,
      leaves: encodeBundle(leaves),
      subjects: ['per_1', 'reporter'],
      records: Buffer.concat([second, fourth].map((group) => group ?? new Uint8Array())),
    }
    const keys = [1, 3].map((at) => keysOf()[at])
    expect(openSegment(recorder, pieces, keys).map(({ fact }) => fact)).toEqual([facts[1], facts[5], facts[7]])
    expect(() => openSegment(recorder, { ...pieces, places: [1, 5, 9] }, keys)).toThrow(broken)
    expect(() => openSegment(recorder, { ...pieces, places: [1, 5] }, keys)).toThrow(broken)
  })

  it('keeps what is of others when a subject is erased (P12)', () => {
    const { segment, keys, keysOf } = written()
    keys.delete('per_1')
    const erased = { kind: 'erased', was: 'action.decided' }
    const opened = openSegment(recorder, segment, keysOf()).map(({ fact }) => fact)
    expect(opened).toEqual(facts.map((fact, at) => (at % 4 === 1 ? erased : fact)))
  })

  it('loses one record alone, and what it committed to can be guessed no more (P12)', () => {
    const { segment, keys, keysOf } = written()
    const records = withoutRecord(recorder, segment, keysOf(), 5)
    const without = { ...segment, records }
    const erased = { kind: 'erased', was: 'action.decided' }
    const opened = openSegment(recorder, without, keysOf()).map(({ fact }) => fact)
    expect(opened).toEqual(facts.map((fact, at) => (at === 5 ? erased : fact)))
    expect(withoutRecord(recorder, without, keysOf(), 5)).not.toEqual(records)
    const groups = decrypted(without, keys)
    expect(groups).not.toContain(JSON.stringify(facts[5]))
    expect(groups.filter((text) => text.includes('\0'.repeat(36)))).toHaveLength(1)
  })

  it.each<[string, (segment: Segment) => Segment]>([
    ['members exchanged', (one) => ({ ...one, members: one.members.toReversed() })],
    ['a member too few', (one) => ({ ...one, members: one.members.subarray(1) })],
    ['its subjects exchanged', (one) => ({ ...one, subjects: one.subjects.toReversed() })],
    ['a subject too many', (one) => ({ ...one, subjects: [...one.subjects, 'per_9'] })],
    ['records cut off', (one) => ({ ...one, records: one.records.subarray(0, -1) })],
    ['records cut off within a length', (one) => ({ ...one, records: one.records.subarray(0, 2) })],
    ['leaves cut off', (one) => ({ ...one, leaves: one.leaves.subarray(0, -1) })],
    ['a member of nobody', (one) => ({ ...one, members: one.members.map((member, at) => (at === 4 ? 9 : member)) })],
  ])('does not open with %s', (_, alter) => {
    const { segment, keysOf } = written()
    expect(() => openSegment(recorder, alter(segment), keysOf())).toThrow(broken)
  })
})

/** The records of each subject, with their length before them. */
function groupsOf({ subjects, records }: Segment): Uint8Array[] {
  let offset = 0
  return subjects.map(() => {
    const from = offset
    offset += 4 + new DataView(records.buffer, records.byteOffset).getUint32(from)
    return records.subarray(from, offset)
  })
}

/** All that whoever has the keys can read. */
function decrypted(segment: Segment, keys: ReadonlyMap<string, Uint8Array>): string[] {
  return groupsOf(segment).map((group, at) => {
    const subject = segment.subjects[at] ?? ''
    const key = keys.get(subject) ?? new Uint8Array()
    return vault.open(subject, key, 'records', group.subarray(4))?.toString('utf8') ?? ''
  })
}
