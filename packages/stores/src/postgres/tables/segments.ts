/**
 * Segments as rows, and how SQL finds the one that holds an entry.
 *
 * @module
 */
import { openSegment, type Recorder, withoutRecord } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import type { Asking, Db } from '../db.ts'
import { integerArray } from '../values.ts'

/** What is read of one to open some of its entries (`Pieces` in core). */
interface PiecesRow {
  [column: string]: unknown
  readonly first: number
  readonly at: number
  readonly members: Uint8Array
  readonly leaves: Uint8Array
  readonly records: Uint8Array
  /** Of each a subject, and its wrapped key in hex, if it still is the one that encrypted this. */
  readonly owners: readonly (readonly [subject: string | null, key: string | null])[]
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

/** Entries read at a time: of a page of fifty actions each with where it was decided, permitted and ended. */
const atOnce = 150

export function createSegments({ db, tenant, recorder }: { db: Db; tenant: string; recorder: Recorder }): Segments {
  const keys = keysByContent()
  return {
    async range(index, limit, by = db) {
      const rows = await by.query<PiecesRow>(byRange, [tenant, index, index + limit])
      return rows.flatMap((row) => open(row, (entry) => entry >= index && entry < index + limit))
    },
    async at(indexes) {
      const found = new Map<number, Owned>()
      const wanted = new Set(indexes)
      const places = [...wanted]
      for (let from = 0; from < places.length; from += atOnce) {
        const some = new Set(places.slice(from, from + atOnce))
        for (const row of await db.query<PiecesRow>(byEntries, [tenant, integerArray([...some])])) {
          for (const entry of open(row, (index) => some.has(index))) found.set(entry.index, entry)
        }
      }
      return found
    },
    async erase(index, writer) {
      const [row] = await writer.query<PiecesRow>(wholeOf, [tenant, index])
      if (row === undefined) return
      const { subjects, known, ...segment } = owned(row)
      const records = withoutRecord(recorder, { ...segment, subjects }, known, index - row.first)
      await writer.query(saveRecords, [tenant, row.first, Buffer.from(records)])
    },
  }

  function open(row: PiecesRow, wanted: (index: number) => boolean): Owned[] {
    const { first, at, known, ...segment } = owned(row)
    const places = [...segment.members.keys()].filter((place) => wanted(first + place))
    const opened = openSegment(recorder, { ...segment, places }, known)
    return opened.map(({ place, id, fact, subject }) => ({ index: first + place, id, at, fact, subject }))
  }

  function owned({ owners, ...row }: PiecesRow) {
    return { ...row, subjects: owners.map(([subject]) => subject ?? ''), known: owners.map(([, key]) => keys(key)) }
  }
}

/** Wrapped keys remembered, so that the vault opens each once. */
const mostKeys = 1_000

/** The same bytes are the same object. */
function keysByContent(): (hex: string | null) => Uint8Array | undefined {
  const known = new Map<string, Uint8Array>()
  return (hex) => {
    if (hex === null) return undefined
    const found = known.get(hex)
    if (found !== undefined) return found
    if (known.size >= mostKeys) known.clear()
    const key = Buffer.from(hex, 'hex')
    known.set(hex, key)
    return key
  }
}

/** Where the segment begins that holds an entry, if there is one. */
export const firstOf = (entry: string) =>
  `(select first from segment where tenant = $1 and first <= ${entry} order by first desc limit 1)`

/**
 * `asked` are rows of `first` and `places`. What nobody asked for is left in the database: to write it out as text, and to
 * read that, is most of what a page costs.
 */
const pieces = (asked: string) => `select s.first, s.at, s.members,
    case when cardinality(asked.places) = s.count then s.leaves
      else pieces_of(s.leaves, asked.places, 2) end as leaves,
    case when cardinality(own.members) = cardinality(s.subjects) then s.records
      else pieces_of(s.records, own.members, 4) end as records,
    (select json_agg(json_build_array(s.subjects[1 + member], encode(k.wrapped, 'hex')) order by member)
      from unnest(own.members) member left join subject_key k
        on k.tenant = s.tenant and k.subject = s.subjects[1 + member] and k.id = s.keys[1 + member]) as owners
  from (${asked}) asked join segment s on s.tenant = $1 and s.first = asked.first
    cross join lateral (
      select array_agg(distinct get_byte(s.members, place)) as members from unnest(asked.places) place) own
  order by s.first`

const byRange = {
  name: 'segments_from',
  text: pieces(`select first, array(
        select generate_series(greatest($2 - first, 0), least($3 - first, count) - 1)::int) as places
      from segment where tenant = $1 and first >= coalesce(${firstOf('$2')}, 0) and first < $3 and first + count > $2`),
}
const byEntries = {
  name: 'segments_of',
  text: pieces(`select first, array_agg((entry - first)::int order by entry) as places
      from unnest($2::bigint[]) wanted (entry) cross join lateral (
        select first, count from segment where tenant = $1 and first <= entry order by first desc limit 1) holding
      where entry < first + count group by first`),
}
const wholeOf = {
  name: 'segment_whole',
  text: pieces(`select first, array(select generate_series(0, count - 1)) as places
      from segment where tenant = $1 and first = ${firstOf('$2')}`),
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
