/**
 * Listens to what happens in Countersign, for as long as the window lives.
 *
 * A window that was away cannot know what it missed, and the first answers may be older than the first event: so every
 * time the line opens, everything in view is asked for again. Listen first, then look.
 *
 * @module
 */
import type { EventHint } from '@countersign/schema'

export type Line = 'connecting' | 'live' | 'reconnecting' | 'offline'

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
  /** What the browser says of its network. It knows when it has none; that it has one proves nothing. */
  online(): boolean
  onHint(hint: EventHint): void
  /** Look again at everything. */
  onOpen(): void
  onLine(line: Line): void
}

const closed = 2
const pausesMs = [500, 1_000, 2_000, 5_000, 10_000]

export interface Events {
  /** The window is looked at again: do not wait. */
  retry(): void
  /** The network came or went, or Countersign was not reached: a line from before may be open and dead. */
  renew(): void
  close(): void
}

export function listen({ open, later, online, onHint, onOpen, onLine }: EventsParts): Events {
  let source: Source | undefined
  let failures = 0
  let over = false
  onLine('connecting')
  connect()

  return {
    retry() {
      if (over || (source && source.readyState !== closed)) return
      connect()
    },
    renew() {
      if (over) return
      broken()
      connect()
    },
    close() {
      over = true
      source?.close()
    },
  }

  function broken(): void {
    onLine(online() ? 'reconnecting' : 'offline')
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
      broken()
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
