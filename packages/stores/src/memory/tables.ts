/**
 * Maps whose changes can be taken back while a commit may still be refused.
 *
 * @module
 */

export interface Table<Row> {
  get(key: string): Row | undefined
  set(key: string, row: Row): void
  /** Not taken back: nothing is removed by a commit. */
  remove(key: string): void
  /** In the order in which their keys were first set. */
  all(): readonly Row[]
}

export interface Tables {
  table<Row>(): Table<Row>
  /** Does all of the work, or, if it throws, none of it. The work must not wait for anything. */
  wholly<Result>(work: () => Result): Result
}

export function createTables(): Tables {
  let undo: (() => void)[] = []

  return {
    table<Row>(): Table<Row> {
      const rows = new Map<string, Row>()
      return {
        get: (key) => rows.get(key),
        set(key, row) {
          const before = rows.get(key)
          undo.push(before === undefined ? () => rows.delete(key) : () => rows.set(key, before))
          rows.set(key, row)
        },
        remove: (key) => void rows.delete(key),
        all: () => [...rows.values()],
      }
    },
    wholly(work) {
      undo = []
      try {
        return work()
      } catch (error) {
        for (const back of undo.toReversed()) back()
        throw error
      }
    },
  }
}
