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

export interface FindParts extends Pick<Reading, 'db' | 'tenant' | 'entries' | 'rowless'> {
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

export function createFind({ db, tenant, entries, rowless, terms, width, budgetMs }: FindParts): Find {
  const few = fewOf({ db, tenant, entries, rowless })

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
    const ask = async ({ text, values }: Asking): Promise<Places[]> => {
      const before = performance.now()
      const found = await db.query<Places>({ name: '', text }, [tenant, ...values])
      tookMs += performance.now() - before
      return found
    }

    const newest = { from: Math.max(whole.from, partOf(whole.to - 1) - width), to: whole.to }
    const looked = await ask(amongNewest(asked, newest, wanted, firstLook))
    const isAll = newest.from === whole.from && whole.to - whole.from <= firstLook
    if (looked.length >= wanted || isAll) return pageOf(looked, limit)
    if (looked.length >= promising) {
      const rows = Math.ceil((wanted / looked.length) * firstLook * reserve)
      const again = await ask(amongNewest(asked, newest, wanted, rows))
      if (again.length >= wanted) return pageOf(again, limit)
    }

    const found: Places[] = []
    let { to } = whole
    for (let parts = 1; to > whole.from && found.length < wanted; parts = Math.min(parts * 2, mostParts)) {
      if (to < whole.to && tookMs > budgetMs) return { places: found, next: String(to) }
      const ranges: Range[] = []
      while (ranges.length < parts && to > whole.from) {
        const from = Math.max(whole.from, partOf(to - 1))
        ranges.push({ from, to })
        to = from
      }
      found.push(...(await ask(inParts(asked, ranges, wanted))))
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

/** Has the tenant as `$1`, and then `values`. */
interface Asking {
  readonly text: string
  readonly values: readonly Value[]
}

function amongNewest(asked: Wanted, { from, to }: Range, wanted: number, rows: number): Asking {
  const values: Value[] = [to, from]
  const where = ['true', ...conditionsOf(asked, values)].join(' and ')
  const newest = `(select * from searched where tenant = $1 and entry < $2 and entry >= $3
    order by entry desc limit ${rows}) newest`
  return { text: `select ${columns} from ${newest} where ${where} order by entry desc limit ${wanted}`, values }
}

/**
 * Part after part, and none after enough is found. By the index and never along the newest (`+ 0`): what the newest
 * thousand do not have may be far away, and of several terms the planner multiplies how often each is, as if they had
 * nothing to do with each other. `pg_backend_pid` lets nobody do it in parallel, where the order of the parts is lost.
 */
function inParts(asked: Wanted, ranges: readonly Range[], wanted: number): Asking {
  const values: Value[] = []
  const conditions = conditionsOf(asked, values)
  const parts = ranges.map(({ from, to }) => {
    const within = `tenant = $1 and entry < $${values.push(to) + 1} and entry >= $${values.push(from) + 1}`
    const where = [within, ...conditions, 'pg_backend_pid() > 0'].join(' and ')
    return `(select ${columns} from searched where ${where} order by entry + 0 desc limit ${wanted})`
  })
  return { text: `select * from (${parts.join(' union all ')}) parts limit ${wanted}`, values }
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
