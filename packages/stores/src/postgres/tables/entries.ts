/**
 * Entries as they were recorded, or the word that they were erased.
 *
 * @module
 */
import { CountersignError, type StepKind, stepOf } from '@countersign/core'
import type { Entry, FactOf } from '@countersign/schema'
import type { Asking, Db } from '../db.ts'
import { integerArray } from '../values.ts'
import type { Recent } from './recent.ts'
import type { Rowless } from './rowless.ts'
import type { Owned, Segments } from './segments.ts'

export interface Entries {
  /** From `index` on, in order. */
  range(index: number, limit: number): Promise<Entry[]>
  /** The same, with whose they are; `by` another connection. */
  missed(index: number, limit: number, by?: Asking): Promise<Owned[]>
  /** By their places, in any order; those that are not there are left out. */
  at(indexes: readonly number[]): Promise<ReadonlyMap<number, Entry>>
  /** The same, for one who follows: what was written here a moment ago is at hand. */
  atLast(indexes: readonly number[]): Promise<ReadonlyMap<number, Entry>>
  /** What tells of these actions, in the order of the ledger: decided, asked, permitted, ended. */
  told(actions: readonly string[]): Promise<Told[]>
  /** Where actions begin, by their ids; those that are not there are left out. */
  beginnings(actions: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Entries never go back in time, so a moment is a place: of the first entry that is not before it. */
  since(moment: number): Promise<number>
  /** The entries of an action and of an approval, those in sight (`Store.actions.get`), and how many are not. */
  timeline(action: string, approval: string | null): Promise<{ timeline: Entry[]; leftOut: number }>
}

/** Where it is told of an action. */
export interface Told {
  [column: string]: unknown
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly approval: string | null
}

/** Entries of one action's life that are shown; of a longer one the newest, and how many were left out. */
const longestTimeline = 2_000
/** Of those, refused signatures, so that nobody's refusals push the rest out; the newest. */
const mostRefused = 20

export interface EntriesParts {
  readonly db: Db
  readonly tenant: string
  readonly segments: Segments
  readonly recent: Recent
  readonly rowless: Pick<Rowless, 'permits'>
}

export function createEntries({ db, tenant, segments, recent, rowless }: EntriesParts): Entries {
  return {
    range: async (index, limit) => (await segments.range(index, limit)).map(withoutOwner),
    missed: segments.range,
    at,
    async atLast(indexes) {
      const atHand = new Map(indexes.map((index) => [index, recent.at(index)]))
      const found = await at(indexes.filter((index) => atHand.get(index) === undefined))
      for (const [index, entry] of atHand) if (entry !== undefined) found.set(index, entry)
      return found
    },
    told,
    async beginnings(actions) {
      if (actions.length === 0) return new Map()
      const rows = await db.query<{ id: string; index: number }>(beginningsOf, [tenant, actions])
      const found = new Map(rows.map(({ id, index }) => [id, index]))
      for (const { id, entry } of await rowless.permits(actions.filter((one) => !found.has(one)))) found.set(id, entry)
      return found
    },
    async since(moment) {
      const [row] = await db.query<{ index: number }>(firstSince, [tenant, moment])
      return row?.index ?? 0
    },
    async timeline(action, approval) {
      const own = (await told([action])).flatMap(({ kind, index }) => (kind === 'approval.changed' ? [] : [index]))
      const asked = [tenant, action, approval, integerArray(own)]
      const bounds = [...asked, longestTimeline, mostRefused]
      const places = (await db.query<{ entry: number }>(byLife, bounds)).map(({ entry }) => entry)
      const found = await at(places)
      const timeline = places.flatMap((place) => found.get(place) ?? [])
      if (timeline.length < mostRefused) return { timeline, leftOut: 0 }
      const [row] = await db.query<{ count: number }>(countLife, asked)
      return { timeline, leftOut: (row?.count ?? 0) - timeline.length }
    },
  }

  async function told(actions: readonly string[]): Promise<Told[]> {
    const rows = await db.query<Told>(toldOf, [tenant, actions])
    const begun = new Set(rows.flatMap(({ id, kind }) => (kind === 'action.decided' ? [id] : [])))
    const others = await rowless.permits(actions.filter((id) => !begun.has(id)))
    return [
      ...rows,
      ...others.flatMap(({ id, entry, ended }) => [
        { id, kind: 'action.decided', index: entry, approval: null },
        { id, kind: 'action.permitted', index: entry, approval: null },
        ...(ended === null ? [] : [{ id, kind: 'action.finished', index: ended, approval: null }]),
      ]),
    ]
  }

  async function at(indexes: readonly number[]): Promise<Map<number, Entry>> {
    if (indexes.length === 0) return new Map()
    const found = await segments.at(indexes)
    return new Map([...found].map(([index, entry]) => [index, withoutOwner(entry)]))
  }
}

const withoutOwner = ({ index, id, at, fact }: Owned): Entry => ({ index, id, at, fact })

/** The fact that a row of the state rests on; undefined once it is erased. @throws ERR_LEDGER_BROKEN */
export function factAt<Kind extends StepKind>(
  entries: ReadonlyMap<number, Entry>,
  index: number | null,
  kind: Kind,
): FactOf<Kind> | undefined {
  const fact = index === null ? undefined : entries.get(index)?.fact
  if (fact === undefined || fact.kind === 'erased') return undefined
  const step = stepOf(fact, kind)
  if (step === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { entry: index, expected: kind })
  return step
}

/** What it is mentioned by, and where its permits rest and end. */
const ofAction = `select entry from mention where tenant = $1 and what = $2 union select unnest($4::bigint[])`

const byLife = {
  name: 'entries_of_life',
  text: `select entry from (
      (${ofAction}
        union select entry from mention where tenant = $1 and what = $3 and kind <> 'signature.refused'
        order by entry desc limit $5)
      union all (select entry from mention where tenant = $1 and what = $3 and kind = 'signature.refused'
        order by entry desc limit $6)) as life
    order by entry`,
}
const countLife = {
  name: 'entries_of_life_count',
  text: `select count(*) as count from (
      ${ofAction} union select entry from mention where tenant = $1 and what = $3) as life`,
}
/** An action that was permitted at once begins with its permit; any other with its decision, which is mentioned. */
const toldOf = {
  name: 'action_told',
  text: `select what as id, kind, entry as index, null as approval from mention
      where tenant = $1 and what = any($2) and kind = 'action.decided'
    union all select action, 'action.decided', entry, null from permit p where tenant = $1 and action = any($2)
      and not exists (select from mention m where m.tenant = $1 and m.what = p.action and m.kind = 'action.decided')
    union all select action, 'action.permitted', entry, null from permit where tenant = $1 and action = any($2)
    union all select action, 'action.finished', ended_entry, null from permit
      where tenant = $1 and action = any($2) and ended_entry is not null
    union all select action, 'approval.changed', asked_entry, id from approval where tenant = $1 and action = any($2)
    order by index, kind`,
}
const beginningsOf = {
  name: 'entries_begin',
  text: `select id, index from (
      select asked.id, coalesce(
        (select entry from mention where tenant = $1 and what = asked.id and kind = 'action.decided' limit 1),
        (select min(entry) from permit where tenant = $1 and action = asked.id)) as index
      from unnest($2::text[]) asked (id)) as begun
    where index is not null`,
}
/** Found by halving. */
const firstSince = {
  name: 'entries_since',
  text: `with recursive half (low, high) as (
      select 0::bigint, size from head where tenant = $1
      union all
      select case when at < $2 then middle + 1 else low end, case when at < $2 then high else middle end
        from half
        cross join lateral (select (low + high) / 2 as middle) m
        cross join lateral (select at from segment where tenant = $1 and first <= middle order by first desc limit 1) e
        where low < high)
    select low as index from half where low = high limit 1`,
}
