/**
 * The entries, encrypted as in every other store, so that erasing a subject means the same here.
 *
 * @module
 */
import { CountersignError, createRecorder, type Journal, type Vault } from '@countersign/core'
import { bySystem, type Entry, type Fact } from '@countersign/schema'

/** A subject's key, shared by all that is sealed under it; without `wrapped` it is destroyed. */
interface SubjectKey {
  wrapped: Uint8Array | undefined
}

interface EncryptedEntry {
  readonly id: string
  readonly at: number
  readonly subject: string
  readonly key: SubjectKey
  encrypted: Uint8Array
  readonly leaf: Uint8Array
  /** Once it was read; nobody reads it once its key is destroyed. */
  opened: Fact | undefined
}

interface Where {
  readonly subject: string
  readonly at: number
  readonly sequence: number | undefined
}

export interface MemoryJournal extends Journal {
  readonly size: number
  /** Its leaf. */
  append(fact: Fact, where: Where): Uint8Array
  /** Tells those who follow that there is more. */
  wake(): void
  at(index: number): Entry | undefined
  /** Ends every `follow`. */
  close(): void
}

/** Nobody to erase: what the instance did stays. */
const system = 'system'
/** Entries handed to a follower at a time. */
const pageSize = 200

export function createJournal(
  vault: Vault,
  forget: (subject: string) => void,
  record: (fact: Fact) => Promise<unknown>,
  one: { isInUse(index: number): boolean; forgetEntry(index: number): void },
): MemoryJournal {
  const recorder = createRecorder(vault)
  const entries: EncryptedEntry[] = []
  const keys = new Map<string, SubjectKey>()
  const cursors = new Map<string, number>()
  const waiting = new Set<() => void>()
  let closed = false

  function keyOf(subject: string): { key: SubjectKey; wrapped: Uint8Array } {
    const known = keys.get(subject)
    if (known?.wrapped) return { key: known, wrapped: known.wrapped }
    const { wrapped } = vault.newSubjectKey(subject)
    const key: SubjectKey = { wrapped }
    keys.set(subject, key)
    return { key, wrapped }
  }

  function at(index: number): Entry | undefined {
    const entry = entries[index]
    return entry && { index, id: entry.id, at: entry.at, fact: factOf(entry) }
  }

  /** The same for everyone who asks, and so frozen: nobody changes the record but by a commit. */
  function factOf(entry: EncryptedEntry): Entry['fact'] {
    if (entry.opened !== undefined && entry.key.wrapped !== undefined) return entry.opened
    const { subject, encrypted, leaf } = entry
    const [opened] = recorder.open({ subject, encrypted, leaves: [leaf] }, entry.key.wrapped)
    if (opened === undefined) throw new RangeError('every leaf is opened')
    if (opened.fact.kind === 'erased') return opened.fact
    entry.opened = frozen(opened.fact)
    return entry.opened
  }

  const read = (index: number, limit: number): Entry[] =>
    entries.slice(index, index + limit).flatMap((_, place) => at(index + place) ?? [])

  function wake(): void {
    for (const go of waiting) go()
    waiting.clear()
  }

  /** Until the next append, the end of the signal, or the end of the store. */
  function more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal.removeEventListener('abort', go)
        waiting.delete(go)
        resolve()
      }
      signal.addEventListener('abort', go)
      waiting.add(go)
    })
  }

  return {
    get size() {
      return entries.length
    },
    append(fact, { subject, at: entryAt, sequence }) {
      const { key, wrapped } = keyOf(subject)
      const prepared = recorder.prepare(fact, subject)
      const leaf = prepared.leafAt(entryAt, sequence)
      const encrypted = recorder.encrypt([prepared], subject, wrapped)
      entries.push({ id: prepared.id, at: entryAt, subject, key, encrypted, leaf, opened: undefined })
      return leaf
    },
    wake,
    at,
    read: async (index, limit) => read(index, limit),
    async *follow(index, signal) {
      for (let next = index; !signal.aborted && !closed;) {
        const page = read(next, pageSize)
        next += page.length
        if (page.length > 0) yield page
        else await more(signal)
      }
    },
    async cursor(follower, from) {
      const index = cursors.get(follower) ?? (from === 'head' ? entries.length : 0)
      cursors.set(follower, index)
      return index
    },
    async moveCursor(follower, index) {
      cursors.set(follower, index)
    },
    async erase(subject, { by, because } = { by: bySystem, because: '' }) {
      const key = keys.get(subject)
      if (!key?.wrapped || subject === system) return 0
      const count = entries.filter((entry) => entry.key === key).length
      await record({ kind: 'record.erased', by, subject: vault.lookup(`subject\n${subject}`), entries: count, because })
      key.wrapped = undefined
      forget(subject)
      return count
    },
    async eraseEntry(index, { by, because }) {
      const entry = entries[index]
      const wrapped = entry?.key.wrapped
      if (!entry || !wrapped || at(index)?.fact.kind === 'erased') return false
      if (one.isInUse(index))
        throw new CountersignError('ERR_STORE_CONFLICT', { entry: index, says: 'something rests on it' })
      await record({ kind: 'record.erased', by, subject: vault.lookup(`entry\n${entry.id}`), entries: 1, because })
      entry.encrypted = recorder.without(0, entry, wrapped)
      entry.opened = undefined
      one.forgetEntry(index)
      return true
    },
    close() {
      closed = true
      wake()
    },
  }
}

/** With all that is in it; it is data, without circles. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const inside of Object.values(value)) frozen(inside)
  return Object.freeze(value)
}
