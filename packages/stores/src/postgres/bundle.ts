/**
 * Several statements in one write, answered in one go: a `Submittable` of `pg` that says Sync once, at the end. On this
 * way a transaction costs as many system calls and wake-ups as it has looks, not as it has statements. After a failure
 * the server skips the rest of the bundle (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING).
 *
 * @module
 */
import type pg from 'pg'
import type { Row, Statement } from './asking.ts'
import { toWire, type Value } from './values.ts'

export interface Asked {
  readonly statement: Statement
  readonly values: readonly Value[]
  /** Rows for a `copy … from stdin`, in its format: they travel with it. */
  readonly rows?: Uint8Array | undefined
}

export interface Answer {
  readonly rows: Row[]
  /** What PostgreSQL says it did, `COMMIT` or `INSERT 0 3`. */
  readonly command: string
}

interface Field {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** What is known of one connection. */
export interface KnownStatements {
  /** By the names of those that were parsed on it: the columns of their rows. */
  readonly fields: Map<string, readonly Field[]>
  /** Whether nobody can say which names are taken: then the connection is worth nothing any more. */
  doubtful: boolean
}

/** The part of pg's `Connection` that its published types do not tell of. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  parse(message: { name: string; text: string }): void
  describe(message: { type: 'S'; name: string }): void
  bind(message: { statement: string; values: readonly unknown[] }): void
  execute(message: object): void
  sendCopyFromChunk(rows: Uint8Array): void
  endCopyFrom(): void
  sync(): void
}

export interface BundleParts {
  readonly known: KnownStatements
  readonly namedStatements: boolean
  readonly typeParser: (oid: number, format?: 'text') => (text: string) => unknown
}

/** Resolves with an answer per statement, or rejects with the first failure. */
export function askTogether(client: pg.ClientBase, asked: readonly Asked[], parts: BundleParts): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    client.query(
      bundleOf(asked, parts, (error, answers) => {
        if (error) reject(error)
        else resolve(answers ?? [])
      }),
    )
  })
}

type Callback = (error: Error | null, answers?: Answer[]) => void

function bundleOf(asked: readonly Asked[], { known, namedStatements, typeParser }: BundleParts, callback: Callback) {
  const answers: Answer[] = []
  let fields: readonly Field[] | undefined
  let rows: Row[] = []
  let failure: Error | undefined
  const parsed = new Set<string>()
  const nameOf = ({ name }: Statement) => (namedStatements ? name : '')

  const bundle = {
    /** pg puts its timeout around it. */
    callback,
    query_timeout: Math.max(...asked.map(({ statement }) => statement.timeoutMs ?? queryTimeoutMs)),

    submit(connection: pg.Connection): void {
      const wire = connection as unknown as Wire
      wire.stream.cork()
      try {
        for (const { statement, values, rows: copied } of asked) {
          const name = nameOf(statement)
          if (name === '' || !(known.fields.has(name) || parsed.has(name))) {
            wire.parse({ name, text: statement.text })
            wire.describe({ type: 'S', name })
            if (name !== '') parsed.add(name)
          }
          wire.bind({ statement: name, values: values.map(toWire) })
          wire.execute({})
          if (copied === undefined) continue
          wire.sendCopyFromChunk(copied)
          wire.endCopyFrom()
        }
      } finally {
        wire.sync()
        wire.stream.uncork()
      }
    },
    handleRowDescription(message: { fields: readonly { name: string; dataTypeID: number }[] }): void {
      fields = message.fields.map(({ name, dataTypeID }) => ({ name, parse: typeParser(dataTypeID) }))
    },
    handleDataRow(message: { fields: readonly (string | null)[] }): void {
      try {
        rows.push(rowOf(fields ?? known.fields.get(nameOf(current())) ?? [], message.fields))
      } catch (error) {
        failure ??= error as Error
      }
    },
    handleCommandComplete({ text }: { text: string }): void {
      const name = nameOf(current())
      if (parsed.delete(name)) known.fields.set(name, fields ?? [])
      answers.push({ rows, command: text })
      fields = undefined
      rows = []
    },
    /** What it asks for is on its way; and if it failed before, the server passes over that. */
    handleCopyInResponse(): void {},
    handleReadyForQuery(): void {
      bundle.callback(failure ?? null, answers)
    },
    handleError(error: Error): void {
      known.doubtful ||= parsed.size > 0
      bundle.callback(error)
    },
  }
  return bundle

  function current(): Statement {
    const next = asked[answers.length]
    if (next === undefined) throw new RangeError('an answer to nothing')
    return next.statement
  }
}

/** For statements sent together: as for one alone. */
const queryTimeoutMs = 5_000

function rowOf(fields: readonly Field[], values: readonly (string | null)[]): Row {
  const row: Row = {}
  for (const [place, value] of values.entries()) {
    const field = fields[place]
    if (field !== undefined) row[field.name] = value === null ? null : field.parse(value)
  }
  return row
}
