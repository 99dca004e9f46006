/**
 * A batch as it is kept: its leaves as they are published, and its records, encrypted subject by subject. Of its entries
 * nothing but the encrypted records ever changes, when one of them is erased.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { decodeBundle, encodeBundle } from './bundle.ts'
import type { OpenedRecord, Prepared, Recorder } from './record.ts'

export interface Segment {
  /** An entry bundle (`bundle.ts`). */
  readonly leaves: Uint8Array
  /** Whose records these are, each once. */
  readonly subjects: readonly string[]
  /** Of each entry the place of its subject among them, a byte. */
  readonly members: Uint8Array
  /** The records of each subject, encrypted together, with their length before them as a big-endian uint32. */
  readonly records: Uint8Array
}

/** Entries of one segment: more cost nothing less to write, and who wants one of them reads and opens all. */
export const mostInSegment = 16

/** An entry with its place and time known. */
export interface Placed {
  readonly prepared: Prepared
  readonly leaf: Uint8Array
}

/** `keyOf` gives the stored, wrapped key of a subject. @throws ERR_LEDGER_BROKEN */
export function encryptSegment(
  recorder: Pick<Recorder, 'encrypt'>,
  entries: readonly Placed[],
  keyOf: (subject: string) => Uint8Array,
): Segment {
  const groups = new Map<string, Prepared[]>()
  const places = new Map<string, number>()
  const members = new Uint8Array(entries.length)
  for (const [at, { prepared }] of entries.entries()) {
    const { subject } = prepared
    const place = places.get(subject) ?? places.size
    places.set(subject, place)
    members[at] = place
    const group = groups.get(subject)
    if (group) group.push(prepared)
    else groups.set(subject, [prepared])
  }
  return {
    leaves: encodeBundle(entries.map(({ leaf }) => leaf)),
    subjects: [...groups.keys()],
    members,
    records: framed([...groups].map(([subject, group]) => recorder.encrypt(group, subject, keyOf(subject)))),
  }
}

/** Of the length that stands before the records of each subject. */
const lengthBytes = 4

/**
 * What of a segment is read to open the entries at some places of it, ascending: its `members` whole, of the leaves those
 * at these places, and of the subjects and their records those that these entries belong to, in the order of the segment.
 */
export interface Pieces extends Segment {
  /** All of its places, unless said. */
  readonly places?: readonly number[]
}

/** An entry of a segment, and whose it is. */
export interface OpenedEntry extends OpenedRecord {
  readonly place: number
  readonly subject: string
}

/**
 * The entries at these places. `keys` are the wrapped keys of the subjects; what was encrypted by one that is destroyed is
 * erased. @throws ERR_LEDGER_BROKEN
 */
export function openSegment(
  recorder: Pick<Recorder, 'open'>,
  { leaves: bundle, subjects, members, records, places = [...members.keys()] }: Pieces,
  keys: readonly (Uint8Array | undefined)[],
): OpenedEntry[] {
  const leaves = decodeBundle(bundle)
  const leafAt = new Map(places.map((place, nth) => [place, leaves[nth]]))
  const groups = [...new Set(places.map((place) => members[place]))].toSorted((one = -1, other = -1) => one - other)
  if (leaves.length !== places.length || groups.length !== subjects.length)
    throw broken({ leaves: leaves.length, subjects: subjects.length })
  const opened = new Map<number, OpenedEntry>()
  for (const [nth, encrypted] of groupsIn(records, subjects.length).entries()) {
    const own = [...members.keys()].filter((place) => members[place] === groups[nth])
    const subject = subjects[nth] ?? ''
    const found = recorder.open({ subject, encrypted, leaves: own.map((place) => leafAt.get(place)) }, keys[nth])
    for (const [at, place] of own.entries()) {
      const one = found[at]
      if (one !== undefined) opened.set(place, { ...one, place, subject })
    }
  }
  return places.flatMap((place) => opened.get(place) ?? [])
}

/** Its records without what the entry at `place` said. @throws ERR_LEDGER_BROKEN */
export function withoutRecord(
  recorder: Pick<Recorder, 'without'>,
  { subjects, members, records }: Segment,
  keys: readonly (Uint8Array | undefined)[],
  place: number,
): Uint8Array {
  const group = members[place] ?? 0
  const key = keys[group]
  const before = [...members.subarray(0, place)].filter((member) => member === group).length
  return framed(
    groupsIn(records, subjects.length).map((encrypted, at) =>
      at === group && key ? recorder.without(before, { subject: subjects[group] ?? '', encrypted }, key) : encrypted,
    ),
  )
}

/** Each with its length before it. */
function framed(groups: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    groups.flatMap((group) => {
      const length = Buffer.allocUnsafe(lengthBytes)
      length.writeUInt32BE(group.length)
      return [length, group]
    }),
  )
}

/** @throws ERR_LEDGER_BROKEN unless there are so many */
function groupsIn(records: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const groups: Uint8Array[] = []
  for (let offset = 0; offset < records.length;) {
    if (offset + lengthBytes > records.length) throw broken({ offset })
    const from = offset + lengthBytes
    const end = from + view.getUint32(offset)
    if (end > records.length) throw broken({ offset })
    groups.push(records.subarray(from, end))
    offset = end
  }
  if (groups.length !== count) throw broken({ groups: groups.length, subjects: count })
  return groups
}

const broken = (detail: Readonly<Record<string, unknown>>) =>
  new CountersignError('ERR_LEDGER_BROKEN', { ...detail, segment: 'does not fit together' })
