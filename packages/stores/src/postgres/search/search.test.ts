import {
  type ActionQuery,
  type Flow,
  type LineageNode,
  newId,
  purposeKeywords,
  stepOf,
  type Store,
} from '@countersign/core'
import type { ActionRecord, Entry, Fact } from '@countersign/schema'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  agentChanged,
  asked,
  changed,
  createManualClock,
  decided,
  finished,
  flowed,
  follow,
  followed,
  granted,
  begins,
  permitted,
  rejected,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleAsk,
  sampleDeny,
  sampleFailed,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  sampleUnknown,
  spent,
} from '../../conformance.ts'
import { createMemoryStore } from '../../memory/memory.ts'
import { createPostgresStore } from '../postgres.ts'
import { startTestServer, testKeys, type TestServer } from '../testing.ts'

const dataset = (name: string): LineageNode => ({ kind: 'dataset', name })
const sampleFlow: Omit<Flow, 'action' | 'from' | 'to'> = {
  at: 0,
  agent: 'busy',
  onBehalfOf: undefined,
  fromColumns: undefined,
  toColumns: undefined,
  how: 'writes',
  rows: 1,
  approval: undefined,
  approvers: [],
  policies: ['a-policy'],
}
const agents = ['busy', 'quiet', 'old', 'rare']
const words = ['billing', 'backup', 'report', 'once']
const width = 32

