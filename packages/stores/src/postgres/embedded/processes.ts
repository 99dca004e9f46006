/**
 * Processes of this machine, asked of the system and not remembered: after a hard kill a pid may be anyone's.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { platform } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
  /** As `ps` has it: `D` (macOS `U`) waits for a disk, `T` and `t` are held by somebody. */
  readonly state: string
  /** Processor time so far, as the system writes it: another text means that it has worked since. */
  readonly worked: string
}

/** Undefined if there is none. */
export async function inspect(pid: number): Promise<Process | undefined> {
  return platform() === 'linux' ? fromProc(pid) : (await fromPs('-p', String(pid)))[0]
}

/** Everyone who descends from it, without itself. */
export async function descendantsOf(pid: number): Promise<readonly Process[]> {
  const all = await everyone()
  const found: Process[] = []
  for (let parents = new Set([pid]); parents.size > 0;) {
    const children = all.filter(({ parent }) => parents.has(parent))
    found.push(...children)
    parents = new Set(children.map((child) => child.pid))
  }
  return found
}

/** Nothing happens where it has left between the look and the signal. */
export function signal(pid: number, name: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    return
  }
}

async function everyone(): Promise<readonly Process[]> {
  if (platform() !== 'linux') return fromPs('-ax')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => fromProc(Number(pid))))
  return found.filter((one) => one !== undefined)
}

/** Not by `ps`, which slim images do not have. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function fromProc(pid: number): Promise<Process | undefined> {
  try {
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before it may hold anything
    const [state = '', parent] = fields
    return { pid, parent: Number(parent), command, state, worked: fields.slice(11, 13).join(' ') }
  } catch {
    return undefined // it has left
  }
}

async function fromPs(...which: string[]): Promise<readonly Process[]> {
  const words = ['-ww', '-o', 'pid=,ppid=,state=,time=,args=', ...which]
  const { stdout } = await run('ps', words).catch(() => ({ stdout: '' })) // it ends with 1 when it finds nobody
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', worked = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command, state, worked }]
  })
}
