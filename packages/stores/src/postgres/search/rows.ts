/**
 * The rows of what searches look in, as they are written: new ones by COPY, in its binary form, others one by one.
 *
 * @module
 */
import type { Asking, Session } from '../db.ts'
import { bitsArray, integerArray } from '../values.ts'
import type { Places } from './lives.ts'
import type { Term } from './terms.ts'

export interface Row extends Places {
  readonly risk: number
  readonly terms: ReadonlySet<Term>
}

/** Rows of one statement. */
const mostRows = 500

/** Rows that MUST NOT be there yet. */
export function addRows(session: Pick<Session, 'copy'>, tenant: string, rows: readonly Row[]): void {
  for (let from = 0; from < rows.length; from += mostRows) {
    session.copy(copyRows, encoded(tenant, rows.slice(from, from + mostRows)))
  }
}

/** Rows that may be there, and then say less. */
export function saveRows(session: Pick<Session, 'send'>, tenant: string, rows: readonly Row[]): void {
  for (let from = 0; from < rows.length; from += mostRows) {
    session.send(upsertRows, [tenant, ...columnsOf(rows.slice(from, from + mostRows))])
  }
}

/** Of the rows of these entries, those that have a term. */
export async function rowsWith(
  session: Asking,
  tenant: string,
  entries: readonly number[],
  term: Term,
): Promise<ReadonlySet<number>> {
  if (entries.length === 0) return new Set()
  const values = [tenant, integerArray(entries), bitsArray([term])]
  return new Set((await session.query<{ entry: number }>(withTerm, values)).map(({ entry }) => entry))
}

/** The last entry that has a row, -1 for none. */
export async function lastRow(db: Asking, tenant: string): Promise<number> {
  const [row] = await db.query<{ last: number | null }>(last, [tenant])
  return row?.last ?? -1
}

/**
 * A list of rows as COPY takes them (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"): a third of
 * the time that the same takes as text.
 */
function encoded(tenant: string, rows: readonly Row[]): Buffer {
  const fixed = Buffer.byteLength(tenant) + rowBytes
  const most = rows.reduce((sum, { terms }) => sum + fixed + termBytes * terms.size, signature.length + 2)
  const whole = Buffer.allocUnsafe(most)
  let offset = signature.copy(whole)
  const integer = (value: number | null) => {
    offset = whole.writeInt32BE(value === null ? -1 : 8, offset)
    if (value !== null)
      offset = whole.writeUInt32BE(value % 2 ** 32, whole.writeInt32BE(Math.floor(value / 2 ** 32), offset))
  }
  for (const { entry, permit, ended, approval, risk, terms } of rows) {
    offset = whole.writeInt16BE(columnCount, offset)
    offset = whole.writeInt32BE(Buffer.byteLength(tenant), offset)
    offset += whole.write(tenant, offset)
    for (const place of [entry, permit, ended, approval]) integer(place)
    offset = whole.writeInt16BE(risk, whole.writeInt32BE(2, offset))
    offset = whole.writeInt32BE(arrayBytes + termBytes * terms.size, offset)
    for (const number of [1, 0, int8, terms.size, 1]) offset = whole.writeInt32BE(number, offset)
    for (const term of terms) {
      offset = whole.writeInt32BE(8, offset)
      offset += whole.write(term, offset, 8, 'hex')
    }
  }
  offset = whole.writeInt16BE(-1, offset)
  return whole.subarray(0, offset)
}

/** Its eleven bytes, no flags, no extension. */
const signature = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
/** As the statement lists them. */
const columnCount = 7
/** A term with its length. */
const termBytes = 12
/** Before the elements of an array: dimensions, nulls, type, length, lower bound. */
const arrayBytes = 20
/** Of a row beside its terms and its tenant: the count of columns, their lengths, four places, a risk. */
const rowBytes = 2 + columnCount * 4 + 4 * 8 + 2 + arrayBytes
/** https://www.postgresql.org/docs/current/catalog-pg-type.html: its number has never changed. */
const int8 = 20

/** Lists of different lengths do not travel as a list of lists: all terms are one, and each row has where its own are. */
function columnsOf(rows: readonly Row[]): Buffer[] {
  let last = 0
  const firsts = rows.map(({ terms }) => (last += terms.size) - terms.size + 1)
  return [
    integerArray(rows.map(({ entry }) => entry)),
    integerArray(rows.map(({ permit }) => permit)),
    integerArray(rows.map(({ ended }) => ended)),
    integerArray(rows.map(({ approval }) => approval)),
    integerArray(rows.map(({ risk }) => risk)),
    integerArray(firsts),
    integerArray(rows.map(({ terms }, place) => (firsts[place] ?? 0) + terms.size - 1)),
    bitsArray(rows.flatMap(({ terms }) => [...terms])),
  ]
}

const copyRows = {
  name: 'searched_copy',
  text: 'copy searched (tenant, entry, permit, ended, approval, risk, terms) from stdin (format binary)',
}
const upsertRows = {
  name: 'searched_save',
  text: `insert into searched (tenant, entry, permit, ended, approval, risk, terms)
    select $1, r.entry, r.permit, r.ended, r.approval, r.risk, ($9::bigint[])[r.first:r.last]
      from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        as r (entry, permit, ended, approval, risk, first, last)
    on conflict (tenant, entry) do update
      set permit = excluded.permit, ended = excluded.ended, approval = excluded.approval, terms = excluded.terms
      where (searched.permit, searched.ended, searched.approval, searched.terms)
        is distinct from (excluded.permit, excluded.ended, excluded.approval, excluded.terms)`,
}
const last = { name: 'searched_last', text: 'select max(entry) as last from searched where tenant = $1' }
const withTerm = {
  name: 'searched_with',
  text: `select entry from searched where tenant = $1 and entry = any($2::bigint[]) and terms @> $3::bigint[]`,
}
