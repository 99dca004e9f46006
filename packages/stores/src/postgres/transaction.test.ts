import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Db, openDb, type Statement } from './db.ts'
import { startTestServer, type TestServer } from './testing.ts'
import { bytesArray, integerArray, textArray, type Value } from './values.ts'

const make: Statement = { name: 'test_make', text: 'create table if not exists thing (id int primary key, says text)' }
const add: Statement = { name: 'test_add', text: 'insert into thing values ($1, $2)' }
const all: Statement = { name: 'test_all', text: 'select id, says from thing order by id' }
const copy: Statement = { name: 'test_copy', text: 'copy thing from stdin' }
const broken: Statement = { name: 'test_broken', text: 'select 1 / $1::int as never' }

describe('a transaction', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let db: Db

  beforeAll(async () => {
    postgres = await startTestServer()
    db = openDb({ connection: await postgres.freshDatabase() })
    await db.query(make)
  }, 60_000)
  afterAll(async () => {
    await db.close()
    await postgres.close()
  })

  const things = async () => (await db.query<{ says: string }>(all)).map(({ says }) => says)

  it('answers each of the statements that travel together, in order', async () => {
    const answers = await db.tx(async (session) => {
      session.send(add, [1, 'one'])
      const [one, none, two] = await Promise.all([
        session.query(all),
        session.query(add, [2, null]),
        session.query(all),
      ])
      return { one, none, two }
    })
    expect(answers).toEqual({ one: [{ id: 1, says: 'one' }], none: [], two: [...answers.one, { id: 2, says: null }] })
  })

  it('fails with what was sent but not waited for, and then nothing of it stands', async () => {
    const sent = db.tx(async (session) => {
      session.send(add, [10, 'ten'])
      session.send(add, [10, 'ten again'])
      session.send(add, [11, 'eleven'])
    })
    await expect(sent).rejects.toMatchObject({ code: '23505' })
    expect(await things()).not.toContain('ten')
  })

  it('tells everyone the first failure, not that the transaction is over', async () => {
    const failures: unknown[] = []
    const asked = db.tx(async (session) => {
      const each = await Promise.allSettled([session.query(broken, [0]), session.query(all)])
      for (const one of each) failures.push(one.status === 'rejected' ? one.reason : undefined)
      await session.query(all)
    })
    await expect(asked).rejects.toMatchObject({ code: 'ERR_INTERNAL', detail: { sqlstate: '22012' } })
    expect(failures).toMatchObject([{ code: '22012' }, { code: '22012' }])
  })

  it('takes the rows of a copy in the same go, and what comes after them', async () => {
    const found = await db.tx(async (session) => {
      session.copy(copy, Buffer.from('20\tcopied\n21\tas well\n'))
      session.send(add, [22, 'after'])
      return session.query(all)
    })
    expect(found.map(({ says }) => says)).toEqual(expect.arrayContaining(['copied', 'as well', 'after']))
  })

  it.each<[string, Statement, string, number]>([
    ['a statement before it', { name: '', text: 'select 1 / 0' }, '30\tthirty\n', 31],
    ['one of its rows', all, 'thirty\t30\n', 32],
  ])('passes over a copy that fails with %s, and goes on', async (_, before, rows, id) => {
    const sent = db.tx(async (session) => {
      session.send(before)
      session.copy(copy, Buffer.from(rows))
      await session.query(all)
    })
    await expect(sent).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
    expect(await things()).not.toContain('thirty')
    await db.tx(async (session) => session.copy(copy, Buffer.from(`${id}\tthen ${id}\n`)))
    expect(await things()).toContain(`then ${id}`)
  })

  it('takes the same statements after one of them has failed', async () => {
    await expect(db.tx((session) => session.query(broken, [0]))).rejects.toThrow()
    for (const by of [1, 2]) {
      expect(await db.tx((session) => session.query(broken, [by]))).toEqual([{ never: Math.trunc(1 / by) }])
    }
  })

  it('works without names as well, as behind an old pgbouncer', async () => {
    const nameless = openDb({ connection: await postgres.freshDatabase(), namedStatements: false })
    try {
      await nameless.query(make)
      await nameless.tx(async (session) => session.send(add, [1, 'one']))
      expect(await nameless.tx((session) => session.query(all))).toEqual([{ id: 1, says: 'one' }])
    } finally {
      await nameless.close()
    }
  })

  it('hands lists over as they are, whatever they hold', async () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''))
    const ask = async (type: string, value: Value) => {
      const statement = {
        name: `test_list_${type}`,
        text: `select $1::${type}[] as list, array_length($1::${type}[], 1) as length`,
      }
      return (await db.tx((session) => session.query<{ list: unknown[] }>(statement, [value])))[0]?.list
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(text)),
        fc.array(fc.uint8Array()),
        fc.array(fc.maxSafeInteger()),
        async (texts, bytes, integers) => {
          expect(await ask('text', textArray(texts))).toEqual(texts)
          expect(await ask('text', texts)).toEqual(texts)
          expect(await ask('bytea', bytesArray(bytes))).toEqual(bytes.map((each) => Buffer.from(each)))
          expect((await ask('bigint', integerArray(integers)))?.map(Number)).toEqual(integers)
        },
      ),
      { numRuns: 30 },
    )
  })
})
