/**
 * The instance as a child process: starting it, killing it, and seeing that nothing of it is left.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '@countersign/demo'
import type { InstanceSettings, Ready } from './instance.ts'
import { injure, type Injury } from './injure.ts'
import { postmasterOf, processesIn, signal, straysIn } from './processes.ts'

export interface Standing {
  readonly settings: InstanceSettings
  readonly publicUrl: string
  readonly gatewayUrl: string
  /** What the instance last wrote to its log. */
  readonly complaints: readonly string[]
  /** Starts a process, and does not wait for it. */
  begin(): void
  /** What the newest process said when it stood; undefined if it does not, and its store does not answer, in time. */
  stands(): Promise<Ready | undefined>
  killInstance(): Promise<void>
  killPostgres(): Promise<boolean>
  /** Stops every process of PostgreSQL where it is, and lets it go on after `forMs`. */
  holdPostgres(forMs: number): Promise<void>
  /** The same for node; what is done `meanwhile` may take longer. */
  holdInstance(forMs: number, meanwhile?: () => Promise<void>): Promise<void>
  /** Starts one more process on the same data, and other ports; its exit code, or undefined if it stays. */
  startAnother(withinMs: number): Promise<number | undefined>
  /** System calls of PostgreSQL fail for a while. */
  injurePostgres(injury: Injury, forMs: number): Promise<void>
  /** Resolves to what is left that does not belong to a running instance, after `withinMs` at most. */
  strays(withinMs: number): Promise<readonly string[]>
  /** Asks it to close; its exit code, or undefined if it did not in time. */
  close(withinMs: number): Promise<number | undefined>
  /** Ends whatever is left, by process id. */
  clear(): Promise<void>
}

/** A PostgreSQL that its disk has left stuck is given up after a hundred seconds or so. */
const standsWithinMs = 240_000

export interface StandingParts {
  readonly settings: InstanceSettings
  readonly env: NodeJS.ProcessEnv
  /** The instance as one file. */
  readonly program: string
}

export function createStanding({ settings, env, program }: StandingParts): Standing {
  const { dataDir, port, httpPort } = settings
  const publicUrl = `http://localhost:${port}`
  const complaints: string[] = []
  let child: ChildProcess | undefined
  let ready: Promise<Ready | undefined> = Promise.resolve(undefined)

  return {
    settings,
    publicUrl,
    gatewayUrl: `http://127.0.0.1:${httpPort}`,
    complaints,
    begin,

    async stands() {
      const stands = await Promise.race([ready, pause(standsWithinMs, undefined, { ref: false })])
      return stands && (await isReady()) ? stands : undefined
    },

    async killInstance() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },

    async killPostgres() {
      const pid = await postmasterOf(dataDir)
      return pid !== undefined && signal(pid, 'SIGKILL')
    },

    async holdPostgres(forMs) {
      const servers = await postgresProcesses()
      for (const pid of servers) signal(pid, 'SIGSTOP')
      await pause(forMs)
      for (const pid of servers) signal(pid, 'SIGCONT')
    },

    async holdInstance(forMs, meanwhile = async () => undefined) {
      child?.kill('SIGSTOP')
      await Promise.all([pause(forMs), meanwhile()]).finally(() => child?.kill('SIGCONT'))
    },

    async startAnother(withinMs) {
      const [otherPort = 0, otherHttpPort = 0] = await freePorts(2)
      const other = launch({ ...settings, port: otherPort, httpPort: otherHttpPort })
      const gone = once(other, 'exit')
      await Promise.race([gone, pause(withinMs, undefined, { ref: false })])
      if (other.exitCode !== null) return other.exitCode
      other.kill('SIGKILL')
      await gone
      return undefined
    },

    async injurePostgres(injury, forMs) {
      await injure(await postgresProcesses(), injury, forMs)
      for (const pid of await postgresProcesses()) signal(pid, 'SIGCONT') // one that was just born may be left stopped
    },

    async strays(withinMs) {
      for (const until = Date.now() + withinMs; ;) {
        const left = await straysIn(dataDir, child?.exitCode === null ? child.pid : undefined)
        if (left.length === 0 || Date.now() > until) return left.map(({ pid, command }) => `${pid} ${command}`)
        await pause(50)
      }
    },

    async close(withinMs) {
      if (!child || child.exitCode !== null) return child?.exitCode ?? undefined
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await Promise.race([gone, pause(withinMs, undefined, { ref: false })])
      return child.exitCode ?? undefined
    },

    async clear() {
      child?.kill('SIGKILL')
      for (let tries = 0; tries < 60; tries += 1) {
        const left = await processesIn(dataDir)
        if (left.length === 0) return
        // PostgreSQL leaves by itself once its instance is gone; what is still there after two seconds is ended.
        if (tries >= 40) for (const { pid } of left) signal(pid, 'SIGKILL')
        await pause(50)
      }
    },
  }

  function begin(): void {
    const born = (child = launch(settings))
    if (born.stderr) createInterface({ input: born.stderr }).on('line', remember)
    ready = new Promise((resolve) => {
      if (born.stdout)
        createInterface({ input: born.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready))
      born.once('exit', () => resolve(undefined))
    })
  }

  function launch(how: InstanceSettings): ChildProcess {
    const born = spawn(process.execPath, ['--conditions=countersign-source', program], {
      env: { ...env, CHAOS_INSTANCE: JSON.stringify(how) },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    born.stdin?.on('error', () => undefined) // it was killed
    return born
  }

  async function postgresProcesses(): Promise<number[]> {
    const all = await processesIn(dataDir)
    return all.filter(({ command }) => /postgres/.test(command.split(' ')[0] ?? '')).map(({ pid }) => pid)
  }

  function remember(line: string): void {
    if (/"level":"info"/.test(line)) return
    complaints.push(line.slice(0, 500))
    if (complaints.length > 50) complaints.shift()
  }

  async function isReady(): Promise<boolean> {
    for (const until = Date.now() + standsWithinMs; Date.now() < until; await pause(50)) {
      const answer = await fetch(`${publicUrl}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined)
      await answer?.body?.cancel()
      if (answer?.ok) return true
    }
    return false
  }
}
