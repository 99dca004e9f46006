/**
 * One embedded server per test file, a fresh database per store.
 *
 * @module
 */
import type { Clock, Store, VaultKeys } from '@countersign/core'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findAccount } from './embedded/account.ts'
import { findBinaries } from './embedded/binaries.ts'
import { prepareCluster } from './embedded/cluster.ts'
import { createPostgresStore } from './postgres.ts'
import { type Embedded, startEmbedded } from './supervisor.ts'

export interface TestServer {
  readonly server: Embedded
  readonly dataDir: string
  /** The connection to a database that did not exist before, with every table and nothing in them. */
  freshDatabase(): Promise<pg.ClientConfig>
  freshStore(clock?: Clock): Promise<Store>
  close(): Promise<void>
}

export const testKeys = (): VaultKeys => ({ kek: randomBytes(32), tenant: randomBytes(32) })

/** Made by initdb once per machine and version. */
export const templateDir = join(tmpdir(), 'countersign-test-clusters')

/** What a first start would find made: for whoever is not about the first start, initdb takes a second of work. */
export async function putCluster(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  const account = await findAccount(dataDir)
  const binaries = await findBinaries(undefined, account, dataDir)
  await prepareCluster({ folder: join(dataDir, 'cluster'), binaries, account, templateDir })
}

/** Asks the server by itself, past every store. */
export async function connect(connection: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(connection)
  await client.connect()
  return client
}

export async function startTestServer(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-test-'))
  const server = await startEmbedded({ dataDir, templateDir })

  async function createDatabase(database: string, template: string): Promise<pg.ClientConfig> {
    const client = await connect(server.connection)
    await client.query(`create database ${database} template ${template}`)
    await client.end()
    return { ...server.connection, database }
  }

  async function migrated(): Promise<string> {
    const connection = await createDatabase('migrated', 'template1')
    await (await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })).close()
    return 'migrated'
  }

  let template: Promise<string> | undefined
  async function freshDatabase(): Promise<pg.ClientConfig> {
    template ??= migrated()
    return createDatabase(`test_${randomUUID().replaceAll('-', '')}`, await template)
  }

  return {
    server,
    dataDir,
    freshDatabase,
    async freshStore(clock) {
      const connection = await freshDatabase()
      return createPostgresStore({
        connection,
        keys: testKeys(),
        origin: 'test.example/default',
        clock,
        connections: 2,
      })
    },
    async close() {
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
