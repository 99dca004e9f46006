import pg from 'pg'
import { expect, it } from 'vitest'
import { decided } from '../conformance.ts'
import { enrol } from '../conformance/stage.ts'
import { createPostgresStore } from './postgres.ts'
import { startTestServer, testKeys } from './testing.ts'
import { keepStatistics } from './statistics.ts'

it('looks each time the ledger is four times as long, and no more often', async () => {
  let looks = 0
  const query = async () => ((looks += 1), [])
  const statistics = keepStatistics({ query }, 0)
  const after: number[] = []
  for (const size of [1, 127, 128, 129, 511, 512, 2_047, 9_000, 36_000]) {
    statistics.grown(size)
    await statistics.close()
    after.push(looks)
  }
  expect(after).toEqual([0, 0, 1, 1, 1, 2, 2, 3, 4])
})

it('no database that is away stops it', async () => {
  const statistics = keepStatistics({ query: () => Promise.reject(new Error('away')) }, 100)
  statistics.grown(400)
  await statistics.close()
})

it(
  'so a young deployment finds an action by its id, and reads no table from end to end',
  { timeout: 60_000 },
  async () => {
    const postgres = await startTestServer()
    const connection = await postgres.freshDatabase()
    const sql = new pg.Client(connection)
    const store = await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    try {
      await sql.connect()
      const { record } = await enrol(store)
      for (let count = 0; count < 130; count += 1) await store.commit({ facts: [decided(record())] })
      const tuples = async () => (await sql.query(`select reltuples from pg_class where relname = 'mention'`)).rows[0]
      await expect.poll(tuples).not.toEqual({ reltuples: -1 })
      const { rows } = await sql.query(`explain select entry from mention where tenant = 'default' and what = 'act_1'`)
      expect(JSON.stringify(rows)).toContain('mention_pkey')
    } finally {
      await sql.end()
      await store.close()
      await postgres.close()
    }
  },
)
