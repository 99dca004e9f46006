import type { Store } from '@countersign/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  agentChanged,
  asked,
  changed,
  decided,
  granted,
  permitted,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  unique,
} from '../conformance.ts'
import { createPostgresStore } from './postgres.ts'
import { startTestServer, testKeys, type TestServer } from './testing.ts'

/** What holds even if our own code is wrong, or somebody has a SQL prompt. */
describe('the database itself', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let store: Store
  let sql: pg.Client

  const agent = sampleAgent()
  const parameter = unique('parameter')
  const record = sampleRecord({ action: sampleAction({ agent: agent.id, parameters: { parameter } }) })
  const question = sampleOpen(record, { barred: ['per-owner'] })
  const signature = sampleSignature(question, 'per-one')
  const permit = samplePermit(record, { approval: question.id })

  beforeAll(async () => {
    postgres = await startTestServer()
    const connection = await postgres.freshDatabase()
    store = await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    await store.commit({ facts: [agentChanged(agent), decided(record), asked(question)] })
    await store.commit({ facts: [changed('granted', granted(question, signature), signature), permitted(permit)] })
    sql = new pg.Client(connection)
    await sql.connect()
  }, 60_000)
  afterAll(async () => {
    await sql.end()
    await store.close()
    await postgres.close()
  })

  const sign = (person: string, barred = ['per-owner']) =>
    sql.query("insert into countersignature values ('default', $1, $2, $3, 'approve', 0)", [
      question.id,
      person,
      barred,
    ])

  it('lets nobody who is barred sign (P3)', async () => {
    await expect(sign('per-owner')).rejects.toMatchObject({ constraint: 'nobody_signs_their_own' })
  })

  it('lets nobody sign under another list of who is barred (P3)', async () => {
    await expect(sign('per-owner', [])).rejects.toMatchObject({ constraint: 'barred_as_asked' })
  })

  it('lets nobody who has signed become barred afterwards: the signature would have to go first (P3)', async () => {
    const bar = sql.query("update approval set barred = '{per-owner,per-one}' where id = $1", [question.id])
    await expect(bar).rejects.toMatchObject({ constraint: 'nobody_signs_their_own' })
  })

  it('bars whoever is added to the list from then on (P3)', async () => {
    await sql.query("update approval set barred = '{per-owner,per-two}' where id = $1", [question.id])
    await expect(sign('per-two', ['per-owner', 'per-two'])).rejects.toMatchObject({
      constraint: 'nobody_signs_their_own',
    })
  })

  it('counts a person once (P5)', async () => {
    const { rows } = await sql.query<{ barred: string[] }>('select barred from approval where id = $1', [question.id])
    await expect(sign('per-one', rows[0]?.barred)).rejects.toMatchObject({ constraint: 'one_person_signs_once' })
  })

  it('spends a grant once (P6)', async () => {
    const copy = `insert into permit select tenant, 'prm_copy', action, approval, credential, 'another', digest_key,
      replayable, deadline, outcome, delivered, entry, ended_entry from permit`
    await expect(sql.query(copy)).rejects.toMatchObject({ constraint: 'grant_spent_once' })
  })

  it('permits an attempt once (P10)', async () => {
    const copy = `insert into permit select tenant, 'prm_copy', action, null, credential, attempt_key, digest_key,
      replayable, deadline, outcome, delivered, entry, ended_entry from permit`
    await expect(sql.query(copy)).rejects.toMatchObject({ constraint: 'attempt_permitted_once' })
  })

  it.each([
    'update segment set at = 0',
    `update segment set leaves = ''`,
    `update segment set subjects = '{}'`,
    'delete from segment',
    'truncate segment',
    'update mention set entry = 0',
    'delete from mention',
    'truncate mention',
  ])('keeps every entry: %s (P11)', async (text) => {
    await expect(sql.query(text)).rejects.toThrow('append-only')
  })

  it('holds no word of a payload in the clear (P12)', async () => {
    const { rows } = await sql.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    )
    expect(rows.length).toBeGreaterThan(10)
    for (const { name } of rows) {
      const found = await sql.query<{ text: string }>(`select row::text as text from ${name} row`)
      const text = found.rows.map((row) => row.text).join('\n')
      for (const secret of [record.sentence, record.digest, parameter]) {
        expect([name, text.includes(secret)]).toEqual([name, false])
        expect([name, text.includes(Buffer.from(secret).toString('hex'))]).toEqual([name, false])
      }
    }
  })
})
