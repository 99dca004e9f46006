/**
 * One run of the database server, tied to the life of this process by a pipe.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from './account.ts'
import { answers } from './answers.ts'
import { type Binaries, unfit } from './binaries.ts'
import { guard, guardName, postmasterUnder } from './guard.ts'
import { clearStale, saysReady } from './pid-file.ts'
import { watch, type WatchParts } from './watch.ts'

/** Names the socket. */
export const port = 5432

export interface PostmasterParts {
  readonly cluster: string
  readonly socketDir: string
  readonly logFile: string
  readonly binaries: Binaries
  readonly account: Account
  /** How often it is looked at, whether it serves anybody. */
  readonly lookEveryMs: number
  /** It serves nobody, and is about to be killed. */
  onStuck(): void
}

export interface Postmaster {
  readonly pid: number
  /** Settles when the server is gone, wanted or not. */
  readonly gone: Promise<void>
  /** Fast shutdown: open transactions are rolled back, what was acknowledged stays. */
  stop(): Promise<void>
}

/**
 * From its first moment to its last it is watched: one that is stuck is killed, and so is gone.
 *
 * @throws ERR_CONFIG_INVALID when another instance holds the folder, or the server does not come up.
 */
export async function startPostmaster(parts: PostmasterParts): Promise<Postmaster> {
  await clearStale(parts.cluster)
  const log = await open(parts.logFile, 'a', 0o600)
  const server = [join(parts.binaries.binDir, 'postgres'), '-D', parts.cluster, ...settings(parts)]
  const child = spawn('/bin/sh', ['-c', guard, guardName, ...server], {
    ...parts.account.runAs,
    cwd: parts.cluster,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['pipe', log.fd, log.fd],
    detached: true, // Ctrl-C in a terminal is for the instance, which closes the server itself
  })
  const gone = once(child, 'exit').then(
    () => undefined,
    (cause: unknown) => {
      throw unfit(
        `uid ${parts.account.uid} cannot work in ${parts.cluster}: is every folder above it open to that account?`,
        cause,
      )
    },
  )
  child.stdin?.on('error', () => undefined) // the pipe breaks when the server ends first
  await log.close()

  const ended = new AbortController()
  child.once('exit', () => ended.abort()).once('error', () => ended.abort())
  const watched = {
    postmaster: () => postmasterUnder(child.pid),
    answers: () => answers(parts.socketDir, port, parts.lookEveryMs),
    restMs: parts.lookEveryMs,
    onStuck: () => parts.onStuck(),
  }
  void watch(watched, ended.signal)
  const pid = await Promise.race([ready(parts.cluster, watched, ended.signal), gone])
  if (pid === undefined) throw unfit(`PostgreSQL did not start; see ${parts.logFile}.`)
  return {
    pid,
    gone,
    async stop() {
      child.stdin?.destroy()
      await gone
    },
  }
}

/** Durable, private, small: 64 MB of shared memory without /dev/shm. */
function settings({ socketDir, binaries }: PostmasterParts): string[] {
  const values = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: '40',
    shared_buffers: '64MB',
    random_page_cost: '1.1', // disks without a head to move: an index is worth using sooner
    shared_memory_type: 'mmap',
    dynamic_shared_memory_type: 'mmap',
    huge_pages: 'off',
    max_parallel_workers_per_gather: '0',
    max_wal_size: '512MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_min_messages: 'warning',
    log_min_error_statement: 'panic', // statements carry parameters
    cluster_name: 'countersign',
    ...(binaries.major >= 18 ? { io_method: 'sync' } : {}),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** What it writes into its file is quicker to read than to ask for; where a disk fails, it may be missing there. */
async function ready(
  cluster: string,
  { answers, postmaster }: WatchParts,
  ended: AbortSignal,
): Promise<number | undefined> {
  for (let turn = 1; !ended.aborted; turn += 1) {
    if ((await saysReady(cluster)) || (turn % 100 === 0 && (await answers()))) return postmaster()
    await sleep(10)
  }
  return undefined // it ended before it was ready
}
