/**
 * PostgreSQL as it comes with Countersign, on a disk and for one bench alone.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VaultKeys } from '@countersign/core'
import { createPostgresStore } from '@countersign/stores'
import type pg from 'pg'
import { connect } from '../packages/stores/src/postgres/testing.ts'
import { startEmbedded } from '../packages/stores/src/postgres/supervisor.ts'

export type Server = Awaited<ReturnType<typeof openServer>>

export async function openServer() {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  await chmod(folder, 0o711) // as root, PostgreSQL runs as someone else, who has to pass
  const server = await startEmbedded({ dataDir: join(folder, 'pg') })
  const keys: VaultKeys = { kek: randomBytes(32), tenant: randomBytes(32) }
  let databases = 0
  return {
    folder,
    keys,
    /** An empty one each time. */
    async freshDatabase(): Promise<pg.ClientConfig> {
      const client = await connect(server.connection)
      const database = `bench_${(databases += 1)}`
      await client.query(`create database ${database}`)
      await client.end()
      return { ...server.connection, database }
    },
    openStore: (connection: pg.ClientConfig) => createPostgresStore({ connection, keys, origin: 'bench/default' }),
    async close() {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
