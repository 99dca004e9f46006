/**
 * A PostgreSQL server of the machine, on a host of its own: nobody but this run starts it again, or sets its clock.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createSettableClock, type SettableClock } from './clock.ts'
import type { Network } from './network.ts'
import { processesIn } from './processes.ts'
import { run } from './program.ts'

export interface Server {
  readonly clock: SettableClock
  /** For the store, over one cable, or over what leads there. */
  url(host: string, port?: number): string
  start(): Promise<void>
  kill(): Promise<void>
}

const home = '/usr/lib/postgresql'
export const serverPort = 5432

/** Where Debian puts them; undefined if there is none. */
export async function findServer(): Promise<string | undefined> {
  const majors = await readdir(home).catch(() => [])
  const newest = majors.map(Number).toSorted((one, other) => other - one)[0]
  return newest === undefined ? undefined : join(home, String(newest), 'bin')
}

export async function createServer(folder: string, binDir: string, { there }: Network): Promise<Server> {
  const cluster = join(folder, 'cluster')
  const passwordFile = join(folder, 'password')
  const password = randomBytes(24).toString('hex')
  const owner = await accountOf('postgres')
  const asOwner = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] as const
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o711)
  await mkdir(cluster, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  for (const path of [cluster, passwordFile]) await chown(path, owner.uid, owner.gid)
  const words = ['-D', cluster, '-U', 'countersign', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256', '--no-sync']
  const [setpriv, ...changed] = asOwner
  await run(setpriv, ...changed, join(binDir, 'initdb'), ...words, `--pwfile=${passwordFile}`)
  await appendFile(join(cluster, 'pg_hba.conf'), 'host all all 198.18.0.0/15 scram-sha-256\n')
  const clock = await createSettableClock(join(folder, 'clock'))
  let child: ChildProcess | undefined

  return {
    clock,
    url: (host, port = serverPort) => `postgres://countersign:${password}@${host}:${port}/postgres`,
    async start() {
      const environment = Object.entries(clock.env).map(([name, value]) => `${name}=${value}`)
      const postgres = [join(binDir, 'postgres'), '-D', cluster, '-c', 'unix_socket_directories=']
      const [program = '', ...more] = [...there, ...asOwner, 'env', ...environment, ...postgres]
      child = spawn(program, [...more, '-c', 'listen_addresses=*', '-c', 'max_connections=60'], { stdio: 'ignore' })
      for (let left = 300; left > 0; left -= 1) {
        if (/^ready/m.test(await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => ''))) return
        await pause(50)
      }
      throw new Error('The PostgreSQL server does not start.')
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL') // each program above has become the next one
      await gone
      while ((await processesIn(cluster)).length > 0) await pause(20) // they notice that it is gone
      await rm(join(cluster, 'postmaster.pid'), { force: true })
    },
  }
}

async function accountOf(name: string): Promise<{ uid: number; gid: number }> {
  const [, , uid, gid] = (await run('getent', 'passwd', name)).split(':')
  return { uid: Number(uid), gid: Number(gid) }
}
