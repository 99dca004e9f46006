import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Db, openDb } from './db.ts'
import { migrate } from './migrate.ts'
import { startTestServer, type TestServer } from './testing.ts'

describe('migrations', { timeout: 60_000 }, () => {
  let postgres: TestServer
  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  afterAll(() => postgres.close())

  async function withEmptyDatabase(work: (open: () => Db) => Promise<void>): Promise<void> {
    const database = `empty_${randomUUID().replaceAll('-', '')}`
    const admin = openDb({ connection: postgres.server.connection, connections: 1 })
    await admin.query({ name: '', text: `create database ${database}` })
    await admin.close()
    const opened: Db[] = []
    try {
      await work(() => {
        const db = openDb({ connection: { ...postgres.server.connection, database }, connections: 2 })
        opened.push(db)
        return db
      })
    } finally {
      await Promise.all(opened.map((db) => db.close()))
    }
  }
  const listed = (db: Db) => db.query({ name: '', text: 'select name from migration order by name' })

  it('run once, whichever of several nodes comes first', async () => {
    await withEmptyDatabase(async (open) => {
      const nodes = [open(), open(), open(), open()]
      await Promise.all(nodes.map((node) => migrate(node)))
      expect(await listed(open())).toEqual([
        { name: '0002-state' },
        { name: '0003-lineage' },
        { name: '0005-search' },
        { name: '0006-tools' },
        { name: '0007-lineage-columns' },
        { name: '0009-open-ended' },
        { name: '0010-begun' },
        { name: '0011-tombstones' },
        { name: '0013-members' },
        { name: '0014-erased' },
        { name: '0015-unreported' },
        { name: '0016-linked' },
        { name: '0017-outbox' },
        { name: '0020-judged-on' },
        { name: '0021-pieces' },
        { name: '0100-ledger' },
      ])
    })
  })

  it('go on where one was cut off: every step may run again', async () => {
    await withEmptyDatabase(async (open) => {
      const db = open()
      await migrate(db)
      await db.query({ name: '', text: "delete from migration where name <> '0100-ledger'" })
      await migrate(db)
      expect(await listed(db)).toHaveLength(16)
    })
  })

  it('refuse tables that another version has made', async () => {
    await withEmptyDatabase(async (open) => {
      const db = open()
      await migrate(db)
      await db.query({ name: '', text: "update migration set checksum = 'another' where name = '0002-state'" })
      await expect(migrate(db)).rejects.toMatchObject({
        code: 'ERR_STORE_CONFLICT',
        detail: { migration: '0002-state' },
      })
    })
  })

  it('refuse a ledger of an older format, and leave it as it is', async () => {
    await withEmptyDatabase(async (open) => {
      const db = open()
      await migrate(db)
      await db.query({ name: '', text: `update migration set name = '0001-ledger' where name = '0100-ledger'` })
      const before = await listed(db)
      await expect(migrate(db)).rejects.toMatchObject({
        code: 'ERR_CONFIG_INVALID',
        detail: expect.stringContaining('a ledger of an older format'),
      })
      expect(await listed(db)).toEqual(before)
    })
  })
})

describe('the layer over pg', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let db: Db
  beforeAll(async () => {
    postgres = await startTestServer()
    db = openDb({ connection: { ...postgres.server.connection } })
  }, 60_000)
  afterAll(async () => {
    await db.close()
    await postgres.close()
  })

  it('gives int8 as a number, and never rounds one', async () => {
    const ask = (value: string) => db.query({ name: '', text: `select ${value}::int8 as value` })
    expect(await ask('9007199254740991')).toEqual([{ value: 9_007_199_254_740_991 }])
    await expect(ask('9007199254740993')).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
  })

  it.each(['40001', '40P01'])('runs a transaction again after %s', async (sqlstate) => {
    const attempts: number[] = []
    const fail = { name: '', text: `do $$ begin raise exception 'again' using errcode = '${sqlstate}'; end $$` }
    const result = await db.tx(async (session, attempt) => {
      attempts.push(attempt)
      if (attempt < 2) await session.query(fail)
      return 'done'
    })
    expect([result, attempts]).toEqual(['done', [0, 1, 2]])
  })

  it('says nothing of the values when a statement is wrong (P12)', async () => {
    const wrong = db.query({ name: '', text: 'select $1::int' }, ['a secret'])
    const error: unknown = await wrong.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_INTERNAL', detail: { sqlstate: '22P02' } })
    expect(JSON.stringify([error, String(error)])).not.toContain('a secret')
  })

  it('hears notifications, also after its connection was cut', async () => {
    let wake = () => undefined as void
    const listener = db.listen('test_channel', () => wake())
    const next = () => new Promise<void>((resolve) => (wake = resolve))
    await next() // it listens
    const told = next()
    await db.query({ name: '', text: "select pg_notify('test_channel', '')" })
    await told
    const again = next()
    const cut = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'"
    expect(await db.query({ name: '', text: cut })).toHaveLength(1)
    await again
    await listener.close()
  })
})
