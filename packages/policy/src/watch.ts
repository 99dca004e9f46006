/**
 * Notices that files are others than they were, however they were exchanged: written in place, renamed over, behind a
 * swapped link, in a folder that took the place of another.
 *
 * @module
 */
import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'

export interface WatchParts {
  /** All that is watched, as one text. Where it rejects, that counts as a content of its own. */
  read(): Promise<string>
  /** What `read` said when the files were last loaded. */
  readonly from: string
  /** Folders in which a change is noticed at once. Elsewhere it takes a look. */
  readonly folders: readonly string[]
  /** Milliseconds between looks. */
  readonly everyMs?: number
  changed(): void
}

/** Editors write a file in several steps, and deployments several files; what is loaded has stood still this long. */
const settleMs = 200
/** How often policies and registry are looked at where the system does not tell of a change. */
const lookEveryMs = 2_000

export function watchContents({ read, from, folders, everyMs = lookEveryMs, changed }: WatchParts): { close(): void } {
  let seen = from
  let settling: string | undefined
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let watchers: FSWatcher[] = []
  let armed = ''
  let looking: Promise<void> | undefined
  void look()

  return {
    close() {
      closed = true
      clearTimeout(timer)
      disarm()
    },
  }

  function look(): Promise<void> {
    looking ??= once().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function once(): Promise<void> {
    await arm()
    const now = await read().catch((error: unknown) => `cannot be read: ${String(error)}`)
    if (closed) return
    if (now === seen) settling = undefined
    else if (now !== settling) settling = now
    else {
      seen = now
      settling = undefined
      changed()
    }
    later(settling === undefined ? everyMs : settleMs)
  }

  function later(ms: number): void {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(() => void look(), ms)
  }

  /** Watches what stands under the names now: a folder that took another's place is another one. */
  async function arm(): Promise<void> {
    const found = (await Promise.all(folders.map(identity))).join()
    if (closed || found === armed) return
    armed = found
    disarm()
    watchers = folders.flatMap((folder) => {
      try {
        const watcher = watch(folder, () => later(settleMs / 2))
        watcher.on('error', () => undefined) // it is gone, which the next look notices
        return watcher
      } catch {
        return [] // not there, or the system has no more watches: the looks have to do
      }
    })
  }

  function disarm(): void {
    for (const watcher of watchers.splice(0)) watcher.close()
  }
}

async function identity(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder).catch(() => ({ dev: 0, ino: 0 }))
  return `${dev}:${ino}`
}
