import { isError, newId, type Store } from '@countersign/core'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  agentChanged,
  asked,
  changed,
  decided,
  follow,
  founded,
  granted,
  permitted,
  personChanged,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  spent,
} from '../conformance.ts'
import { openDb } from './db.ts'
import { createPostgresStore } from './postgres.ts'
import { startEmbedded } from './supervisor.ts'
import { startTestServer, templateDir, testKeys, type TestServer } from './testing.ts'

describe('several instances on one database', { timeout: 60_000 }, () => {
  const keys = testKeys()
  const stores: Store[] = []
  let postgres: TestServer
  let connection: pg.ClientConfig

  const openStore = async (): Promise<Store> => {
    const store = await createPostgresStore({ connection, keys, origin: 'test.example/default', connections: 2 })
    stores.push(store)
    return store
  }

  beforeAll(async () => {
    postgres = await startTestServer()
    connection = await postgres.freshDatabase()
  }, 60_000)
  afterAll(async () => {
    for (const store of stores) await store.close()
    await postgres.close()
  })

  it('grow one ledger without gaps, and each follows what the others write', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const { size } = await one.ledger.head()
    const following = follow(other, size, 60)
    await Promise.all(
      Array.from({ length: 30 }, (_, place) => [one, other][place % 2]?.commit({ facts: [founded(), founded()] })),
    )
    expect((await following).map(({ index }) => index)).toEqual(Array.from({ length: 60 }, (_, place) => size + place))
  })

  it('spend a grant once, whoever is asked (P6)', async () => {
    const both = [await openStore(), await openStore()] as const
    const agent = sampleAgent()
    const record = sampleRecord({ action: sampleAction({ agent: agent.id }) })
    const question = sampleOpen(record)
    const grant = granted(question)
    await both[0].commit({ facts: [agentChanged(agent), decided(record), asked(question), changed('granted', grant)] })

    const racing = Array.from({ length: 40 }, (_, place) => {
      const again = sampleRecord({ action: record.action })
      const permit = samplePermit(again, { approval: question.id })
      const facts = [decided(again), changed('spent', spent(grant, permit.id)), permitted(permit)]
      return both[place % 2 === 0 ? 0 : 1].commit({ facts })
    })
    const results = await Promise.allSettled(racing)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected')
        expect(isError(result.reason, 'ERR_STORE_CONFLICT', 'ERR_GRANT_SPENT')).toBe(true)
    }
  })

  it('never write with a key that another instance has destroyed (P12)', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const person = samplePerson()
    await one.commit({ facts: [personChanged(person)] })
    await other.journal.erase(person.id)
    const index = await one.commit({ facts: [personChanged(person)] })
    expect((await other.journal.read(index, 1)).map(({ fact }) => fact)).toEqual([personChanged(person)])
  })

  it('do not wait for one that fell silent in the middle of a commit (P14)', async () => {
    const [store, silent] = [await openStore(), openDb({ connection })]
    let goOn = () => undefined as void
    const hung = new Promise<void>((resolve) => (goOn = resolve))
    const locked = new Promise<void>((resolve) => {
      void silent
        .tx(async (session, tries) => {
          if (tries > 0) return
          await session.query({ name: 'lock', text: `select size from head where tenant = 'default' for update` })
          resolve()
          await hung
          await session.query({ name: 'look', text: 'select size from head' })
        })
        .catch(() => undefined)
    })
    await locked
    await store.commit({ facts: [founded()] })
    goOn()
    await silent.close()
  })

  it('give nothing of one change away to another that cannot be saved', async () => {
    const store = await openStore()
    const barred = Array.from({ length: 2_000 }, () => newId('per'))
    const broken = sampleOpen(sampleRecord(), { barred }) // too long for its index: fails in the database, not in our rules
    const good = sampleRecord()
    const results = await Promise.allSettled([
      store.commit({ facts: [decided(good)] }),
      store.commit({ facts: [asked(broken)] }),
      store.commit({ facts: [founded()] }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'ERR_INTERNAL' } })
    expect((await store.actions.get(good.id))?.life.record).toEqual(good)
  })
})

describe('a store whose server is gone', { timeout: 60_000 }, () => {
  it('refuses as unavailable, and works again by itself with all that was acknowledged (P8, P14)', async () => {
    const postgres = await startTestServer()
    const connection = await postgres.freshDatabase()
    const store = await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    const index = await store.commit({ facts: [founded()] })
    const following = follow(store, index, 2)

    await postgres.server.close()
    await expect(store.commit({ facts: [founded()] })).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    await expect(store.ledger.head()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })

    const restarted = await startEmbedded({ dataDir: postgres.dataDir, templateDir })
    expect(await store.commit({ facts: [founded()] })).toBe(index + 1)
    expect((await following).map((entry) => entry.index)).toEqual([index, index + 1])
    await store.close()
    await restarted.close()
    await postgres.close()
  })

  it('loses nothing that was acknowledged when PostgreSQL is killed under load (P14)', async () => {
    const postgres = await startTestServer()
    const connection = await postgres.freshDatabase()
    const store = await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    const acknowledged: string[] = []
    let writing = true
    const writers = Array.from({ length: 8 }, async () => {
      while (writing) {
        const record = sampleRecord()
        await store.commit({ facts: [decided(record)] }).then(
          () => acknowledged.push(record.id),
          (error: unknown) => expect(isError(error, 'ERR_STORE_UNAVAILABLE')).toBe(true),
        )
      }
    })
    for (let round = 1; round <= 3; round += 1) {
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(round * 20), 20_000)
      const killed = postgres.server.pid
      process.kill(killed, 'SIGKILL')
      // Its backends go on for a moment without it.
      await vi.waitFor(() => expect(postgres.server.pid).not.toBe(killed), 20_000)
      const before = acknowledged.length
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + 20), 20_000)
    }
    writing = false
    await Promise.all(writers)

    const { size } = await store.ledger.head()
    const entries = await store.journal.read(0, size)
    expect(entries.map((entry) => entry.index)).toEqual(Array.from({ length: size }, (_, index) => index))
    const recorded = entries.flatMap(({ fact }) => (fact.kind === 'action.decided' ? [fact.record.id] : []))
    expect(new Set(recorded).size).toBe(recorded.length) // nothing written twice
    expect(acknowledged.filter((id) => !recorded.includes(id))).toEqual([])
    await store.close()
    await postgres.close()
  })
})

describe('a server that is no memory', { timeout: 60_000 }, () => {
  it('is refused at the start', async () => {
    const postgres = await startTestServer()
    const connection = { ...(await postgres.freshDatabase()), options: '-c synchronous_commit=off' }
    const opened = createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    await expect(opened).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      detail: 'This database cannot be the store: synchronous_commit is off.',
    })
    await postgres.close()
  })
})
