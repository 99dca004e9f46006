/**
 * Keeps what searches look in, behind the ledger, and what flowed where: one row for each action, written when that is over or waits for people,
 * or runs for a second, and written again when it changes later. The rows and the place that they reach to are one
 * transaction. That place is the first entry of an action that is still waited for, so that nothing that is only in memory
 * is missed by whoever goes on from there; rows that are there already stay as they are.
 *
 * @module
 */
import { type ActionIndex, CountersignError, isError } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import type { Asking } from '../db.ts'
import type { Reading } from '../tables/reading.ts'
import type { Recent } from '../tables/recent.ts'
import { bitsArray, textArray, type Value } from '../values.ts'
import type { Lives } from './lives.ts'
import type { Partitions } from './partitions.ts'
import { addRows, lastRow, type Row, rowsWith, saveRows } from './rows.ts'
import type { Term, Terms } from './terms.ts'
import { type Begun, ripeOf, tell, type Told } from './unfinished.ts'
import { createWays } from './ways.ts'

export interface IndexParts extends Pick<Reading, 'db' | 'tenant' | 'now'> {
  readonly lives: Lives
  readonly terms: Terms
  readonly partitions: Partitions
  readonly recent: Pick<Recent, 'forget'>
  readonly journal: Pick<ActionIndex, 'cursor'>
}

export interface RunningIndex extends ActionIndex {
  close(): Promise<void>
}

interface Pair {
  readonly agent: string
  readonly terms: readonly [agent: Term, operation: Term]
  readonly key: string
}

/** How often it is looked whether what runs has to be written. */
const lookMs = 500
/** Pairs of agent and operation that are known to be written; then all are forgotten, and written again. */
const mostPairs = 20_000

