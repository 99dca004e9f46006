/**
 * What Countersign last said, by path. Pages watch paths; events make them stale; whatever is watched and stale is
 * asked for again. An older answer stays in view until the newer one is there.
 *
 * @module
 */
import type { Reply, Trouble } from './ask.ts'

export interface Answer<Value = unknown> {
  readonly value?: Value
  readonly trouble?: Trouble
  /** When `value` was received, by this browser's clock. */
  readonly at: number
}

export interface AnswersParts {
  get(path: string): Promise<Reply<unknown>>
  now(): number
  later(what: () => void, ms: number): void
}

export interface Answers {
  read(path: string): Answer
  /** Counts up with every change, for `useSyncExternalStore`. */
  version(): number
  onChange(tell: () => void): () => void
  /** Keeps this path fresh until told to stop. */
  watch(path: string): () => void
  /** Asks anew for what matches: now if it is watched, else when it next is. */
  stale(matches: (path: string, value: unknown) => boolean): void
  /** An answer that came another way, such as after signing. */
  put(path: string, value: unknown): void
}

interface Kept {
  answer: Answer
  watchers: number
  state: 'fresh' | 'stale' | 'scheduled' | 'asking' | 'asking-again'
}

/** A busy instance must not make a window ask without pause. */
const pauseMs = 400
/** What nobody watched meanwhile is shown at once, and asked for anew. */
const oldMs = 10_000
/** An instance that was not reached, or could not answer, is asked again by itself. */
const againMs = 3_000
const mostKept = 150

export function createAnswers({ get, now, later }: AnswersParts): Answers {
  const kept = new Map<string, Kept>()
  const listeners = new Set<() => void>()
  let version = 0

  return {
    read: (path) => kept.get(path)?.answer ?? none,
    version: () => version,
    onChange(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },

    watch(path) {
      const entry = entryOf(path)
      entry.watchers += 1
      const old = entry.state === 'fresh' && now() - entry.answer.at > oldMs && entry.watchers === 1
      if (entry.state === 'stale' || old) void ask(path, entry)
      let watching = true
      return () => {
        if (watching) entry.watchers -= 1
        watching = false
      }
    },

    stale(matches) {
      for (const [path, entry] of kept) if (matches(path, entry.answer.value)) lookAgain(path, entry)
    },

    put(path, value) {
      const entry = entryOf(path)
      entry.answer = { value, at: now() }
      // An answer that was asked for before this one was given may be older.
      if (entry.state === 'asking') entry.state = 'asking-again'
      else if (entry.state === 'stale') entry.state = 'fresh'
      changed()
    },
  }

  function entryOf(path: string): Kept {
    const known = kept.get(path)
    if (known) return known
    const entry: Kept = { answer: none, watchers: 0, state: 'stale' }
    kept.set(path, entry)
    for (const [oldest, { watchers, state }] of kept) {
      if (kept.size <= mostKept) break
      if (watchers === 0 && oldest !== path && (state === 'fresh' || state === 'stale')) kept.delete(oldest)
    }
    return entry
  }

  function lookAgain(path: string, entry: Kept): void {
    switch (entry.state) {
      case 'fresh':
      case 'stale':
        entry.state = 'stale'
        if (entry.watchers === 0) return
        entry.state = 'scheduled'
        later(() => void ask(path, entry), Math.max(0, entry.answer.at + pauseMs - now()))
        return
      case 'asking':
        entry.state = 'asking-again'
        return
      case 'scheduled':
      case 'asking-again':
    }
  }

  async function ask(path: string, entry: Kept): Promise<void> {
    if (entry.state === 'asking' || entry.state === 'asking-again') return
    entry.state = 'asking'
    const reply = await get(path)
    const overtaken = wasOvertaken(entry)
    if (reply.ok && !overtaken) entry.answer = { value: reply.value, at: now() }
    else if (reply.ok) entry.answer = { value: entry.answer.value ?? reply.value, at: now() }
    // Trouble on the way keeps what was seen; a refusal takes it away.
    else if (isPassing(reply.trouble)) entry.answer = { ...entry.answer, trouble: reply.trouble }
    else entry.answer = { trouble: reply.trouble, at: now() }
    entry.state = 'fresh'
    changed()
    if (!reply.ok && isPassing(reply.trouble)) later(() => lookAgain(path, entry), againMs)
    else if (overtaken) lookAgain(path, entry)
  }

  function changed(): void {
    version += 1
    for (const tell of listeners) tell()
  }
}

const none: Answer = { at: 0 }

const isPassing = ({ status }: Trouble): boolean => status === 0 || status >= 500

const wasOvertaken = ({ state }: Kept): boolean => state === 'asking-again'
