/**
 * Entries as they were recorded, or the word that they were erased.
 *
 * @module
 */
import { CountersignError, type Recorder } from '@countersign/core'
import type { Entry, Fact, FactKind, FactOf } from '@countersign/schema'
import type { Db } from '../db.ts'
import type { Recent } from './recent.ts'

interface EntryRow {
  [column: string]: unknown
  readonly index: number
  readonly id: string
  readonly at: number
  readonly subject: string
  readonly leaf: Uint8Array
  readonly blob: Uint8Array
  /** The subject's key, if it still is the one that sealed this. */
  readonly subjectKey: Uint8Array | null
}

export interface Entries {
  /** From `index` on, in order. */
  range(index: number, limit: number): Promise<Entry[]>
  /** The same, with whose they are. */
  missed(index: number, limit: number): Promise<(Entry & { readonly subject: string })[]>
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
  readonly recorder: Recorder
  readonly recent: Recent
}

export function createEntries({ db, tenant, recorder, recent }: EntriesParts): Entries {
  return {
    async range(index, limit) {
      return open(await db.query<EntryRow>(byRange, [tenant, index, index + limit]))
    },
    async missed(index, limit) {
      const rows = await db.query<EntryRow>(byRange, [tenant, index, index + limit])
      return open(rows).map((entry, place) => ({ ...entry, subject: rows[place]?.subject ?? '' }))
    },
    at,
    async atLast(indexes) {
      const atHand = new Map(indexes.map((index) => [index, recent.at(index)]))
      const found = await at(indexes.filter((index) => atHand.get(index) === undefined))
      for (const [index, entry] of atHand) if (entry !== undefined) found.set(index, entry)
      return found
    },
    told: (actions) => db.query<Told>(toldOf, [tenant, actions]),
    async beginnings(actions) {
      if (actions.length === 0) return new Map()
      const found = await db.query<{ id: string; index: number }>(beginningsOf, [tenant, actions])
      return new Map(found.map(({ id, index }) => [id, index]))
    },
    async since(moment) {
      const [row] = await db.query<{ index: number }>(firstSince, [tenant, moment])
      return row?.index ?? 0
    },
    async timeline(action, approval) {
      const bounds = [tenant, action, approval, longestTimeline, mostRefused]
      const timeline = open(await db.query<EntryRow>(byLife, bounds))
      if (timeline.length < mostRefused) return { timeline, leftOut: 0 }
      const [row] = await db.query<{ count: number }>(countLife, [tenant, action, approval])
      return { timeline, leftOut: (row?.count ?? 0) - timeline.length }
    },
  }

  /** Every row brings its subject's key, the same in all of one answer: the vault opens the first, once. */
  function open(rows: readonly EntryRow[]): Entry[] {
    const keys = new Map<string, Uint8Array>()
    return rows.map(({ index, id, at, subject, leaf, blob, subjectKey }) => {
      const key = subjectKey ? (keys.get(subject) ?? subjectKey) : undefined
      if (key) keys.set(subject, key)
      return { index, id, at, fact: recorder.open({ id, leaf, subject, blob }, key) }
    })
  }

  async function at(indexes: readonly number[]): Promise<Map<number, Entry>> {
    if (indexes.length === 0) return new Map()
    const entries = open(await db.query<EntryRow>(byIndexes, [tenant, indexes]))
    return new Map(entries.map((entry) => [entry.index, entry]))
  }
}

/** The fact that a row of the state rests on; undefined once it is erased. @throws ERR_LEDGER_BROKEN */
export function factAt<Kind extends FactKind>(
  entries: ReadonlyMap<number, Entry>,
  index: number | null,
  kind: Kind,
): FactOf<Kind> | undefined {
  const fact = index === null ? undefined : entries.get(index)?.fact
  if (fact === undefined || fact.kind === 'erased') return undefined
  if (!isKind(fact, kind)) throw new CountersignError('ERR_LEDGER_BROKEN', { entry: index, expected: kind })
  return fact
}

const isKind = <Kind extends FactKind>(fact: Fact, kind: Kind): fact is FactOf<Kind> => fact.kind === kind

const select = `select e.index, e.id, e.at, e.subject, e.leaf, e.blob,
    k.wrapped as "subjectKey"
  from entry e left join subject_key k on k.tenant = e.tenant and k.subject = e.subject and k.id = e.key_id`

const byRange = {
  name: 'entries_from',
  text: `${select} where e.tenant = $1 and e.index >= $2 and e.index < $3 order by e.index`,
}
const byIndexes = { name: 'entries_at', text: `${select} where e.tenant = $1 and e.index = any($2)` }
const byLife = {
  name: 'entries_of_life',
  text: `${select} where e.tenant = $1 and e.index in (
      (select index from entry where tenant = $1 and action = $2
        union select index from entry where tenant = $1 and approval = $3 and kind <> 'signature.refused'
        order by index desc limit $4)
      union all (select index from entry where tenant = $1 and approval = $3 and kind = 'signature.refused'
        order by index desc limit $5))
    order by e.index`,
}
const countLife = {
  name: 'entries_of_life_count',
  text: `select count(*) as count from (
      select index from entry where tenant = $1 and action = $2
      union select index from entry where tenant = $1 and approval = $3) as life`,
}
const toldOf = {
  name: 'action_told',
  text: `select action as id, kind, index, approval from entry
    where tenant = $1 and action = any($2)
      and kind in ('action.decided', 'approval.changed', 'action.permitted', 'action.finished')
    order by index`,
}
const beginningsOf = {
  name: 'entries_begin',
  text: `select action as id, index from entry where tenant = $1 and action = any($2) and kind = 'action.decided'`,
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
        cross join lateral (select at from entry where tenant = $1 and index = middle offset 0) e
        where low < high)
    select low as index from half where low = high limit 1`,
}
