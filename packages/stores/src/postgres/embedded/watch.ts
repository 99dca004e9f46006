/**
 * Ends a PostgreSQL that lives and serves nobody. Nobody else would start it again, because it has not ended.
 *
 *     it answers ────▶ well
 *     it does not, or says that it starts, recovers or shuts down:
 *       one of its processes worked, waits for a disk, or is held by somebody ────▶ left alone, as long as it takes
 *       none did, look after look ────▶ killed as by a crash, which loses nothing that was acknowledged
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { descendantsOf, inspect, type Process, signal } from './processes.ts'

export interface WatchParts {
  answers(): Promise<boolean>
  /** The server's first process, once there is one. */
  postmaster(): Promise<number | undefined>
  /** From one look to the next. */
  readonly restMs: number
  /** Told before it is killed. */
  onStuck(): void
}

/** Looks in a row that find the server neither serving nor working; then it is killed and started again. */
const patience = 10

/**
 * Looks for which a server may take to quit; PostgreSQL itself kills, after five seconds, whoever of its processes
 * does not hear SIGQUIT.
 */
const quitWithinRests = 2

/** Until `ended`. What it cannot see it does not touch. */
export async function watch(parts: WatchParts, ended: AbortSignal): Promise<void> {
  const rest = () => sleep(parts.restMs, undefined, { signal: ended }).catch(() => undefined)
  while (!ended.aborted) {
    const postmaster = await untilStuck(parts, rest, ended)
    if (postmaster === undefined) return
    parts.onStuck()
    signal(postmaster, 'SIGQUIT')
    for (let left = quitWithinRests; left > 0; left -= 1) await rest()
    if (ended.aborted) return
    const children = await descendantsOf(postmaster) // before it is gone: then they are nobody's
    for (const pid of [postmaster, ...children.map((child) => child.pid)]) signal(pid, 'SIGKILL')
  }
}

/** Whom to kill; undefined once it has ended. */
async function untilStuck(
  { answers, postmaster }: WatchParts,
  rest: () => Promise<void>,
  ended: AbortSignal,
): Promise<number | undefined> {
  let before: Family | undefined
  for (let idle = 0; ;) {
    await rest()
    if (ended.aborted) return undefined
    const now = (await answers()) ? undefined : await familyOf(await postmaster())
    idle = before === undefined || now === undefined || getsOn(before, now) ? 0 : idle + 1
    before = now
    if (now !== undefined && idle >= patience) return now.postmaster.pid
  }
}

export interface Family {
  readonly postmaster: Process
  readonly children: readonly Process[]
}

async function familyOf(pid: number | undefined): Promise<Family | undefined> {
  const postmaster = pid === undefined ? undefined : await inspect(pid)
  return postmaster && { postmaster, children: await descendantsOf(postmaster.pid) }
}

/**
 * Whether a server that does not answer is busy with itself. Of work only that of its children counts, and of those only
 * who was there before: it works whenever it turns somebody away, and whom it turns away meets a child of that moment.
 */
export function getsOn(before: Family, { postmaster, children }: Family): boolean {
  const worked = new Map(before.children.map((child) => [child.pid, child.worked]))
  return (
    [postmaster, ...children].some(({ state }) => /^[DUTt]/.test(state)) ||
    children.some((child) => worked.has(child.pid) && worked.get(child.pid) !== child.worked)
  )
}
