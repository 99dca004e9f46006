import type { Clock, LogLine } from '../ports.ts'

/** The window in which lines of one kind are counted; how many more there were is told when it is over. */
const withinMs = 10_000
/** Lines of one kind within the window, enough to see what happens; those beyond are only counted. */
const most = 20
/** Kinds of lines counted at once, so that memory stays bounded; one more begins all counts anew, and none is lost. */
const mostKinds = 1_000

/**
 * A log in which lines of one kind (level, words, code, and which gateway or server) come twenty times in ten seconds at
 * most. How many more there were stands in a line of its own, with the next of its kind or when the window is over.
 */
export function sampled(log: (line: LogLine) => void, clock: Clock): (line: LogLine) => void {
  const windows = new Map<string, { readonly line: LogLine; readonly since: number; count: number }>()

  return (line) => {
    const kind = JSON.stringify([line.level, line.says, line['code'], line['gateway'], line['server'], line['name']])
    const now = clock.now()
    let window = windows.get(kind)
    if (window && (now < window.since || now >= window.since + withinMs)) {
      tell(kind)
      window = undefined
    }
    if (!window) {
      if (windows.size >= mostKinds) for (const each of windows.keys()) tell(each)
      window = { line, since: now, count: 0 }
      windows.set(kind, window)
    }
    window.count += 1
    if (window.count <= most) log(line)
    if (window.count === most + 1) setTimeout(() => tell(kind), withinMs).unref()
  }

  function tell(kind: string): void {
    const window = windows.get(kind)
    windows.delete(kind)
    if (!window || window.count <= most) return
    const { level, says } = window.line
    const same = Object.fromEntries(
      ['code', 'gateway', 'server', 'name'].flatMap((key) => (key in window.line ? [[key, window.line[key]]] : [])),
    )
    log({ level, says, ...same, timesMore: window.count - most, since: new Date(window.since).toISOString() })
  }
}
