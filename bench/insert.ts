/**
 * What a durable record cannot be cheaper than: the bytes alone, in one statement for all that came meanwhile, and
 * nothing decided, encrypted, hashed or proven.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { connect } from '../packages/stores/src/postgres/testing.ts'

/** As many as the ledger keeps for an action, leaves and records. */
export async function bytesOf(connection: pg.ClientConfig, actions: number): Promise<number> {
  const client = await connect(connection)
  const { rows } = await client.query<{ bytes: string }>(
    'select sum(octet_length(leaves) + octet_length(records)) as bytes from segment',
  )
  await client.end()
  return Math.round(Number(rows[0]?.bytes) / actions)
}

export async function openInsert(connection: pg.ClientConfig, bytes: number) {
  const client = await connect(connection)
  await client.query('create table bare (id bigint generated always as identity primary key, bytes bytea not null)')
  await client.query('alter table bare alter column bytes set storage external')
  const row = randomBytes(bytes)
  const insert = { name: 'bare', text: 'insert into bare (bytes) select unnest($1::bytea[])' }
  let waiting: (() => void)[] = []
  let busy = false

  async function write(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await client.query({ ...insert, values: [batch.map(() => row)] })
      for (const done of batch) done()
    }
    busy = false
  }
  return {
    once: () =>
      new Promise<void>((done) => {
        waiting.push(done)
        if (!busy) void write()
      }),
    close: () => client.end(),
  }
}
