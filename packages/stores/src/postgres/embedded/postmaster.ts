/**
 * One run of the database server, tied to the life of this process by a pipe.
 *
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rm } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import { type Binaries, unfit } from './binaries.ts'

const run = promisify(execFile)

/** `$0` of the shell that holds the pipe; tells a guarded server from an orphan. */
const guardName = 'countersign-guard'

/**
 * File 3 is the pipe from node. When node is gone, however it went, `cat` ends and PostgreSQL gets SIGINT (fast shutdown):
 * again and again, because what a shell starts in the background is deaf to SIGINT until it listens for it itself.
 * When PostgreSQL is gone first, the shell ends with its exit code.
 */
const guard = [
  'exec 3<&0; "$@" 3<&- & p=$!',
  '(cat <&3 >/dev/null; while kill -INT $p; do sleep 0.2; done) 2>/dev/null & g=$!',
  'exec 3<&-; wait $p; c=$?; kill $g; exit $c',
].join('\n')

export interface PostmasterParts {
  readonly cluster: string
  readonly socketDir: string
  readonly logFile: string
  readonly binaries: Binaries
  readonly account: Account
}

export interface Postmaster {
  readonly pid: number
  /** Settles when the server is gone, wanted or not. */
  readonly gone: Promise<void>
  /** Fast shutdown: open transactions are rolled back, what was acknowledged stays. */
  stop(): Promise<void>
}

/** @throws ERR_CONFIG_INVALID when another house holds the folder, or the server does not come up. */
export async function startPostmaster(parts: PostmasterParts): Promise<Postmaster> {
  await clearStale(parts.cluster)
  const log = await open(parts.logFile, 'a', 0o600)
  const server = [join(parts.binaries.binDir, 'postgres'), '-D', parts.cluster, ...settings(parts)]
  const child = spawn('/bin/sh', ['-c', guard, guardName, ...server], {
    ...parts.account.runAs,
    cwd: parts.cluster,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['pipe', log.fd, log.fd],
    detached: true, // Ctrl-C in a terminal is for the house, which closes the server itself
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

  const looking = new AbortController()
  const pid = await Promise.race([ready(parts.cluster, looking.signal), gone]).finally(() => looking.abort())
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

/** The postmaster writes `ready` into the eighth line of its pid file. */
async function ready(cluster: string, signal: AbortSignal): Promise<number | undefined> {
  while (!signal.aborted) {
    const lines = (await pidFile(cluster)) ?? []
    if (lines[7]?.trim() === 'ready') return Number(lines[0])
    await sleep(10)
  }
  return undefined // it ended before it was ready
}

async function pidFile(cluster: string): Promise<string[] | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined)
  return text?.split('\n')
}

/**
 * After a hard kill the pid in the file may belong to anyone (in containers pids repeat), and PostgreSQL would refuse to
 * start. So the process itself is asked who it is. A server whose house was just killed is given time to leave.
 */
async function clearStale(cluster: string): Promise<void> {
  const pid = Number((await pidFile(cluster))?.[0])
  if (!(pid > 0)) return
  const asked = Date.now()
  while (Date.now() - asked < ((await isReady(cluster)) ? leavingMs : longestStopMs)) {
    const standing = await inspect(pid)
    if (standing === undefined || !standing.command.includes(cluster)) {
      return rm(join(cluster, 'postmaster.pid'), { force: true })
    }
    // Its guard was killed as well: nobody else will end it.
    const guarded = (await inspect(standing.parent))?.command.includes(guardName) ?? false
    if (!guarded) interrupt(pid)
    await sleep(50)
  }
  throw unfit(`Another house is running on ${cluster} (PostgreSQL is process ${pid}).`)
}

/** Until a server whose house is gone has noticed; and how long one that still starts, or stops, may take. */
const leavingMs = 2_000
const longestStopMs = 30_000

async function isReady(cluster: string): Promise<boolean> {
  return (await pidFile(cluster))?.[7]?.trim() === 'ready'
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch {
    return // it left between the look and the signal
  }
}

async function inspect(pid: number): Promise<{ command: string; parent: number } | undefined> {
  try {
    if (platform() !== 'linux') {
      const { stdout } = await run('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)])
      return { command: stdout, parent: Number(stdout.trim().split(/\s+/)[0]) }
    }
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return { command, parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) }
  } catch {
    return undefined // no such process
  }
}
