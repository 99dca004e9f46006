/**
 * What an allowed action costs, in what can be counted: it is the same on every machine. What a clock says is in `bench/`.
 *
 * @module
 */
import { connect as connectTo, createServer } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPostgresStore } from '@countersign/stores'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAllowed, sampleRegistry } from '../bench/allowed.ts'
import { connect, startTestServer, testKeys, type TestServer } from '../packages/stores/src/postgres/testing.ts'

interface Cost {
  /** Messages that make the server run something. */
  readonly statements: number
  readonly transactions: number
  readonly walBytes: number
  /** Written or written anew in tables. */
  readonly rows: number
  /** At most: as if each new row, and each that moved, were in every index of its table. */
  readonly indexRows: number
  readonly entries: number
}

/** For each allowed action, at most. A change that needs more says why where it changes this table. */
const bounds: readonly { readonly atOnce: number; readonly waves: number; readonly most: Cost }[] = [
  {
    atOnce: 1,
    waves: 40,
    most: { statements: 4.5, transactions: 5, walBytes: 5_500, rows: 2.6, indexRows: 1.5, entries: 2 },
  },
  {
    atOnce: 64,
    waves: 8,
    most: { statements: 0.3, transactions: 0.4, walBytes: 4_500, rows: 0.35, indexRows: 0.35, entries: 2 },
  },
]

describe('an allowed action', { timeout: 60_000 }, () => {
  let postgres: TestServer
  beforeAll(async () => void (postgres = await startTestServer()), 60_000)
  afterAll(() => postgres.close())

  it.each(bounds)('costs no more than is agreed, $atOnce at once', async ({ atOnce, waves, most }) => {
    const { before, after } = await measured(await postgres.freshDatabase(), atOnce, waves)
    const actions = atOnce * waves
    const each = (total: number) => Math.round((total / actions) * 100) / 100
    const cost: Cost = {
      statements: each(after.statements - before.statements),
      transactions: each(after.transactions - before.transactions),
      walBytes: each(after.walBytes - before.walBytes),
      rows: each(after.rows - before.rows),
      indexRows: each(after.indexRows - before.indexRows),
      entries: each(after.entries - before.entries),
    }
    const over = Object.keys(most).filter((name) => cost[name as keyof Cost] > most[name as keyof Cost])
    expect(over.map((name) => `${name}: ${cost[name as keyof Cost]} of ${most[name as keyof Cost]}`)).toEqual([])
  })
})

async function measured(server: pg.ClientConfig, atOnce: number, waves: number) {
  const wire = await openCountedWire(server)
  const looking = await connect(server)
  const keys = testKeys()
  const registry = await sampleRegistry()
  try {
    await pass(2) // pages, files, the agent
    return await pass(waves)
  } finally {
    await looking.end()
    await wire.close()
  }

  /** What was counted before and after so many times so many, in a store of their own: a server process tells what it counted when it ends. */
  async function pass(times: number) {
    const opening = await openStore()
    await opening.close() // what it takes to open a store is not the action's
    const took = wire.statements()
    const before = { ...(await counted(looking)), statements: took }
    const store = await openStore()
    const { pass: once, close } = await openAllowed({ store, registry })
    for (let wave = 0; wave < times; wave += 1) await Promise.all(Array.from({ length: atOnce }, once))
    await store.close()
    close()
    return { before, after: { ...(await counted(looking)), statements: wire.statements() } }
  }

  async function openStore() {
    return createPostgresStore({ connection: wire.connection, keys, origin: 'test.example/default' })
  }
}

async function counted(client: pg.Client) {
  const { rows } = await client.query<Record<'entries' | 'transactions' | 'wal' | 'rows' | 'index_rows', string>>(`
    select (select size from head) as entries, (select xact_commit from pg_stat_database where datname = current_database()) as transactions,
      pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal,
      sum(n_tup_ins + n_tup_upd) as rows,
      sum((n_tup_ins + n_tup_upd - n_tup_hot_upd) * (select count(*) from pg_index where indrelid = relid)) as index_rows
    from pg_stat_user_tables`)
  const [{ entries, transactions, wal, rows: touched, index_rows: inIndexes } = {}] = rows as Partial<
    (typeof rows)[number]
  >[]
  return {
    entries: Number(entries),
    transactions: Number(transactions),
    walBytes: Number(wal),
    rows: Number(touched),
    indexRows: Number(inIndexes),
  }
}

/** A wire to the server that counts what it is told to run: messages Execute and Query. */
async function openCountedWire({ host, port, ...server }: pg.ClientConfig) {
  let statements = 0
  const folder = await mkdtemp(join(tmpdir(), 'countersign-wire-'))
  const wire = createServer((client) => {
    const upstream = connectTo(`${host}/.s.PGSQL.${port}`)
    client.pipe(upstream).pipe(client)
    let rest = Buffer.alloc(0)
    let begun = false
    client.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      for (;;) {
        // The first message has no type (https://www.postgresql.org/docs/current/protocol-message-formats.html).
        const head = begun ? 1 : 0
        if (rest.length < head + 4) return
        const end = head + rest.readInt32BE(head)
        if (rest.length < end) return
        if (begun && 'EQ'.includes(String.fromCharCode(rest[0] ?? 0))) statements += 1
        begun = true
        rest = rest.subarray(end)
      }
    })
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => void wire.listen(join(folder, `.s.PGSQL.${port}`), resolve))
  return {
    connection: { ...server, host: folder, port },
    statements: () => statements,
    async close() {
      await new Promise((resolve) => void wire.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
}
