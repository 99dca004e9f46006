/**
 * `postmaster.pid` in a cluster: who runs there, if it is still true.
 *
 * @module
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unfit } from './binaries.ts'
import { guardName } from './guard.ts'
import { inspect, signal } from './processes.ts'

/** Until a server whose instance is gone has noticed; then its folder counts as another's. */
const leavingMs = 2_000
/** How long a server that still starts or stops may take, recovery included; then its folder counts as another's. */
const longestStopMs = 30_000

/** The postmaster writes `ready` into the eighth line. */
export async function saysReady(cluster: string): Promise<boolean> {
  return (await linesOf(cluster))[7]?.trim() === 'ready'
}

/**
 * After a hard kill the pid in the file may belong to anyone (in containers pids repeat), and PostgreSQL would refuse
 * to start. So the process itself is asked who it is. A server whose instance was just killed is given time to leave.
 *
 * @throws ERR_CONFIG_INVALID when another instance holds the folder
 */
export async function clearStale(cluster: string): Promise<void> {
  const pid = Number((await linesOf(cluster))[0])
  if (!(pid > 0)) return
  const asked = Date.now()
  while (Date.now() - asked < ((await saysReady(cluster)) ? leavingMs : longestStopMs)) {
    const standing = await inspect(pid)
    if (standing === undefined || !standing.command.includes(cluster)) {
      return rm(join(cluster, 'postmaster.pid'), { force: true })
    }
    // Its guard was killed as well: nobody else will end it.
    const guarded = (await inspect(standing.parent))?.command.includes(guardName) ?? false
    if (!guarded) signal(pid, 'SIGINT')
    await sleep(50)
  }
  throw unfit(`Another instance is running on ${cluster} (PostgreSQL is process ${pid}).`)
}

async function linesOf(cluster: string): Promise<string[]> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')
}
