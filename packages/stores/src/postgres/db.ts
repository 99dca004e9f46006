/**
 * The thin layer over `pg`: named statements, transactions that are tried again, one listener for notifications.
 *
 * @module
 */
import { CountersignError, deferred } from '@countersign/core'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Asking, Row, Session, Statement } from './asking.ts'
import type { KnownStatements } from './bundle.ts'
import { openTransaction } from './transaction.ts'
import type { Value } from './values.ts'
import { isTransient, isUnreachable, withoutValues } from './trouble.ts'

export type { Asking, Row, Session, Statement } from './asking.ts'

export interface Db extends Asking {
  /**
   * Runs `body` in one READ COMMITTED transaction. It runs again after a serialisation failure, a deadlock or a lost
   * connection, so it MUST be idempotent: `attempt` counts from 0, and after a lost connection the last one may have committed.
   *
   * @throws ERR_STORE_UNAVAILABLE when the server cannot be reached
   */
  tx<Result>(body: (session: Session, attempt: number) => Promise<Result>): Promise<Result>
  /**
   * Calls `wake` with what every notification tells, and with nothing after each reconnect, when one may have been missed.
   * A hint, never the truth.
   */
  listen(channel: string, wake: (told?: string) => void): { close(): Promise<void> }
  close(): Promise<void>
}

export interface DbOptions {
  readonly connection: pg.ClientConfig
  /** False behind a pgbouncer older than 1.21 in transaction mode. */
  readonly namedStatements?: boolean | undefined
  readonly connections?: number | undefined
}

/** For a connection to be made; after that the store counts as away. */
const connectTimeoutMs = 2_000
/** For a statement that says nothing else; after that it fails, and what waited for it is refused. */
const queryTimeoutMs = 5_000
/** Connections for transactions of followers; commits have one of their own. */
const writers = 2
/** How long an unused connection is kept; then it is closed, and a new one is made when there is work. */
const idleMs = 30_000
/** Tries after the first while the server is away or asks to try again: for what passes in a moment. */
const retries = 4
/** How long a query is tried again: whoever waits shall soon know. After one long timeout there is no second try. */
const patienceMs = 2_000

/** How every connection is made. */
export const configOf = (connection: pg.ClientConfig): pg.ClientConfig => ({
  application_name: 'countersign',
  keepAlive: true,
  ...connection,
  connectionTimeoutMillis: connectTimeoutMs,
  query_timeout: queryTimeoutMs,
  types: { getTypeParser },
})

export function openDb({ connection, namedStatements = true, connections = 10 }: DbOptions): Db {
  const config = configOf(connection)
  const reading = openPool(config, connections)
  /** Apart, so that a crowd of readers cannot keep a commit waiting. */
  const writing = openPool(config, writers)
  const statements = new WeakMap<pg.PoolClient, KnownStatements>()
  const listeners = new Set<{ close(): Promise<void> }>()

  const db: Db = {
    async query(statement, values) {
      return again(() => send(reading, statement, values))
    },
    async tx(body) {
      return again((attempt) => transact(body, attempt))
    },
    listen(channel, wake) {
      const listener = listen(config, channel, wake)
      listeners.add(listener)
      return listener
    },
    async close() {
      await Promise.all([...listeners].map((listener) => listener.close()))
      await Promise.all([reading.end(), writing.end()])
    },
  }
  return db

  async function send<Found extends Row>(
    on: pg.Pool,
    { name, text, timeoutMs = queryTimeoutMs }: Statement,
    values: readonly Value[] = [],
  ): Promise<Found[]> {
    const statement = { ...(namedStatements ? { name } : {}), text, query_timeout: timeoutMs }
    const { rows } = await on.query<Found>(statement, [...values])
    return rows
  }

  async function transact<Result>(
    body: (session: Session, attempt: number) => Promise<Result>,
    attempt: number,
  ): Promise<Result> {
    const client = await writing.connect()
    const known = knownOn(client)
    let broken: Error | undefined
    const watch = (error: Error) => (broken = error)
    client.on('error', watch)
    const transaction = openTransaction(client, { known, namedStatements, typeParser: getTypeParser })
    try {
      const result = await body(transaction, attempt)
      await transaction.commit()
      return result
    } catch (error) {
      if (isUnreachable(error)) broken = error as Error
      else await transaction.rollback().catch((failure: Error) => (broken = failure))
      throw error
    } finally {
      client.off('error', watch)
      client.release(broken ?? known.doubtful) // a connection that broke is thrown away
    }
  }

  function knownOn(client: pg.PoolClient): KnownStatements {
    const found = statements.get(client) ?? { fields: new Map(), doubtful: false }
    statements.set(client, found)
    return found
  }
}

function openPool(config: pg.ClientConfig, max: number): pg.Pool {
  const pool = new pg.Pool({ ...config, max, idleTimeoutMillis: idleMs })
  pool.on('error', () => undefined) // an idle connection broke: the pool has dropped it, the next query tells
  return pool
}

async function again<Result>(work: (attempt: number) => Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!(isTransient(error) || isUnreachable(error))) throw withoutValues(error)
      if (attempt >= retries || performance.now() - startedAt > patienceMs)
        throw new CountersignError('ERR_STORE_UNAVAILABLE', undefined, { cause: error })
      await sleep(10 * 2 ** attempt * (1 + Math.random()))
    }
  }
}

function listen(config: pg.ClientConfig, channel: string, wake: (told?: string) => void): { close(): Promise<void> } {
  const closing = new AbortController()
  const lived = live()
  return {
    async close() {
      closing.abort()
      await lived
    },
  }

  async function live(): Promise<void> {
    while (!closing.signal.aborted) {
      await hear().catch(() => undefined) // the poll goes on without it
      await sleep(500, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  async function hear(): Promise<void> {
    const client = new pg.Client(config)
    const gone = new AbortController()
    const { promise: ended, resolve: end } = deferred<void>()
    client.on('error', () => end())
    client.on('end', () => end())
    closing.signal.addEventListener('abort', () => end(), { once: true, signal: gone.signal })
    client.on('notification', ({ payload }) => wake(payload))
    try {
      await client.connect()
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
      wake()
      await ended
    } finally {
      gone.abort()
      await client.end().catch(() => undefined)
    }
  }
}

const int8 = 20

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === int8 && format !== 'binary') return safeInteger
  return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown
}

/** @throws ERR_INTERNAL instead of rounding */
function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new CountersignError('ERR_INTERNAL', 'int8 beyond 2^53')
  return value
}
