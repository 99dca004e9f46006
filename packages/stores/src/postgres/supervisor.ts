/**
 * A real PostgreSQL of our own: found or unpacked, initialised, started on a private socket, kept running, and gone
 * when this process is.
 *
 * @module
 */
import type { LogLine } from '@countersign/core'
import { chmod, chown, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, findAccount } from './embedded/account.ts'
import { findBinaries } from './embedded/binaries.ts'
import { prepareCluster, role } from './embedded/cluster.ts'
import { port, type Postmaster, startPostmaster } from './embedded/postmaster.ts'

export interface EmbeddedOptions {
  /** A folder for nothing else; made when missing, and then private to the account that PostgreSQL runs as. */
  readonly dataDir: string
  /** Folder of `postgres` and `initdb`; without it the packaged ones, else those of the machine. */
  readonly binDir?: string | undefined
  /** Where an empty cluster per version is kept, so that the next first start only copies it. */
  readonly templateDir?: string | undefined
  /** From one look at the server to the next; after ten that find it neither serving nor working it is killed. */
  readonly lookEveryMs?: number | undefined
  log?(line: LogLine): void
}

export interface Embedded {
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
  }
  /** Of the server running now; another one after a restart. */
  readonly pid: number
  close(): Promise<void>
}

const socketPathBytes = 107 - `/.s.PGSQL.${port}.lock`.length

/** From one look at the server to the next; one found stuck ten times in a row is killed and started again. */
const lookEveryMs = 5_000

/**
 * The server is started again whenever it dies, or is stuck, until `close`. Acknowledged commits survive all of it.
 *
 * @throws ERR_CONFIG_INVALID with one line that says what to do
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const log = options.log ?? (() => undefined)
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const dataDir = await realpath(options.dataDir)
  const account = await findAccount(dataDir)
  await own(dataDir, account)

  const binaries = await findBinaries(options.binDir, account, dataDir)
  const cluster = join(dataDir, 'cluster')
  await prepareCluster({ folder: cluster, binaries, account, templateDir: options.templateDir })
  const socketDir = await makeSocketDir(dataDir, account)
  const start = () =>
    startPostmaster({
      cluster,
      socketDir,
      logFile: join(dataDir, 'postgres.log'),
      binaries,
      account,
      lookEveryMs: options.lookEveryMs ?? lookEveryMs,
      onStuck: () => log({ level: 'error', says: 'The embedded PostgreSQL neither answers nor works, and is killed.' }),
    })

  let running: Postmaster
  try {
    running = await start()
  } catch (error) {
    await removeSocketDir(socketDir, dataDir)
    throw error
  }
  const closing = new AbortController()
  const kept = keep()
  return {
    connection: { host: socketDir, port, user: role, database: 'postgres' },
    get pid() {
      return running.pid
    },
    async close() {
      closing.abort()
      await running.stop()
      await kept
      await removeSocketDir(socketDir, dataDir)
    },
  }

  async function keep(): Promise<void> {
    for (;;) {
      await running.gone
      if (closing.signal.aborted) return
      log({ level: 'error', says: 'The embedded PostgreSQL ended and is started again.' })
      for (let waitMs = 50; !closing.signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
        const next = await start().catch(() => undefined)
        if (next !== undefined) {
          running = next
          break
        }
        await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined)
      }
      if (closing.signal.aborted) return running.stop()
    }
  }
}

async function own(folder: string, { runAs }: Account): Promise<void> {
  if (runAs !== undefined) await chown(folder, runAs.uid, runAs.gid)
  await chmod(folder, 0o700)
}

/** The path of a unix socket is limited to 107 bytes, so a deep data folder has its socket elsewhere. */
async function makeSocketDir(dataDir: string, account: Account): Promise<string> {
  const near = join(dataDir, 'socket')
  const socketDir =
    Buffer.byteLength(near) <= socketPathBytes ? near : await mkdtemp(join(await realpath(tmpdir()), 'countersign-'))
  await mkdir(socketDir, { recursive: true, mode: 0o700 })
  await own(socketDir, account)
  return socketDir
}

async function removeSocketDir(socketDir: string, dataDir: string): Promise<void> {
  if (!socketDir.startsWith(dataDir)) await rm(socketDir, { recursive: true, force: true })
}
