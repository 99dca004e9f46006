/**
 * Listens to what happens in the house, for as long as the window lives.
 *
 * A window that was away cannot know what it missed, and the first answers may be older than the first event: so every
 * time the line opens, everything in view is asked for again. Listen first, then look.
 *
 * @module
 */
import type { EventHint } from '@countersign/schema'

export type Line = 'connecting' | 'live' | 'reconnecting'

/** As much of an `EventSource` as this needs. */
export interface Source {
  readonly readyState: number
  onopen: (() => void) | null
  onerror: (() => void) | null
  addEventListener(name: string, tell: (event: { readonly data: string }) => void): void
  close(): void
}

export interface EventsParts {
  open(path: string): Source
  later(what: () => void, ms: number): void
  onHint(hint: EventHint): void
  /** Look again at everything. */
  onOpen(): void
  onLine(line: Line): void
}

const closed = 2
const pausesMs = [500, 1_000, 2_000, 5_000, 10_000]

export function listen({ open, later, onHint, onOpen, onLine }: EventsParts): { retry(): void; close(): void } {
  let source: Source | undefined
  let failures = 0
  let over = false
  onLine('connecting')
  connect()

  return {
    /** The network is back, or the window is looked at again: do not wait. */
    retry() {
      if (over || (source && source.readyState !== closed)) return
      connect()
    },
    close() {
      over = true
      source?.close()
    },
  }

  function connect(): void {
    source?.close()
    const mine = open('/api/events')
    source = mine
    mine.onopen = () => {
      if (mine !== source) return
      failures = 0
      onLine('live')
      onOpen()
    }
    mine.onerror = () => {
      if (over || mine !== source) return
      onLine('reconnecting')
      // A browser comes back by itself unless it was refused: then it is on us.
      if (mine.readyState !== closed) return
      const pause = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0
      failures += 1
      later(() => {
        if (!over && mine === source) connect()
      }, pause)
    }
    mine.addEventListener('hint', ({ data }) => {
      const hint = hintOf(data)
      if (mine === source && hint) onHint(hint)
    })
    mine.addEventListener('reset', () => {
      if (mine === source) onOpen()
    })
  }
}

/** A hint that cannot be read says nothing. */
function hintOf(data: string): EventHint | undefined {
  try {
    const hint: unknown = JSON.parse(data)
    return typeof hint === 'object' && hint !== null && 'kind' in hint ? (hint as EventHint) : undefined
  } catch {
    return undefined
  }
}