export function createIndex({ db, tenant, now, lives, terms, partitions, recent, journal }: IndexParts): RunningIndex {
  /** Those waited for, oldest first. */
  const held = new Map<string, Begun>()
  /** The entry after the last that was told of; none while it is only known to the cursor. */
  let next = Infinity
  /** Where the cursor stands. */
  let stands = 0
  /** How often something was erased, as far as what is read here can know. */
  let erasures = 0
  /** Those that begin after it have no row yet. */
  let last = Infinity
  let adding: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const written = new Set<string>()
  const ways = createWays()

  const index: RunningIndex = {
    add(follower, page) {
      const added = adding.then(() => take(follower, page))
      adding = added.catch(() => undefined)
      return added
    },
    async cursor(follower, from) {
      await journal.cursor(follower, from)
      await adding
      const [row] = await db.query<{ index: number; erasures: number }>(placeOf, [tenant, follower])
      if (row === undefined) throw new CountersignError('ERR_STORE_CONFLICT', { follower })
      recent.forget() // of what was erased until now nothing may be handed out again
      erasures = row.erasures
      stands = row.index
      next = Infinity
      return stands
    },
    async moveCursor(follower, to) {
      await adding
      if (held.size > 0 || to <= stands || next === Infinity) return // it stands where it can, or before what is waited for
      await db.tx((session) => moveTo(session, follower, to))
      stands = to
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await adding
      await partitions.close()
    },
  }
  return index

  async function take(follower: string, page: readonly Entry[]): Promise<void> {
    if (closed) throw new CountersignError('ERR_STORE_UNAVAILABLE')
    const first = page[0]?.index ?? next
    if (first < next) {
      held.clear() // somebody goes on from the cursor
      next = first
      last = await lastRow(db, tenant)
    }
    if (first === Infinity) return
    const told = tell(held, page)
    if (told.erased) {
      terms.forget()
      written.clear()
    }
    await write(follower, told, Math.max(next, (page.at(-1)?.index ?? 0) + 1)).catch((error: unknown) => {
      if (!isElsewhere(error)) throw error
      next = Infinity // what stands now, the cursor knows
      throw new CountersignError('ERR_STORE_CONFLICT', { follower, stands }, { cause: error })
    })
    lookAgain(follower)
  }

  async function write(follower: string, { changed, ends, permitted }: Told, reaches: number): Promise<void> {
    const ripe = ripeOf(held, now())
    const found: Begun[] = changed.size === 0 ? [] : await lives.byId([...changed], 'asFollower')
    const read = found.map((one) => (one.places.ended === null ? (ends.get(one.life.record.id)?.(one) ?? one) : one))
    const pairs = newPairs(permitted, read)
    const stand = firstBut(ripe) ?? reaches
    if (ripe.length + read.length + pairs.length > 0 || stand !== stands) {
      const fresh = ripe.filter(({ places }) => places.entry > last)
      const others = [...ripe.filter(({ places }) => places.entry <= last), ...read]
      const [added, saved] = [fresh.map(rowOf), others.map(rowOf)]
      await partitions.reach([...added, ...saved])
      const again = others.filter(isDone)
      await db.tx(async (session) => {
        const moving = moveTo(session, follower, stand)
        const uncounted = again.length === 0 ? [] : await moving.then(() => uncountedOf(session, again))
        addRows(session, tenant, added)
        saveRows(session, tenant, saved)
        ways.add(session, tenant, [...fresh.filter(isDone), ...uncounted])
        if (pairs.length > 0) session.send(savePairs, [tenant, ...columnsOfPairs(pairs)])
        await moving // in one go with what is sent behind it
      })
      ways.added()
      for (const { key } of pairs) written.add(key)
      partitions.written([...added, ...saved])
    }
    for (const { life } of ripe) held.delete(life.record.id)
    stands = stand
    next = reaches
  }

  /** What is told again is not counted again: its row says that it was done. */
  async function uncountedOf(session: Asking, done: readonly Begun[]): Promise<Begun[]> {
    const entries = done.map(({ places }) => places.entry)
    const counted = await rowsWith(session, tenant, entries, terms.done())
    return done.filter(({ places }) => !counted.has(places.entry))
  }

  function rowOf({ places, life }: Begun): Row {
    return { ...places, risk: life.record.risk.score, terms: terms.of(life) }
  }

  /** Where the first begins that is waited for. */
  function firstBut(ripe: readonly Begun[]): number | undefined {
    const over = new Set(ripe)
    for (const one of held.values()) if (!over.has(one)) return one.places.entry
    return undefined
  }

  /**
   * Holds the place until the transaction ends, as whoever erases does: what is written before is there to be deleted, and
   * after it what was read before is not written any more.
   *
   * @throws ERR_STORE_CONFLICT
   */
  async function moveTo(session: Asking, follower: string, to: number): Promise<void> {
    const moved = await session.query(moveCursor, [tenant, follower, to, stands, erasures])
    if (moved.length === 0) throw new CountersignError('ERR_STORE_CONFLICT', { follower, stands })
  }

  function newPairs(permitted: Told['permitted'], read: readonly Begun[]): Pair[] {
    if (written.size >= mostPairs) written.clear()
    const lifeOf = new Map(read.map(({ life }) => [life.record.id, life]))
    const pairs = new Map<string, Pair>()
    for (const [agent, id] of permitted) {
      const operation = (held.get(id)?.life ?? lifeOf.get(id))?.record.action.operation
      if (operation === undefined) continue
      const pair = { agent, terms: terms.pair(agent, operation) }
      const key = pair.terms.join(' ')
      if (!written.has(key)) pairs.set(key, { ...pair, key })
    }
    return [...pairs.values()]
  }

  /** Nothing may come any more, and what runs has to be found all the same. */
  function lookAgain(follower: string): void {
    clearTimeout(timer)
    if (held.size === 0 || closed) return
    timer = setTimeout(() => void index.add(follower, []).catch(() => undefined), lookMs) // told at the next page
    timer.unref()
  }
}

const isDone = ({ life }: Begun): boolean => life.outcome?.kind === 'done'

/** Another instance moved the cursor, or stands where it stands here and wrote what comes after it. */
const isElsewhere = (error: unknown): boolean =>
  isError(error, 'ERR_STORE_CONFLICT') || (error as { code?: unknown }).code === '23505'

const columnsOfPairs = (pairs: readonly Pair[]): Value[] => [
  textArray(pairs.map(({ agent }) => agent)),
  ...([0, 1] as const).map((side) => bitsArray(pairs.map(({ terms }) => terms[side]))),
]

const placeOf = {
  name: 'searched_place',
  text: 'select index, erasures from cursor where tenant = $1 and follower = $2',
}
const moveCursor = {
  name: 'searched_move',
  text: `update cursor set index = $3 where tenant = $1 and follower = $2 and index = $4 and erasures = $5
    returning index`,
}
const savePairs = {
  name: 'seen_save',
  text: `insert into seen (tenant, agent, operation)
    select $1, p.agent, p.operation from unnest($2::text[], $3::bigint[], $4::bigint[]) as p (id, agent, operation)
      where not exists (select from agent where agent.tenant = $1 and agent.id = p.id and agent.erased)
    on conflict do nothing`,
}
