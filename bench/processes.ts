/**
 * What other processes cost, as Linux counts it, and how they are started and ended.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once as onceOf } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { type Figures, load, Missing, percentiles } from './measure.ts'

/** Of a second, as the kernel reports CPU time; 100 on every Linux that node runs on (sysconf _SC_CLK_TCK). */
const ticksPerSecond = 100

interface Seen {
  readonly pid: number
  readonly parent: number
  /** Its own and that of the children it has buried. */
  readonly cpuSeconds: number
}

/** CPU seconds so far: of the process itself, and of everything that descends from it. */
export async function cpuOf(pid: number): Promise<{ ownSeconds: number; belowSeconds: number }> {
  const all = await familyOf(pid)
  const ownSeconds = all.find((one) => one.pid === pid)?.cpuSeconds ?? 0
  return { ownSeconds, belowSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) - ownSeconds }
}

/** With what it cost this process and what descends from it, for each answer. */
export async function withCpu(pid: number | undefined, measure: () => Promise<Figures>): Promise<Figures> {
  if (pid === undefined) return measure()
  const before = await cpuOf(pid)
  const started = performance.now()
  const figures = await measure()
  const seconds = (performance.now() - started) / 1000
  const after = await cpuOf(pid)
  const answered = (figures['perSecond'] || Number.NaN) * seconds
  const micros = (own: number, below: number) => ((own + below) / answered) * 1e6
  return {
    ...figures,
    cpuMicros: micros(after.ownSeconds - before.ownSeconds, after.belowSeconds - before.belowSeconds),
  }
}

/** The same for what this process does itself, on a PostgreSQL below it. */
export async function costOf(atOnce: number, forMs: number, once: () => Promise<unknown>): Promise<Figures> {
  const before = await cpuOf(process.pid)
  const { took, seconds } = await load({ atOnce, forMs }, once)
  const after = await cpuOf(process.pid)
  const nodeCpuMicros = ((after.ownSeconds - before.ownSeconds) * 1e6) / took.length
  const postgresCpuMicros = ((after.belowSeconds - before.belowSeconds) * 1e6) / took.length
  return {
    perSecond: took.length / seconds,
    ...percentiles(took),
    cpuMicros: nodeCpuMicros + postgresCpuMicros,
    nodeCpuMicros,
    postgresCpuMicros,
  }
}

/**
 * Memory that is resident, of the process itself and of everything that descends from it. What several share is split between
 * them (PSS), so that the memory that all processes of PostgreSQL share is counted once, as far as it was touched.
 */
export async function memoryOf(pid: number): Promise<{ ownMegabytes: number; belowMegabytes: number }> {
  const sizes = await Promise.all(
    (await familyOf(pid)).map(async (one) => {
      const text = await readFile(`/proc/${one.pid}/smaps_rollup`, 'utf8').catch(() => '') // gone since
      return { own: one.pid === pid, megabytes: Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024 }
    }),
  )
  const sum = (own: boolean) => sizes.reduce((total, size) => total + (size.own === own ? size.megabytes : 0), 0)
  return { ownMegabytes: sum(true), belowMegabytes: sum(false) }
}

async function familyOf(pid: number): Promise<Seen[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = (await Promise.all(pids.map(look))).filter((one) => one !== undefined)
  const family = new Set([pid])
  for (let before = 0; before < family.size;) {
    before = family.size
    for (const one of all) if (family.has(one.parent)) family.add(one.pid)
  }
  return all.filter((one) => family.has(one.pid))
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function look(pid: string): Promise<Seen | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { pid: Number(pid), parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond }
}

export interface Started {
  readonly pid: number
  /** Resolves to the first line of its standard output. */
  readonly firstLine: Promise<string>
  /** Ends it and waits until it is gone. */
  close(): Promise<void>
}

export function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  })
  let complaints = ''
  child.stderr.on('data', (piece) => (complaints = `${complaints}${String(piece)}`.slice(-4000)))
  const firstLine = new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (piece) => {
      if (text.includes('\n')) return
      text += String(piece)
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${complaints}`)))
  })
  firstLine.catch(() => undefined) // not everyone who starts something waits for its word
  return { pid: child.pid ?? 0, firstLine, close: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = onceOf(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/** Runs it to its end. @throws Error with what it complained about */
export async function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  })
  let said = ''
  let complaints = ''
  child.stdout.on('data', (piece) => (said += String(piece)))
  child.stderr.on('data', (piece) => (complaints += String(piece)))
  const [code] = await onceOf(child, 'close')
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${complaints}`)
  return said
}

/** Where a program of a Debian package lies. @throws Missing */
export function findProgram(name: string, debianPackage = name): string {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin']
  const found = folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path))
  if (found === undefined)
    throw new Missing(`${name} is not here: apt-get install --no-install-recommends ${debianPackage}`)
  return found
}

/** Asks until the answer is 200. */
export async function answers(url: string, everyMs = 50): Promise<void> {
  for (let left = 60_000 / everyMs; ; left -= 1) {
    const status = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => undefined,
    )
    if (status === 200) return
    if (left <= 0) throw new Error(`${url} does not answer`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
