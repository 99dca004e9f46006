/**
 * Changes to a world that can be taken back: all of a change stands, or nothing of it.
 *
 * @module
 */
export interface Draft {
  set<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void
  remove<Key, Value>(table: Map<Key, Value>, key: Key): void
  /** Leaves everything as it was before. Drafts made one after the other are undone in the reverse order. */
  undo(): void
  /** Changes everything again, once it was undone: what was judged has become true. */
  redo(): void
  /** The keys of this table that were set or removed, each once. */
  changedIn<Key, Value>(table: Map<Key, Value>): ReadonlySet<Key>
}

type Table = Map<unknown, unknown>
/** Undefined where the key was not there. */
type Kept = Map<Table, Map<unknown, { readonly value: unknown } | undefined>>

export function createDraft(): Draft {
  const before: Kept = new Map()
  let after: Kept = new Map()

  function remember(kept: Kept, table: Table, key: unknown): void {
    const rows = kept.get(table) ?? new Map<unknown, { readonly value: unknown } | undefined>()
    kept.set(table, rows)
    if (!rows.has(key)) rows.set(key, table.has(key) ? { value: table.get(key) } : undefined)
  }

  return {
    set(table, key, value) {
      remember(before, table as Table, key)
      table.set(key, value)
    },
    remove(table, key) {
      remember(before, table as Table, key)
      table.delete(key)
    },
    undo() {
      after = new Map()
      for (const [table, rows] of before) for (const key of rows.keys()) remember(after, table, key)
      restore(before)
    },
    redo: () => restore(after),
    changedIn: <Key, Value>(table: Map<Key, Value>) =>
      new Set(before.get(table as Table)?.keys() as Iterable<Key> | undefined),
  }
}

function restore(kept: Kept): void {
  for (const [table, rows] of kept) {
    for (const [key, row] of rows) {
      if (row === undefined) table.delete(key)
      else table.set(key, row.value)
    }
  }
}
