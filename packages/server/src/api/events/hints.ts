/**
 * What just happened, told to every open window: one reader of the journal for all of them.
 *
 * @module
 */
import { isError, type LogLine, type Store } from '@countersign/core'
import type { Entry, EventHint } from '@countersign/schema'

/** `reset`: too much was missed to be told one by one. */
export type Told = EventHint | { readonly kind: 'reset'; readonly index: number }
export type Tell = (told: Told) => void

export interface Hints {
  /** Tells every hint from this index on, in order and once; without one, from now on. Returns how to stop. */
  listen(from: number | undefined, tell: Tell): Promise<() => void>
  close(): void
}

/** How far back a window that was away is caught up. */
const mostBehind = 1000
export interface HintParts {
  readonly store: Pick<Store, 'journal' | 'ledger'>
  log(line: LogLine): void
  /** How long to wait after the journal broke. Default 1 s. */
  readonly pauseMs?: number
}

export function createHints({ store, log, pauseMs = 1000 }: HintParts): Hints {
  const windows = new Set<Tell>()
  let reading: AbortController | undefined

  return {
    async listen(from, tell) {
      let next = 0
      let held: Told[] | undefined = []
      const once: Tell = (told) => {
        if (told.index < next) return
        next = told.index + 1
        tell(told)
      }
      const window: Tell = (told) => (held ? void held.push(told) : once(told))
      windows.add(window)

      try {
        const { size } = await store.ledger.head()
        next = from === undefined ? size : Math.min(from, size)
        start(size)
        if (size - next > mostBehind) once({ kind: 'reset', index: size - 1 })
        const entries = next < size ? await readAll(next, size - next) : []
        if (entries === 'unreadable') once({ kind: 'reset', index: size - 1 })
        else for (const entry of entries) tellHint(entry, once)
      } catch (error) {
        leave(window)
        throw error
      }
      const missed = held
      held = undefined
      missed.forEach(once)
      return () => leave(window)
    },

    close() {
      windows.clear()
      reading?.abort()
      reading = undefined
    },
  }

  function leave(window: Tell): void {
    windows.delete(window)
    if (windows.size > 0) return
    reading?.abort()
    reading = undefined
  }

  function start(from: number): void {
    if (reading) return
    reading = new AbortController()
    void read(from, reading.signal)
  }

  /** Goes on from where it was after a failure of the store. */
  async function read(from: number, signal: AbortSignal): Promise<void> {
    let next = from
    while (!signal.aborted) {
      try {
        for await (const page of store.journal.follow(next, signal)) {
          for (const entry of page) tellHint(entry, tellAll)
          next += page.length
        }
      } catch (error) {
        if (!signal.aborted) log({ level: 'warn', says: 'events are interrupted', because: nameOf(error) })
        if (!isAway(error)) next = await oneByOne(next, signal)
      }
      if (!signal.aborted) await pause(pauseMs, signal)
    }
  }

  async function readAll(index: number, limit: number): Promise<readonly Entry[] | 'unreadable'> {
    try {
      return await store.journal.read(index, limit)
    } catch (error) {
      if (isAway(error)) throw error
      return 'unreadable'
    }
  }

  /** One entry that cannot be read spoils its page: those before it are told alone, and it is left out. */
  async function oneByOne(from: number, signal: AbortSignal): Promise<number> {
    for (let index = from; !signal.aborted; index += 1) {
      try {
        const [entry] = await store.journal.read(index, 1)
        if (!entry) return index
        tellHint(entry, tellAll)
      } catch (error) {
        return isAway(error) ? index : index + 1
      }
    }
    return from
  }

  function tellAll(told: Told): void {
    for (const tell of windows) tell(told)
  }
}

function tellHint(entry: Entry, tell: Tell): void {
  const hint = hintOf(entry)
  if (hint) tell(hint)
}

const isAway = (error: unknown) => isError(error, 'ERR_STORE_UNAVAILABLE')

const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error)

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}

/** Ids alone: what they stand for is read where it is allowed. Who read and who signed in is nobody's news. */
export function hintOf({ index, fact }: Entry): EventHint | undefined {
  switch (fact.kind) {
    case 'record.read':
    case 'record.erased':
    case 'erased':
      return undefined
    case 'person.changed':
      return fact.change === 'roles' ? { index, kind: fact.kind } : undefined
    case 'house.founded':
    case 'policy.activated':
    case 'tool.changed':
      return { index, kind: fact.kind }
    case 'agent.changed':
      return { index, kind: fact.kind, agent: fact.agent.id }
    case 'record.denied':
      return { index, kind: fact.kind, agent: fact.agent }
    case 'approval.changed': {
      const { id, actionId, card } = fact.approval
      return { index, kind: `approval.${fact.change}`, approval: id, action: actionId, agent: card.bound.action.agent }
    }
    case 'signature.refused':
      return { index, kind: fact.kind, approval: fact.approval }
    case 'action.decided':
      return { index, kind: fact.kind, action: fact.record.id, agent: fact.record.action.agent }
    case 'action.permitted':
      return { index, kind: fact.kind, action: fact.permit.actionId, agent: fact.permit.agent }
    case 'action.finished':
    case 'action.replayed':
      return { index, kind: fact.kind, action: fact.actionId }
  }
}
