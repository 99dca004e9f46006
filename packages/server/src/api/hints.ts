/**
 * What just happened, told to every open window: one reader of the journal for all of them.
 *
 * @module
 */
import type { LogLine, Store } from '@countersign/core'
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
const pauseMs = 1000

export interface HintParts {
  readonly store: Pick<Store, 'journal' | 'ledger'>
  log(line: LogLine): void
}

export function createHints({ store, log }: HintParts): Hints {
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
        for (const entry of next < size ? await store.journal.read(next, size - next) : []) {
          const hint = hintOf(entry)
          if (hint) once(hint)
        }
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
        for await (const entry of store.journal.follow(next, signal)) {
          next = entry.index + 1
          const hint = hintOf(entry)
          if (hint) for (const tell of windows) tell(hint)
        }
      } catch (error) {
        if (!signal.aborted) log({ level: 'warn', says: 'events are interrupted', because: nameOf(error) })
      }
      if (!signal.aborted) await pause(pauseMs, signal)
    }
  }
}

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
    case 'person.changed':
    case 'erased':
      return undefined
    case 'house.founded':
    case 'policy.activated':
      return { index, kind: fact.kind }
    case 'agent.changed':
      return { index, kind: fact.kind, agent: fact.agent.id }
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