describe('searching in parts', { timeout: 120_000 }, () => {
  let postgres: TestServer
  const closing: { close(): Promise<unknown> }[] = []

  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  const closeAll = async () => {
    for (const each of closing.splice(0).toReversed()) await each.close()
  }
  afterAll(async () => {
    await closeAll()
    await postgres.close()
  })

  async function openAt(
    connection: pg.ClientConfig,
    keys = testKeys(),
    clock = createManualClock(),
    budgetMs = Infinity,
  ) {
    const search = { width, budgetMs }
    const store = await createPostgresStore({ connection, keys, origin: 'test/default', connections: 2, clock, search })
    closing.push(store)
    return store
  }

  describe('is, for any question and from any place on, what a filter over all lives is', () => {
    const clock = createManualClock()
    const plain = createMemoryStore({ clock })
    const entryOf = new Map<string, number>()
    let store: Store
    let partial: Store

    beforeAll(async () => {
      const connection = await postgres.freshDatabase()
      const keys = testKeys()
      store = await openAt(connection, keys, clock)
      partial = await openAt(connection, keys, clock, 0)
      closing.push(plain)
      const both = async (facts: readonly Fact[]) => {
        await plain.commit({ facts })
        const index = await store.commit({ facts })
        facts.forEach((fact, place) => {
          const record = stepOf(fact, 'action.decided')?.record
          if (record !== undefined) entryOf.set(record.id, index + place)
        })
      }
      const [lives] = fc.sample(fc.array(life, { minLength: 240, maxLength: 240, size: 'max' }), {
        numRuns: 1,
        seed: 7,
      })
      await both(agents.map((id) => agentChanged(sampleAgent({ id }))))
      const later: Fact[][] = []
      for (const [place, drawn] of (lives ?? []).entries()) {
        clock.advance(1_000)
        const [now = [], ...then] = factsOf(drawn, place)
        await both(now)
        later.push(...then)
        if (place % 7 === 0) await followed(store)
        for (const facts of later.splice(0, drawn.wait)) await both(facts)
      }
      for (const facts of later) await both(facts)
      clock.advance(1_000)
      await followed(store)
    }, 120_000)

    const query: fc.Arbitrary<ActionQuery> = fc
      .record(
        {
          agent: fc.constantFrom(...agents, 'nobody'),
          people: fc.subarray(['per-1', 'per-2', 'per-9']),
          dataset: fc.constantFrom('crm', 'dwh', 'nowhere'),
          verb: fc.constantFrom('data.read', 'data.export'),
          decision: fc.constantFrom('allow', 'ask', 'deny'),
          outcome: fc.constantFrom('done', 'failed', 'unknown', 'running'),
          riskAtLeast: fc.integer({ min: 1, max: 100 }),
          question: fc.constantFrom('open', 'granted', 'spent', 'rejected'),
          signers: fc.subarray(['per-signer', 'per-nobody']),
          concerns: fc.record({ person: fc.constantFrom('per-1', 'per-9'), agents: fc.subarray(agents) }),
          keywords: fc.subarray(words).map((some) => purposeKeywords(some.join(' '))),
          from: fc.integer({ min: 0, max: 250 }).map((after) => clock.now() - after * 1_000),
          to: fc.integer({ min: 0, max: 250 }).map((after) => clock.now() - after * 1_000),
        },
        { requiredKeys: [] },
      )
      // Mostly few at a time: else nearly nothing is found.
      .chain((all) =>
        fc
          .subarray(Object.entries(all), { maxLength: Math.min(3, Object.keys(all).length) })
          .map((some) => Object.fromEntries(some)),
      )

    it.each<[string, () => Store]>([
      ['with all the time it needs', () => store],
      ['with none to look further than it must, a page after the other', () => partial],
    ])('%s', async (_, which) => {
      const places = fc.record({
        after: fc.option(fc.integer({ min: 0, max: 1_200 })),
        limit: fc.integer({ min: 1, max: 60 }),
      })
      await fc.assert(
        fc.asyncProperty(query, places, async (asked, { after, limit }) => {
          const all = await everyId(plain, { ...asked, limit: 500 }, undefined)
          const wanted = all.filter((id) => (entryOf.get(id) ?? 0) < (after ?? Infinity))
          const found = await everyId(which(), { ...asked, limit }, after === null ? undefined : String(after))
          expect(found).toEqual(wanted)
        }),
        { numRuns: 50, seed: 11 },
      )
    })

    it('asks one part after another, and hands out what it has when its time is up', async () => {
      const first = await partial.actions.search({ agent: 'old', limit: 50 })
      expect(first.next).toBeDefined()
      expect((await store.actions.search({ agent: 'old', limit: 50 })).items.length).toBeGreaterThan(first.items.length)
    })
  })

  describe('what is written for it', () => {
    beforeEach(closeAll)

    async function scene() {
      const connection = await postgres.freshDatabase()
      const keys = testKeys()
      const clock = createManualClock()
      const sql = new pg.Client(connection)
      await sql.connect()
      closing.push({ close: () => sql.end() })
      const open = () => openAt(connection, keys, clock)
      const store = await open()
      await store.commit({ facts: [agentChanged(sampleAgent({ id: 'busy' }))] })
      const records = Array.from({ length: 5 }, () =>
        sampleRecord({ decision: sampleAllow(), action: sampleAction({ agent: 'busy' }) }),
      )
      const ids = async (of: Store) => (await of.actions.search({ agent: 'busy' })).items.map(({ record }) => record.id)
      const cursor = async () => (await sql.query(`select index from cursor where follower = 'search'`)).rows[0]?.index
      const rows = async () => Number((await sql.query('select count(*) from searched')).rows[0]?.count)
      const expected = records.map(({ id }) => id).toReversed()
      return { open, store, clock, sql, records, ids, cursor, rows, expected }
    }

    it('is there with the place that it reaches to, or neither: killed on the way, nothing is missing and nothing twice', async () => {
      const { open, store, sql, records, ids, cursor, rows, expected } = await scene()
      await store.commit({ facts: records.map(decided) })
      await store.actions.index.cursor('search', 'beginning')
      await sql.query(`create function die() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`)
      await sql.query('create trigger die after insert on searched for each row execute function die()')
      await expect(followed(store)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
      expect([await rows(), await cursor()]).toEqual([0, '0'])

      await sql.query('drop trigger die on searched')
      const next = await open()
      await followed(next)
      expect(await ids(next)).toEqual(expected)
      expect([await rows(), await cursor()]).toEqual([5, '6'])
    })

    it('stands at the first that still runs, so that whoever goes on after a crash finds it', async () => {
      const { open, store, records, ids, cursor, rows, expected } = await scene()
      const permits = records.map((record) => samplePermit(record))
      await store.commit({
        facts: records.flatMap((record, place) => begins(record, permits[place] as never)),
      })
      await store.commit({ facts: permits.slice(1).map((permit) => finished(permit)) })
      await followed(store)
      expect([await rows(), await cursor()]).toEqual([4, '1'])

      const next = await open()
      await followed(next)
      expect([await rows(), await cursor()]).toEqual([4, '1'])
      await next.commit({ facts: [finished(permits[0] as never)] })
      await followed(next)
      expect([await rows(), await cursor()]).toEqual([5, '11'])
      expect(await ids(next)).toEqual(expected)
    })

    it('counts each flow once, told of again or by another instance, and edges that it knows already', async () => {
      const { open, store, records, cursor } = await scene()
      const [first] = records as [ActionRecord]
      const [from, to] = [dataset('orders'), dataset('lake')]
      const flow = () => flowed([{ ...sampleFlow, action: newId('act'), from, to }])
      await store.commit({ facts: begins(first, samplePermit(first)) })
      for (const facts of flow()) await store.commit({ facts })
      const times = async (of: Store) =>
        (await of.lineage.around({ about: from })).edges.map((edge) => [edge.to.name, edge.times])
      await followed(store)
      expect([await cursor(), await times(store)]).toEqual(['1', [['lake', 1]]])
      await followed(store)
      const next = await open()
      await followed(next)
      expect(await times(next)).toEqual([['lake', 1]])
      for (const facts of [...flow(), ...flow()]) await next.commit({ facts })
      await followed(next)
      await followed(store)
      expect([await cursor(), await times(store)]).toEqual(['1', [['lake', 3]]])
    })

    it(
      'keeps in memory at most ten thousand that run, and writes the oldest of more',
      { timeout: 240_000 },
      async () => {
        const { store, rows, cursor } = await scene()
        const at = store.clock.now()
        const entries = Array.from({ length: 12_000 }, (_, place): Entry[] => {
          const record = sampleRecord({ decision: sampleAllow(), action: sampleAction({ agent: 'busy' }) })
          const index = 1 + place * 2
          return [
            { index, id: '', at, fact: decided(record) },
            { index: index + 1, id: '', at, fact: permitted(samplePermit(record)) },
          ]
        }).flat()
        await store.actions.index.cursor('search', 'beginning')
        for (let from = 0; from < entries.length; from += 1_000) {
          await store.actions.index.add('search', entries.slice(from, from + 1_000))
        }
        expect([await rows(), await cursor()]).toEqual([2_000, '4001'])
      },
    )

    it('is written without waiting for another entry, once an action has run for a second', async () => {
      const { store, clock, records, ids } = await scene()
      const [record] = records as [ActionRecord]
      const index = await store.commit({ facts: begins(record, samplePermit(record)) })
      await store.actions.index.cursor('search', 'beginning')
      await store.actions.index.add('search', await store.journal.read(0, index + 2))
      expect(await ids(store)).toEqual([])
      clock.advance(1_000)
      await expect.poll(() => ids(store), { timeout: 10_000 }).toEqual([record.id])
    })

    it('tells the end of a run that it was told of while it ran, by whoever has started since and knows only the end', async () => {
      const { open, store, clock, ids } = await scene()
      const attempt = { credential: 'key-of-busy' } // and no id: its permit has no row
      const record = sampleRecord({ attempt, decision: sampleAllow(), action: sampleAction({ agent: 'busy' }) })
      const permit = samplePermit(record)
      const index = await store.commit({ facts: begins(record, permit) })
      await store.actions.index.cursor('search', 'beginning')
      await store.actions.index.add('search', await store.journal.read(0, index + 1))
      clock.advance(1_000)
      await store.actions.index.add('search', [])
      expect(await ids(store)).toEqual([record.id])
      clock.advance(-900) // as if its end had been under way since then: neither run nor end is given a row
      await store.commit({ facts: [finished(permit)] })
      const next = await open()
      await followed(next)
      expect((await next.actions.search({ outcome: 'done', limit: 5 })).items).toHaveLength(1)
      expect((await next.check()).differences).toEqual([])
    })

    it('H: is held against the ledger: what is missing, too much, or other than it says is told', async () => {
      const { store, sql, records } = await scene()
      const [first, second, third] = records as [ActionRecord, ActionRecord, ActionRecord]
      const permit = samplePermit(first)
      await store.commit({ facts: [...begins(first, permit), ...records.slice(1).map(decided)] })
      await store.commit({ facts: [finished(permit)] })
      await followed(store)
      const { index } = (await sql.query('select index from cursor')).rows[0]
      expect((await store.check()).differences).toEqual([])

      const entryOf = async ({ id }: ActionRecord) =>
        Number(
          (
            await sql.query(
              `select entry from mention where what = $1 and kind = 'action.decided'
                union select entry from permit where action = $1`,
              [id],
            )
          ).rows[0].entry,
        )
      const [one, other, another] = [await entryOf(first), await entryOf(second), await entryOf(third)]
      await sql.query('update searched set ended = null where entry = $1', [one])
      await sql.query('delete from searched where entry = $1', [other])
      await sql.query('update searched set terms = array_append(terms, 1::bigint) where entry = $1', [another])
      await sql.query(`insert into searched (tenant, entry, risk, terms) values ('default', 0, 0, '{}')`)
      expect((await store.check()).differences).toEqual([
        'searched 0: nobody can read what made it',
        `searched ${one}: ended is null, and by the ledger ${index - 1}`,
        `searched ${another}: it is found by other terms than it has`,
        `searched ${other}: the ledger has it, the table does not`,
      ])
    })

    it('two instances that stand at the same place, since an action there still runs: what one wrote the other writes no more', async () => {
      const { open, store, records, ids, rows, cursor } = await scene()
      const [first, second] = records as [ActionRecord, ActionRecord]
      await store.commit({ facts: begins(first, samplePermit(first)) })
      await store.actions.index.cursor('search', 'beginning')
      await store.actions.index.add('search', await store.journal.read(0, 3))
      const other = await open()
      expect(await other.actions.index.cursor('search', 'beginning')).toBe(1)
      await other.actions.index.add('search', await store.journal.read(1, 2))
      const index = await store.commit({ facts: [decided(second)] })
      const page = await store.journal.read(index, 1)
      await other.actions.index.add('search', page)
      expect([await rows(), await cursor()]).toEqual([1, '1'])
      await expect(store.actions.index.add('search', page)).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      await followed(store)
      expect([await rows(), await ids(store)]).toEqual([1, [second.id]])
    })

    it('of what another instance erased, nothing is written that was in memory here', async () => {
      const { open, store, records, sql } = await scene()
      const [first] = records as [ActionRecord]
      const person = 'per-gone'
      const theirs = { ...first, action: { ...first.action, onBehalfOf: person } }
      const other = await open()
      await store.actions.index.cursor('search', 'beginning')
      const index = await store.commit({ facts: [decided(theirs)] })
      const page = await follow(store, index, 1) // as it was written, not as it is read
      await other.journal.erase(person)
      await expect(store.actions.index.add('search', page)).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      const from = await store.actions.index.cursor('search', 'beginning')
      await store.actions.index.add('search', await follow(store, from, 2))
      expect((await sql.query('select 1 from searched where entry = $1', [index])).rows).toEqual([])
    })

    it('two instances: of one that is told what another was told already, nothing is written, and it goes on from there', async () => {
      const { open, store, records, ids, rows, expected } = await scene()
      const other = await open()
      const tell = (to: Store, page: readonly Entry[]) => to.actions.index.add('search', page)
      await store.commit({ facts: records.map(decided) })
      const cursor = (of: Store) => of.actions.index.cursor('search', 'beginning')
      await cursor(store)
      await tell(store, await store.journal.read(0, 2))
      expect(await cursor(other)).toBe(2)
      await tell(other, await store.journal.read(2, 2))
      await expect(tell(store, await store.journal.read(2, 3))).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      expect(await cursor(store)).toBe(4)
      await tell(store, await store.journal.read(4, 2))
      await expect(tell(other, await store.journal.read(4, 1))).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      await followed(other)
      expect(await rows()).toBe(5)
      expect(await ids(store)).toEqual(expected)
    })
  })
})

async function everyId(store: Store, query: ActionQuery, from: string | undefined): Promise<string[]> {
  const ids: string[] = []
  let after = from
  do {
    const page = await store.actions.search({ ...query, after })
    ids.push(...page.items.map(({ record }) => record.id))
    after = page.next
  } while (after !== undefined)
  return ids
}

const life = fc.record({
  agent: fc.constantFrom('busy', 'busy', 'busy', 'quiet', 'quiet', 'rare'),
  person: fc.option(fc.constantFrom('per-1', 'per-1', 'per-2')),
  verb: fc.constantFrom('data.read' as const, 'data.export' as const),
  dataset: fc.constantFrom('crm', 'crm', 'dwh'),
  read: fc.constantFrom('crm', 'dwh', 'lake'),
  words: fc.subarray(words.slice(0, 3)),
  risk: fc.integer({ min: 0, max: 100 }),
  way: fc.constantFrom(
    'deny',
    'done',
    'done',
    'done',
    'failed',
    'unknown',
    'running',
    'open',
    'granted',
    'spent',
    'rejected',
  ),
  wait: fc.integer({ min: 0, max: 3 }),
})
type Drawn = typeof life extends fc.Arbitrary<infer Value> ? Value : never

/** What happens to it, a commit each. Of the first third all that is rare is done by an agent of its own. */
function factsOf(drawn: Drawn, place: number): Fact[][] {
  const { way } = drawn
  const data = (name: string) => ({ name, classes: [], known: true })
  const asks = ['open', 'granted', 'spent', 'rejected'].includes(way)
  const agent = place < 80 && drawn.agent === 'quiet' ? 'old' : drawn.agent
  const record = sampleRecord({
    action: sampleAction({ agent, verb: drawn.verb, ...(drawn.person !== null && { onBehalfOf: drawn.person }) }),
    decision: way === 'deny' ? sampleDeny() : asks ? sampleAsk() : sampleAllow(),
    risk: { score: drawn.risk, signals: [] },
    dataUse: { reads: [data(drawn.dataset)], writes: [], classes: [], sensitive: false },
    purpose: { text: [...drawn.words, ...(place === 5 ? ['once'] : [])].join(' ') },
  })
  const done = { kind: 'done' as const, summary: 'Done.', reads: [data(drawn.read)] }
  if (way === 'deny') return [[decided(record)]]
  if (!asks) {
    const permit = samplePermit(record)
    const begun = begins(record, permit)
    if (way === 'running') return [begun]
    const outcome = way === 'done' ? done : way === 'failed' ? sampleFailed : sampleUnknown
    return [begun, [finished(permit, { outcome })]]
  }
  const question = sampleOpen(record)
  const began = [decided(record), asked(question)]
  if (way === 'open') return [began]
  if (way === 'rejected') {
    const no = sampleSignature(question, 'per-signer', { verdict: 'reject' })
    return [began, [changed('rejected', rejected(question, no), no)]]
  }
  const yes = sampleSignature(question, 'per-signer')
  const grant = granted(question, yes)
  if (way === 'granted') return [began, [changed('granted', grant, yes)]]
  const permit = samplePermit(record, { approval: question.id })
  return [
    began,
    [changed('granted', grant, yes)],
    [changed('spent', spent(grant, permit.id)), permitted(permit)],
    [finished(permit, { outcome: done })],
  ]
}
