/**
 * Keeps what searches look in, behind the ledger: one row for each action, written when that is over or waits for people,
 * or runs for a second, and written again when it changes later. The rows and the place that they reach to are one
 * transaction. That place is the first entry of an action that is still waited for, so that nothing that is only in memory
 * is missed by whoever goes on from there; rows that are there already stay as they are.
 *
 * @module
 */
import { type ActionIndex, CountersignError } from '@countersign/core'
import type { ActionRecord, Entry } from '@countersign/schema'
import type { Asking } from '../db.ts'
import type { Reading } from '../tables/reading.ts'
import { bitsArray, integerArray, textArray, type Value } from '../values.ts'
import type { Lives, Places } from './lives.ts'
import type { Partitions } from './partitions.ts'
import type { Term, Terms } from './terms.ts'
import { type Begun, isRipe, tell, type Told } from './unfinished.ts'

export interface IndexParts extends Pick<Reading, 'db' | 'tenant' | 'now'> {
  readonly lives: Lives
  readonly terms: Terms
  readonly partitions: Partitions
  readonly journal: Pick<ActionIndex, 'cursor' | 'moveCursor'>
}

export interface RunningIndex extends ActionIndex {
  close(): Promise<void>
}

interface Pair {
  readonly agent: string
  readonly terms: readonly [agent: Term, operation: Term]
  readonly key: string
}

/** Rows of one statement. */
const mostRows = 500
/** How often it is looked whether what runs has to be written. */
const lookMs = 500
/** Pairs of agent and operation that are known to be written; then all are forgotten, and written again. */
const mostPairs = 20_000

export function createIndex({ db, tenant, now, lives, terms, partitions, journal }: IndexParts): RunningIndex {
  /** Those waited for, oldest first. */
  let held: ReadonlyMap<string, Begun> = new Map()
  /** The entry after the last that was told of. */
  let next = Infinity
  /** Where the cursor stands. */
  let stands = 0
  let adding: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const written = new Set<string>()

  const index: RunningIndex = {
    add(follower, page) {
      const added = adding.then(() => take(follower, page))
      adding = added.catch(() => undefined)
      return added
    },
    cursor: (follower, from) => journal.cursor(follower, from),
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
      held = new Map() // somebody goes on from the cursor, which may have been moved on from here meanwhile
      stands = next === Infinity ? first : Math.max(first, stands)
      next = first
    }
    if (first === Infinity) return
    const told = tell(held, page)
    if (told.erased) {
      terms.forget()
      written.clear()
    }
    await write(follower, told, Math.max(next, (page.at(-1)?.index ?? 0) + 1))
    lookAgain(follower)
  }

  async function write(follower: string, { begun, changed, permitted }: Told, reaches: number): Promise<void> {
    const at = now()
    const waiting = new Map([...begun].filter(([, one]) => !isRipe(one, at)))
    const read = changed.size === 0 ? [] : await lives.byId([...changed], 'asFollower')
    const ready = [...[...begun].flatMap(([id, one]) => (waiting.has(id) ? [] : [one])), ...read]
    const stand = [...waiting.values()][0]?.places.entry ?? reaches
    const known = new Map([...begun.values(), ...read].map(({ life: { record } }) => [record.id, record]))
    const pairs = newPairs(permitted, known)
    if (ready.length === 0 && pairs.length === 0 && stand === stands) return void (next = reaches)

    if (ready.length > 0) await partitions.reach(Math.max(...ready.map(({ places }) => places.entry)))
    const rows = ready.map(({ places, life }) => ({ ...places, risk: life.record.risk.score, terms: terms.of(life) }))
    try {
      await db.tx(async (session) => {
        await moveTo(session, follower, stand)
        const readable = await readableOf(session, rows)
        for (let from = 0; from < readable.length; from += mostRows) {
          session.send(saveRows, [tenant, ...columnsOf(readable.slice(from, from + mostRows))])
        }
        if (pairs.length > 0) session.send(savePairs, [tenant, ...columnsOfPairs(pairs)])
      })
    } catch (error) {
      next = Infinity // what stands now, the cursor knows
      throw error
    }
    for (const { key } of pairs) written.add(key)
    partitions.written(rows.map(({ entry }) => entry))
    held = waiting
    stands = stand
    next = reaches
  }

  /** @throws ERR_STORE_CONFLICT, holding the place until the transaction ends, as whoever erases does */
  async function moveTo(session: Asking, follower: string, to: number): Promise<void> {
    const moved = await session.query(moveCursor, [tenant, follower, to, stands])
    if (moved.length === 0) throw new CountersignError('ERR_STORE_CONFLICT', { follower, stands })
  }

  /**
   * Whoever destroys a key holds the cursor meanwhile, and deletes what is here: so what is written after it sees that the
   * key is gone.
   */
  async function readableOf(session: Asking, rows: readonly Row[]): Promise<readonly Row[]> {
    if (rows.length === 0) return rows
    const entries = integerArray(rows.map(({ entry }) => entry))
    const found = new Set(
      (await session.query<{ index: number }>(readable, [tenant, entries])).map(({ index }) => index),
    )
    return rows.filter(({ entry }) => found.has(entry))
  }

  function newPairs(permitted: Told['permitted'], known: ReadonlyMap<string, ActionRecord>): Pair[] {
    if (written.size >= mostPairs) written.clear()
    const pairs = new Map<string, Pair>()
    for (const [agent, id] of permitted) {
      const operation = known.get(id)?.action.operation
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

interface Row extends Places {
  readonly risk: number
  readonly terms: ReadonlySet<Term>
}

/** Lists of different lengths do not travel as a list of lists: all terms are one, and each row has where its own are. */
function columnsOf(rows: readonly Row[]): Value[] {
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

const columnsOfPairs = (pairs: readonly Pair[]): Value[] => [
  textArray(pairs.map(({ agent }) => agent)),
  ...([0, 1] as const).map((side) => bitsArray(pairs.map(({ terms }) => terms[side]))),
]

const moveCursor = {
  name: 'searched_move',
  text: 'update cursor set index = $3 where tenant = $1 and follower = $2 and index = $4 returning index',
}

const readable = {
  name: 'searched_readable',
  text: `select e.index from entry e
    join subject_key k on k.tenant = e.tenant and k.subject = e.subject and k.id = e.key_id
    where e.tenant = $1 and e.index = any($2::bigint[])`,
}
const saveRows = {
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

const savePairs = {
  name: 'seen_save',
  text: `insert into seen (tenant, agent, operation)
    select $1, p.agent, p.operation from unnest($2::text[], $3::bigint[], $4::bigint[]) as p (id, agent, operation)
      where not exists (select from agent where agent.tenant = $1 and agent.id = p.id and agent.erased)
    on conflict do nothing`,
}
