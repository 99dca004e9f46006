/**
 * System calls that fail, in processes that run: strace, attached and detached again.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { works } from './program.ts'

/** `broken`: what was written does not reach the disk. `full`: nothing more can be written. */
export type Injury = 'broken' | 'full'

const injected: Readonly<Record<Injury, string>> = {
  broken: 'fsync,fdatasync:error=EIO',
  full: 'pwrite64,pwritev,pwritev2:error=ENOSPC',
}

export const canInjure = (): Promise<boolean> => works('strace', '-f', '-o', '/dev/null', '-e', 'trace=none', 'true')

/** In these processes, and in those that they start: so that PostgreSQL's recovery is struck as well. */
export async function injure(pids: readonly number[], injury: Injury, forMs: number): Promise<void> {
  const calls = injected[injury]
  const words = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls.split(':')[0]}`, '-e', `inject=${calls}`]
  const strace = spawn('strace', [...words, ...pids.flatMap((pid) => ['-p', String(pid)])], { stdio: 'ignore' })
  const gone = once(strace, 'exit')
  await pause(forMs)
  strace.kill('SIGINT')
  await gone
}
