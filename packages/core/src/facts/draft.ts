/**
 * Changes to a world that can be taken back: all of a change stands, or nothing of it.
 *
 * @module
 */
export interface Draft {
  set<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void
  remove<Key, Value>(table: Map<Key, Value>, key: Key): void
  /** Leaves everything as it was. */
  undo(): void
  /** The keys of this table that were set or removed, each once. */
  changedIn<Key, Value>(table: Map<Key, Value>): ReadonlySet<Key>
}

export function createDraft(): Draft {
  const before = new Map<Map<unknown, unknown>, Map<unknown, { readonly value: unknown } | undefined>>()

  /** As it stood before the first change. */
  function remember(table: Map<unknown, unknown>, key: unknown): void {
    const known = before.get(table) ?? new Map<unknown, { readonly value: unknown } | undefined>()
    before.set(table, known)
    if (!known.has(key)) known.set(key, table.has(key) ? { value: table.get(key) } : undefined)
  }

  return {
    set(table, key, value) {
      remember(table as Map<unknown, unknown>, key)
      table.set(key, value)
    },
    remove(table, key) {
      remember(table as Map<unknown, unknown>, key)
      table.delete(key)
    },
    undo() {
      for (const [table, rows] of before) {
        for (const [key, row] of rows) {
          if (row === undefined) table.delete(key)
          else table.set(key, row.value)
        }
      }
      before.clear()
    },
    changedIn: <Key, Value>(table: Map<Key, Value>) =>
      new Set(before.get(table as Map<unknown, unknown>)?.keys() as Iterable<Key> | undefined),
  }
}
