/**
 * Segments as rows, and how SQL finds the one that holds an entry.
 *
 * @module
 */
import { CountersignError, openSegment, type Recorder, withoutRecord } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import type { Asking, Db } from '../db.ts'
import { integerArray } from '../values.ts'

interface SegmentRow {
  [column: string]: unknown
  readonly first: number
  readonly count: number
  readonly at: number
  readonly subjects: readonly string[]
  readonly members: Uint8Array
  readonly leaves: Uint8Array
  readonly records: Uint8Array
  /** Of each subject its key, if it still is the one that encrypted this. */
  readonly subjectKeys: readonly (Uint8Array | null)[]
}

/** An entry with whose it is. */
export type Owned = Entry & { readonly subject: string }

export interface Segments {
  /** From `index` on, in order; `by` another connection. @throws ERR_LEDGER_BROKEN */
  range(index: number, limit: number, by?: Asking): Promise<Owned[]>
  /** By their places; those that are not there are left out. @throws ERR_LEDGER_BROKEN */
  at(indexes: readonly number[]): Promise<Map<number, Owned>>
  /** Encrypts the records of its segment anew, without its own. */
  erase(index: number, writer: Asking): Promise<void>
}

/** Segments read at a time, of some 64 kB each. */
const atOnce = 64

export function createSegments({ db, tenant, recorder }: { db: Db; tenant: string; recorder: Recorder }): Segments {
  const keys = keysByContent()
  return {
    async range(index, limit, by = db) {
      const rows = await by.query<SegmentRow>(byRange, [tenant, index, index + limit])
      return rows.flatMap((row) => open(row, (entry) => entry >= index && entry < index + limit))
    },
    async at(indexes) {
      const found = new Map<number, Owned>()
      const wanted = new Set(indexes)
      const places = [...wanted].toSorted((one, other) => one - other)
      for (let from = 0; from < places.length; from += atOnce) {
        const some = integerArray(places.slice(from, from + atOnce))
        for (const row of await db.query<SegmentRow>(byEntries, [tenant, some])) {
          for (const entry of open(row, (index) => wanted.has(index))) found.set(entry.index, entry)
        }
      }
      return found
    },
    async erase(index, writer) {
      const [row] = await writer.query<SegmentRow>(byEntries, [tenant, integerArray([index])])
      if (row === undefined) return
      const known = row.subjectKeys.map((key) => keys(key))
      const records = withoutRecord(recorder, row, known, index - row.first)
      await writer.query(saveRecords, [tenant, row.first, Buffer.from(records)])
    },
  }

  function open(row: SegmentRow, wanted: (index: number) => boolean): Owned[] {
    const { first, at, subjects, members, subjectKeys } = row
    if (members.length !== row.count) throw new CountersignError('ERR_LEDGER_BROKEN', { segment: first })
    const known = subjectKeys.map((key) => keys(key))
    const opened = openSegment(recorder, row, known, (place) => wanted(first + place))
    return opened.flatMap((one, place) =>
      one
        ? [{ index: first + place, id: one.id, at, fact: one.fact, subject: subjects[members[place] ?? 0] ?? '' }]
        : [],
    )
  }
}

/** Wrapped keys remembered, so that the vault opens each once. */
const mostKeys = 1_000

/** The same bytes are the same object. */
function keysByContent(): (key: Uint8Array | null) => Uint8Array | undefined {
  const known = new Map<string, Uint8Array>()
  return (key) => {
    if (key === null) return undefined
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
    const found = known.get(name)
    if (found !== undefined) return found
    if (known.size >= mostKeys) known.clear()
    known.set(name, key)
    return key
  }
}

const columns = `s.first, s.count, s.at, s.subjects, s.members, s.leaves, s.records,
  (select array_agg(k.wrapped order by g.place) from unnest(s.subjects, s.keys) with ordinality as g (subject, key, place)
    left join subject_key k on k.tenant = s.tenant and k.subject = g.subject and k.id = g.key) as "subjectKeys"`

/** Where the segment begins that holds an entry, if there is one. */
export const firstOf = (entry: string) =>
  `(select first from segment where tenant = $1 and first <= ${entry} order by first desc limit 1)`

const byRange = {
  name: 'segments_from',
  text: `select ${columns} from segment s
    where s.tenant = $1 and s.first >= coalesce(${firstOf('$2')}, 0) and s.first < $3 order by s.first`,
}
const byEntries = {
  name: 'segments_of',
  text: `select ${columns} from segment s
    where s.tenant = $1 and s.first = any(array(select ${firstOf('wanted.entry')} from unnest($2::bigint[]) wanted (entry)))`,
}

const saveRecords = {
  name: 'segment_records',
  text: 'update segment set records = $3 where tenant = $1 and first = $2',
}

/** Whose an entry is, in SQL: a row of `subject` and `key`. */
export const ownerOf = (entry: string) => `lateral (select
    case when ${entry} < first + count then subjects[1 + get_byte(members, (${entry} - first)::int)] end as subject,
    case when ${entry} < first + count then keys[1 + get_byte(members, (${entry} - first)::int)] end as key
  from segment where tenant = $1 and first <= ${entry} order by first desc limit 1)`

/** Whether an entry can still be read, in SQL. */
export const isReadable = (entry: string) => `exists (select from ${ownerOf(entry)} owner
  join subject_key k on k.tenant = $1 and k.subject = owner.subject and k.id = owner.key)`
