/**
 * Finding actions, newest first. A page is looked for among the newest first, where what is common is found; then in the
 * index of one part of the table after another, further back with each step.
 *
 * No statement here has a name: which way serves best depends on the values, so it is planned each time for those it has.
 *
 * @module
 */
import type { ActionQuery, Paging } from '@countersign/core'
import { indexBelow, limitOf } from '../tables/pages.ts'
import type { Reading } from '../tables/reading.ts'
import { bitsArray, integerArray, type Value } from '../values.ts'
import { type Few, fewOf } from './few.ts'
import type { Places } from './lives.ts'
import type { Terms, Wanted } from './terms.ts'

export interface FindParts extends Pick<Reading, 'db' | 'tenant' | 'entries'> {
  readonly terms: Terms
  readonly width: number
  /** How long the database may look for one page; it is asked no more after that, and the page tells where it stopped. */
  readonly budgetMs: number
}

export interface FoundPage {
  readonly places: readonly Places[]
  readonly next: string | undefined
}

/** Entries from `from` on, up to but not including `to`. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Rows of the first look: as many as are read faster than an index is asked. */
const firstLook = 1_000
/** Found in the first look, from so many on a longer one is worth it. */
const promising = 8
/** How much longer than what was found says, since what is asked for comes in crowds. */
const reserve = 1.5
/** Parts asked at a time, after one, two and four: more are planned longer than they are worth. */
const mostParts = 8

export interface Find {
  byQuery(query: ActionQuery): Promise<FoundPage>
  byTerms(asked: Wanted, paging: Paging): Promise<FoundPage>
}

export function createFind({ db, tenant, entries, terms, width, budgetMs }: FindParts): Find {
  const few = fewOf({ db, tenant, entries })

  return {
    async byQuery(query) {
      const limit = limitOf(query)
      const asked = terms.asked(query)
      if (asked.some.some((any) => any.length === 0)) return { places: [], next: undefined }
      const whole = await rangeOf(query)
      const places = await few.among(query)
      return places === undefined ? among(asked, whole, limit) : amongFew(places, asked, whole, limit)
    },
    byTerms: async (asked, paging) => among(asked, await rangeOf(paging), limitOf(paging)),
  }

  async function rangeOf(query: ActionQuery): Promise<Range> {
    const { from = 0, to } = query
    const [size, first, last] = await Promise.all([
      db.query<{ size: number }>(sizeNow, [tenant]).then(([row]) => row?.size ?? 0),
      from > 0 ? entries.since(from) : 0,
      to === undefined ? Infinity : entries.since(to),
    ])
    return { from: first, to: Math.min(indexBelow(query), size, last) }
  }

  async function among(asked: Wanted, whole: Range, limit: number): Promise<FoundPage> {
    const wanted = limit + 1
    let tookMs = 0
    const ask = async (range: Range, rows?: number): Promise<Places[]> => {
      const before = performance.now()
      const { text, values } = asking(asked, range, wanted, rows)
      const found = await db.query<Places>({ name: '', text }, [tenant, ...values])
      tookMs += performance.now() - before
      return found
    }

    const newest = { from: Math.max(whole.from, partOf(whole.to - 1) - width), to: whole.to }
    const looked = await ask(newest, firstLook)
    const isAll = newest.from === whole.from && whole.to - whole.from <= firstLook
    if (looked.length >= wanted || isAll) return pageOf(looked, limit)
    if (looked.length >= promising) {
      const again = await ask(newest, Math.ceil((wanted / looked.length) * firstLook * reserve))
      if (again.length >= wanted) return pageOf(again, limit)
    }

    const found: Places[] = []
    let { to } = whole
    for (let parts = 1; to > whole.from && found.length < wanted; parts = Math.min(parts * 2, mostParts)) {
      if (to < whole.to && tookMs > budgetMs) return { places: found, next: String(to) }
      const from = Math.max(whole.from, partOf(to - 1) - (parts - 1) * width)
      found.push(...(await ask({ from, to })))
      to = from
    }
    return pageOf(found, limit)
  }

  async function amongFew(places: Few, asked: Wanted, { from, to }: Range, limit: number): Promise<FoundPage> {
    const left = places.filter((entry) => entry >= from && entry < to).toSorted((one, other) => other - one)
    const found: Places[] = []
    for (let place = 0; place < left.length && found.length <= limit; place += mostFew) {
      const { text, values } = askingOf(asked, left.slice(place, place + mostFew))
      found.push(...(await db.query<Places>({ name: '', text }, [tenant, ...values])))
    }
    return pageOf(found, limit)
  }

  function partOf(entry: number): number {
    return Math.floor(entry / width) * width
  }
}

/** Of those known by their places, so many are looked at together. */
const mostFew = 500

function pageOf(found: readonly Places[], limit: number): FoundPage {
  const places = found.slice(0, limit)
  return { places, next: found.length > limit ? String(places.at(-1)?.entry) : undefined }
}

/** Asks for the tenant as `$1`, and then for `values`. */
function asking(asked: Wanted, range: Range, wanted: number, rows: number | undefined) {
  const values: Value[] = [range.to, range.from]
  const conditions = conditionsOf(asked, values)
  const within = 'tenant = $1 and entry < $2 and entry >= $3'
  if (rows !== undefined) {
    const newest = `(select * from searched where ${within} order by entry desc limit ${rows}) newest`
    const where = ['true', ...conditions].join(' and ')
    const text = `select ${columns} from ${newest} where ${where} order by entry desc limit ${wanted}`
    return { text, values }
  }
  // Several: their frequencies would be multiplied as if they had nothing to do with each other, and all be walked through.
  const several = asked.all.length + asked.some.length + (asked.riskAtLeast === undefined ? 0 : 1) > 1
  const order = several ? 'entry + 0' : 'entry'
  const where = [within, ...conditions].join(' and ')
  return { text: `select ${columns} from searched where ${where} order by ${order} desc limit ${wanted}`, values }
}

function askingOf(asked: Wanted, entries: readonly number[]) {
  const values: Value[] = [integerArray(entries)]
  const where = ['tenant = $1', 'entry = any($2::bigint[])', ...conditionsOf(asked, values)]
  return { text: `select ${columns} from searched where ${where.join(' and ')} order by entry desc`, values }
}

function conditionsOf({ all, some, riskAtLeast }: Wanted, values: Value[]): string[] {
  const place = (value: Value) => `$${values.push(value) + 1}`
  return [
    ...(all.length === 0 ? [] : [`terms @> ${place(bitsArray(all))}::bigint[]`]),
    ...some.map((any) => `terms && ${place(bitsArray(any))}::bigint[]`),
    ...(riskAtLeast === undefined ? [] : [`risk >= ${place(riskAtLeast)}`]),
  ]
}

const columns = 'entry, permit, ended, approval'

const sizeNow = { name: 'searched_size', text: 'select size from head where tenant = $1' }
