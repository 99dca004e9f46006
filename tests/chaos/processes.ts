/**
 * Which processes work in a folder, and who started them: asked of the system, not remembered.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { platform } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Those that name the folder in their command line, or (Linux) have it as their working directory. */
export async function processesIn(folder: string): Promise<Process[]> {
  const all = await (platform() === 'linux' ? fromProc() : fromPs())
  return all.filter(({ command, cwd }) => command.includes(folder) || cwd.startsWith(folder))
}

/** Of those, the ones that do not descend from `instance`. */
export async function straysIn(folder: string, instance: number | undefined): Promise<Process[]> {
  const found = await processesIn(folder)
  const parents = new Map(found.map(({ pid, parent }) => [pid, parent]))
  const ours = (pid: number | undefined): boolean => pid !== undefined && (pid === instance || ours(parents.get(pid)))
  return found.filter(({ pid }) => !ours(pid))
}

/** The postmaster that its own file names, if there is one. */
export async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const text = await readFile(`${dataDir}/pg/cluster/postmaster.pid`, 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  return pid > 0 ? pid : undefined
}

/** False if it was gone already. */
export function signal(pid: number, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

type Seen = Process & { readonly cwd: string }

async function fromProc(): Promise<Seen[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => look(pid).catch(() => undefined))) // gone since
  return found.filter((one) => one !== undefined)
}

async function look(pid: string): Promise<Seen> {
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return { pid: Number(pid), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command, cwd }
}

async function fromPs(): Promise<Seen[]> {
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command, cwd: '' }]
  })
}
