import { decodeBundle, isError, type Store } from '@countersign/core'
import type { Agent, Fact, Person, ToolRecord } from '@countersign/schema'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  activated,
  agentChanged,
  asked,
  changed,
  decided,
  expired,
  finished,
  founded,
  granted,
  begins,
  permitted,
  personChanged,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleTool,
  spent,
  toolChanged,
  unique,
} from '../../conformance.ts'
import { createPostgresStore } from '../postgres.ts'
import { startTestServer, testKeys, type TestServer } from '../testing.ts'
import { type BrokenWire, openBrokenWire } from './broken-wire.ts'

/** What the protocol of a commit is proven against. The numbers are those of the list of its traps. */
describe('a commit', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let connection: pg.ClientConfig
  let keys: ReturnType<typeof testKeys>
  const opened: { close(): Promise<void> }[] = []

  const openStore = async (over: Partial<Parameters<typeof createPostgresStore>[0]> = {}): Promise<Store> => {
    const store = await createPostgresStore({
      connection,
      keys,
      origin: 'test.example/default',
      connections: 2,
      ...over,
    })
    opened.push(store)
    return store
  }
  const openWire = async (): Promise<BrokenWire> => {
    const wire = await openBrokenWire(connection)
    opened.unshift(wire)
    return wire
  }
  /** Asks the server by ourselves, past every store. */
  const sql = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => {
    const client = new pg.Client(connection)
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end()
    }
  }
  /** Holds the end of the ledger, as an instance would whose statement takes long. */
  const holdEnd = async () => {
    const client = new pg.Client(connection)
    client.on('error', () => undefined)
    await client.connect()
    await client.query('begin')
    await client.query('select size from head for update')
    return async () => {
      await client.query('commit')
      await client.end()
    }
  }
  const entriesOf = async (record: { readonly id: string }) =>
    (await sql<{ leaves: Buffer }>('select leaves from segment order by first'))
      .flatMap(({ leaves }) => decodeBundle(leaves).map((leaf) => JSON.parse(Buffer.from(leaf).toString('utf8'))))
      .flatMap(({ stream, type }: { stream: string; type: string }) => (stream === record.id ? [type] : []))

  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  afterAll(() => postgres.close())
  beforeEach(async () => {
    connection = await postgres.freshDatabase()
    keys = testKeys()
  })
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close()
  })

  async function enrol(store: Store) {
    const agent = sampleAgent()
    await store.commit({ facts: [agentChanged(agent)] })
    return { agent, record: () => sampleRecord({ action: sampleAction({ agent: agent.id }) }) }
  }
  interface Judged {
    readonly agent: Agent
    readonly person: Person
    readonly tool: ToolRecord
  }
  const stopped = (agent: Agent): Fact =>
    agentChanged({ ...agent, version: agent.version + 1, status: 'stopped' }, 'stopped')

  it.each(['answer', 'ready'] as const)(
    '1, 2, 3: whose %s was lost is found by its id, stands once, and is answered',
    async (how) => {
      const wire = await openWire()
      const store = await openStore({ connection: wire.connection })
      const { record } = await enrol(store)
      const [one, other] = [record(), record()]
      const broke = wire.breakNext(how)
      const [first, second] = [store.commit({ facts: [decided(one)] }), store.commit({ facts: [decided(other)] })]
      await broke
      const { size } = await store.ledger.head()
      expect(new Set([await first, await second])).toEqual(new Set([size - 2, size - 1]))
      expect([await entriesOf(one), await entriesOf(other)]).toEqual([['action.decided'], ['action.decided']])
      expect((await store.check()).differences).toEqual([])
    },
  )

  it('3: what a server process still has after its client is gone is ended before anything is written again', async () => {
    const wire = await openWire()
    const store = await openStore({ connection: wire.connection })
    const { record } = await enrol(store)
    const lost = record()
    const letGo = await holdEnd()
    const broke = wire.breakNext('client')
    const sent = store.commit({ facts: [decided(lost)] })
    await broke
    await sleep(200) // it looks, and does not find its entry; the old process still waits for the row
    await letGo()
    const index = await sent
    expect(await entriesOf(lost)).toEqual(['action.decided'])
    expect(await store.journal.read(index, 10)).toHaveLength(1)
    expect(
      await sql(
        `select pid from pg_stat_activity where query like '%put_%' and state = 'active' and pid <> pg_backend_pid()`,
      ),
    ).toEqual([])
  })

  it('5: half of a message holds up the others for a moment, and nothing of it stands', async () => {
    const [wire, other] = [await openWire(), await openStore()]
    const store = await openStore({ connection: wire.connection })
    const { record } = await enrol(store)
    const [half, whole] = [record(), record()]
    const broke = wire.breakNext('sync')
    const sent = store.commit({ facts: [decided(half)] }).catch((error: unknown) => error)
    await broke
    await other.commit({ facts: [decided(whole)] })
    expect(await entriesOf(whole)).toEqual(['action.decided'])
    const index = await sent
    expect(await entriesOf(half)).toEqual(typeof index === 'number' ? ['action.decided'] : [])
  })

  it('5: who holds up the others for longer than anybody may is ended, whatever the server does about it', async () => {
    const [store, letGo] = [await openStore(), await holdEnd()] // without the limits that our own connections have
    await store.commit({ facts: [founded()] })
    await expect(letGo()).rejects.toThrow()
  })

  it('6, 7, 8: nobody is refused by what is no longer so, and nothing is let pass that is', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const { agent, record } = await enrol(one)
    const attempt = (version: number) => {
      const action = record()
      return { facts: begins(action, samplePermit(action, { agentVersion: version })) }
    }
    await other.commit({ facts: [founded()] }) // it has the agent as it is now
    const stop = { ...agent, version: 2, status: 'stopped' as const }
    await one.commit({ facts: [agentChanged(stop, 'stopped')] })
    await expect(other.commit(attempt(1))).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
    await one.commit({ facts: [agentChanged({ ...agent, version: 3 }, 'started')] })
    await other.commit(attempt(3)) // by what it knew before, this agent is stopped
  })

  it('8: a grant that another instance has spent is spent here (P6)', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const { record } = await enrol(one)
    const action = record()
    const question = sampleOpen(action)
    const grant = granted(question)
    await one.commit({ facts: [decided(action), asked(question), changed('granted', grant)] })
    await other.commit({ facts: [founded()] })
    const spend = () => {
      const again = sampleRecord({ action: action.action })
      const permit = samplePermit(again, { approval: question.id, replayable: false })
      return { facts: [decided(again), changed('spent', spent(grant, permit.id)), permitted(permit)] }
    }
    await one.commit(spend())
    await expect(other.commit(spend())).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
  })

  it.each<[string, string, (on: Judged) => Fact]>([
    ['a key', 'ERR_STORE_CONFLICT', ({ agent }) => agentChanged({ ...agent, version: 2 }, 'key-revoked')],
    [
      'whoever signed',
      'ERR_STORE_CONFLICT',
      ({ person }) => personChanged({ ...person, version: 2, groups: [] }, 'signed-in'),
    ],
    ['policies', 'ERR_POLICY_OUTDATED', () => activated('v2')],
    [
      'a tool',
      'ERR_TOOL_CHANGED',
      ({ tool }) => toolChanged({ ...tool, version: 2, pinned: { hash: 'd'.repeat(64), says: {} } }, 'accepted'),
    ],
  ])(
    '9: what the gate judged on is compared where the permit would stand: %s that moved on another instance',
    async (_, code, move) => {
      const [one, other] = [await openStore(), await openStore()]
      const { agent, record } = await enrol(one)
      const [person, tool, action] = [samplePerson(), sampleTool(), record()]
      await one.commit({ facts: [personChanged(person), toolChanged(tool), activated('v1')] })
      await other.commit({ facts: [decided(record())] }) // it has all of them as they are now
      await one.commit({ facts: [move({ agent, person, tool })] })
      const people = [{ id: person.id, version: 1 }]
      const judgedOn = { people, tool: { id: tool.id, definition: tool.pinned?.hash ?? '' } }
      const permit = samplePermit(action, judgedOn)
      await expect(other.commit({ facts: begins(action, permit) })).rejects.toMatchObject({ code })
      expect(await entriesOf(action)).toEqual([])

      // An instance that starts now, and reads rows instead of what happened, knows it as well.
      const third = await openStore()
      await expect(third.commit({ facts: begins(action, permit) })).rejects.toMatchObject({ code })
      expect((await third.check()).differences).toEqual([])
    },
  )

  it('10: whose clock is wrong writes the time of the database, and decides nothing by its own', async () => {
    const store = await openStore()
    const now = Date.now()
    await store.commit({ facts: [founded()], notAfter: now + 60_000, notBefore: now - 60_000 })
    await expect(store.commit({ facts: [founded()], notAfter: now - 1_000 })).rejects.toMatchObject({
      code: 'ERR_STORE_LATE',
    })
    await expect(store.commit({ facts: [founded()], notBefore: now + 60_000 })).rejects.toMatchObject({
      code: 'ERR_STORE_CONFLICT',
    })
    const late = store.commit({ facts: [founded()], notAfter: now - 1_000 })
    const others = Promise.all([store.commit({ facts: [founded()] }), store.commit({ facts: [founded()] })])
    await expect(late).rejects.toMatchObject({ code: 'ERR_STORE_LATE' })
    expect(await others).toHaveLength(2) // one that is late takes nobody with it
  })

  it('12: a warning that a commit was not waited for is not believed; it stands once', async () => {
    const store = await openStore()
    await sql(`create function warn() returns trigger language plpgsql as
      $$ begin raise warning 'canceling wait for synchronous replication' using errcode = '01000'; return new; end $$`)
    await sql('create trigger warns after insert on permit for each row execute function warn()')
    const { record } = await enrol(store)
    const action = record()
    const index = await store.commit({ facts: begins(action, samplePermit(action)) })
    expect(await entriesOf(action)).toEqual(['action.allowed'])
    expect(await store.journal.read(index, 10)).toHaveLength(1)
  })

  it('12: a warning that is about no commit is not taken for one', async () => {
    await sql(`create function greet() returns event_trigger language plpgsql as
      $$ begin raise warning 'the collation of this database has another version' using errcode = '01000'; end $$`)
    await sql('create event trigger greets on login execute function greet()')
    await sql('alter event trigger greets enable always')
    const store = await openStore()
    expect(await store.commit({ facts: [founded()] })).toBe(0)
  })

  it('13: a ledger that went back behind what was acknowledged is written no more', async () => {
    const store = await openStore()
    await store.commit({ facts: [founded()] })
    const [before] = await sql<{ size: string; frontier: Buffer; root: Buffer; at: string }>('select * from head')
    await store.commit({ facts: [founded()] })
    const hex = (bytes: Buffer | undefined) => `'\\x${bytes?.toString('hex')}'`
    await sql(`alter table segment disable trigger all; delete from segment where first >= ${before?.size};
      update head set size = ${before?.size}, frontier = ${hex(before?.frontier)}, root = ${hex(before?.root)}`)
    for (let again = 0; again < 2; again++) {
      await expect(store.commit({ facts: [founded()] })).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
    }
    expect(await sql('select first from segment')).toHaveLength(Number(before?.size))
  })

  it('14: what is read while others write is read of one moment', async () => {
    const writer = await openStore()
    const { agent, record } = await enrol(writer)
    let writing = true
    const written = (async () => {
      for (let version = 1; writing;) {
        const action = record()
        version += 1
        await writer.commit({
          facts: [
            agentChanged({ ...agent, version }),
            ...begins(action, samplePermit(action, { agentVersion: version })),
          ],
        })
      }
    })()
    for (let round = 0; round < 5; round++) {
      const reader = await openStore()
      const now = await reader.agents.get(agent.id)
      const action = record()
      await reader
        .commit({ facts: begins(action, samplePermit(action, { agentVersion: now?.version ?? 0 })) })
        .catch((error: unknown) => expect(isError(error, 'ERR_STORE_CONFLICT')).toBe(true))
    }
    writing = false
    await written
    expect((await writer.check()).differences).toEqual([])
  })

  it('15: asks for the isolation that it needs, whatever the database’s is', async () => {
    await sql(`alter database "${connection.database}" set default_transaction_isolation = 'serializable'`)
    const stores = [await openStore(), await openStore()]
    const all = Array.from({ length: 40 }, (_, place) => stores[place % 2]?.commit({ facts: [founded()] }))
    expect(new Set(await Promise.all(all)).size).toBe(40)
  })

  it('17: a question ends, and the same is asked anew, in one change and in one batch', async () => {
    const store = await openStore()
    const { record } = await enrol(store)
    const ask = () => {
      const action = record()
      return { action, question: sampleOpen(action) }
    }
    const anew = ({ action }: ReturnType<typeof ask>) => sampleOpen(sampleRecord({ action: action.action }))
    const [one, other] = [ask(), ask()]
    await store.commit({ facts: [asked(one.question), asked(other.question)] })
    const next = [anew(one), anew(other)] as const
    await Promise.all([
      store.commit({ facts: [changed('expired', expired(one.question)), asked(next[0])] }),
      store.commit({ facts: [changed('expired', expired(other.question))] }),
      store.commit({ facts: [asked(next[1])] }),
    ])
    expect(await store.approvals.latest(one.question.digest)).toEqual(next[0])
    expect(await store.approvals.latest(other.question.digest)).toEqual(next[1])
    expect((await store.check()).differences).toEqual([])
  })

  it('18: stands behind the very entries that it was judged on, not only behind so many', async () => {
    const store = await openStore()
    await store.commit({ facts: [founded()] })
    await sql(`update head set root = '\\x${'00'.repeat(32)}'`)
    await expect(store.commit({ facts: [founded()] })).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
  })

  it('19, 24: an attempt that another instance has permitted is known here, with its permit (P10)', async () => {
    const [one, other] = [await openStore({ remembered: 0 }), await openStore({ remembered: 0 })]
    const { record } = await enrol(one)
    const attempt = { credential: unique('key'), id: 'the same' }
    const [first, second, third] = [record(), record(), record()].map((each) => ({ ...each, attempt }))
    if (!first || !second || !third) throw new Error('three of them')
    const leave = samplePermit(first)
    await one.commit({ facts: [...begins(first, leave), finished(leave)] })
    const known = { code: 'ERR_ATTEMPT_KNOWN', detail: { id: leave.id } }
    const bystanders = [record(), record()].map((each) => other.commit({ facts: [decided(each)] }))
    await expect(other.commit({ facts: begins(second, samplePermit(second)) })).rejects.toMatchObject(known)
    await expect(one.commit({ facts: begins(third, samplePermit(third)) })).rejects.toMatchObject(known)
    await Promise.all(bystanders)
    expect([await entriesOf(second), await entriesOf(third)]).toEqual([[], []])
  })

  it('20: a stop gets through beside an instance that never rests (P15)', async () => {
    const [busy, calm] = [await openStore(), await openStore()]
    const { agent } = await enrol(calm)
    let resting = false
    const never = Array.from({ length: 8 }, async () => {
      while (!resting) await busy.commit({ facts: [founded()] })
    })
    await sleep(50)
    await calm.commit({ facts: [stopped(agent)] })
    resting = true
    await Promise.all(never)
    expect((await busy.agents.get(agent.id))?.status).toBe('stopped')
  })

  it('20: one that stands still while everybody waits for it is ended, and goes again', async () => {
    const [wire, other] = [await openWire(), await openStore()]
    const store = await openStore({ connection: wire.connection })
    const { record } = await enrol(other)
    const [still, next] = [record(), record()]
    const broke = wire.breakNext('still')
    const sent = store.commit({ facts: [decided(still)] }) // behind the other, so that it loses first
    await broke
    await other.commit({ facts: [decided(next)] })
    await sent
    expect([await entriesOf(next), await entriesOf(still)]).toEqual([['action.decided'], ['action.decided']])
  })

  it('22: a commit of many facts is whole, in as many segments as it takes', async () => {
    const store = await openStore()
    const { agent } = await enrol(store)
    const { size } = await store.ledger.head()
    const of = (person: string) => sampleRecord({ action: sampleAction({ agent: agent.id, onBehalfOf: person }) })
    const facts = Array.from({ length: 100 }, (_, at) => decided(of(`per_${at % 7}`)))
    expect(await store.commit({ facts })).toBe(size)
    const segments = await sql<{ first: string; count: number }>('select first, count from segment order by first')
    expect(segments.map(({ count }) => count).slice(-7)).toEqual([16, 16, 16, 16, 16, 16, 4])
    expect((await store.journal.read(size, 200)).map(({ fact }) => fact)).toEqual(facts)
    expect((await store.journal.read(size + 30, 5)).map(({ fact }) => fact)).toEqual(facts.slice(30, 35))
    expect(await store.ledger.leaves(size + 15, 2)).toEqual(
      (await store.ledger.leaves(0, 200)).slice(size + 15, size + 17),
    )
    expect((await store.check()).differences).toEqual([])
  })

  it('H: what an erased agent did for people who are not is no difference', async () => {
    const store = await openStore()
    const agent = sampleAgent()
    const record = sampleRecord({ action: sampleAction({ agent: agent.id, onBehalfOf: unique('per') }) })
    const permit = samplePermit(record)
    await store.commit({ facts: [agentChanged(agent), ...begins(record, permit), finished(permit)] })
    await store.journal.erase(agent.id)
    expect((await store.check()).differences).toEqual([])
  })

  it('H: nor is what others ran that an erased person had approved', async () => {
    const store = await openStore()
    const { record } = await enrol(store)
    const [person, action] = [samplePerson(), record()]
    await store.commit({ facts: [personChanged(person)] })
    const permit = samplePermit(action, { people: [{ id: person.id, version: 1 }] })
    await store.commit({ facts: [...begins(action, permit), finished(permit)] })
    await store.journal.erase(person.id)
    expect((await store.check()).differences).toEqual([])
  })

  it('what nobody waits for is written with what comes next, and before the store is closed', async () => {
    const store = await openStore()
    const { record } = await enrol(store)
    const [one, other] = [record(), record()]
    const lazy = store.commit({ facts: [decided(one)], lazy: true })
    const index = await store.commit({ facts: [founded()] })
    expect(await lazy).toBe(index - 1)
    const alone = store.commit({ facts: [decided(other)], lazy: true })
    for (const one of opened.splice(0).toReversed()) await one.close()
    expect(await alone).toBe(index + 1)
    expect(await entriesOf(other)).toEqual(['action.decided'])
  })
})
