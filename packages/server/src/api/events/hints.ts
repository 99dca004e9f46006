/**
 * What just happened, told to every open window.
 *
 * @module
 */
import { isError, type Store } from '@countersign/core'
import type { Entry, EventHint, Fact, FactKind, FactOf } from '@countersign/schema'

/** `reset`: too much was missed to be told one by one. */
export type Told = EventHint | { readonly kind: 'reset'; readonly index: number }
export type Tell = (told: Told) => void

export interface Hints {
  /** Every entry of the ledger, in order, from some moment on. */
  hear(entry: Entry): void
  /** Tells every hint from this index on, in order and once; without one, from now on. Returns how to stop. */
  listen(from: number | undefined, tell: Tell): Promise<() => void>
}

/** Entries by which a window that was away is caught up; one further behind is told to read anew. */
const mostBehind = 1000

export function createHints(store: Pick<Store, 'journal' | 'ledger'>): Hints {
  const windows = new Set<Tell>()

  return {
    hear(entry) {
      if (windows.size > 0) tellHint(entry, (told) => windows.forEach((tell) => tell(told)))
    },

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
        if (size - next > mostBehind) once({ kind: 'reset', index: size - 1 })
        const entries = next < size ? await readAll(next, size - next) : []
        if (entries === 'unreadable') once({ kind: 'reset', index: size - 1 })
        else for (const entry of entries) tellHint(entry, once)
      } catch (error) {
        windows.delete(window)
        throw error
      }
      const missed = held
      held = undefined
      missed.forEach(once)
      return () => void windows.delete(window)
    },
  }

  async function readAll(index: number, limit: number): Promise<readonly Entry[] | 'unreadable'> {
    try {
      return await store.journal.read(index, limit)
    } catch (error) {
      if (isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
      return 'unreadable'
    }
  }
}

function tellHint(entry: Entry, tell: Tell): void {
  const hint = hintOf(entry)
  if (hint) tell(hint)
}

export function hintOf({ index, fact }: Entry): EventHint | undefined {
  if (fact.kind === 'erased') return undefined
  const hint = (hints[fact.kind] as (fact: Fact) => Hint | undefined)(fact)
  return hint && { index, ...hint }
}

type Hint = Omit<EventHint, 'index'>

const nobodysNews = () => undefined

/** By these somebody may see something else in windows that are open. */
const seenByThemselves: readonly FactOf<'person.changed'>['change'][] = ['roles', 'linked', 'confirmed', 'unlinked']

/** Ids alone: what they stand for is read where it is allowed. Who read and who signed in is nobody's news. */
const hints = {
  'record.read': nobodysNews,
  'record.erased': nobodysNews,
  'person.changed': ({ kind, change }) => (seenByThemselves.includes(change) ? { kind } : undefined),
  'deployment.founded': ({ kind }) => ({ kind }),
  'policy.activated': ({ kind }) => ({ kind }),
  'tool.changed': ({ kind }) => ({ kind }),
  'agent.changed': ({ kind, agent }) => ({ kind, agent: agent.id }),
  'record.denied': ({ kind, agent }) => ({ kind, agent }),
  'approval.changed': ({ change, approval: { id, actionId, card } }) => ({
    kind: `approval.${change}`,
    approval: id,
    action: actionId,
    agent: card.bound.action.agent,
  }),
  'signature.refused': ({ kind, approval }) => ({ kind, approval }),
  'action.allowed': ({ kind, record }) => ({ kind, action: record.id, agent: record.action.agent }),
  'action.decided': ({ kind, record }) => ({ kind, action: record.id, agent: record.action.agent }),
  'action.permitted': ({ kind, permit }) => ({ kind, action: permit.actionId, agent: permit.agent }),
  'action.finished': ({ kind, actionId }) => ({ kind, action: actionId }),
  'action.replayed': ({ kind, actionId }) => ({ kind, action: actionId }),
} satisfies { readonly [Kind in FactKind]: (fact: FactOf<Kind>) => Hint | undefined }
