/**
 * The one connection that writes. What it was answered is believed only when the server says that it is ready for the next
 * (then it is durable); a connection of which no answer came is given up, and its server process is ended before anything else
 * is written, so that nothing comes after us that we do not know of.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import pg from 'pg'
import type { Row, Statement } from '../db.ts'
import { toWire, type Value } from '../values.ts'

export interface Writer {
  /** @throws what the server says, or `isUnreachable` if it did not, or may not have kept what it did */
  query<Found extends Row>(statement: Statement, values?: readonly Value[]): Promise<Found[]>
  /** Gives the connection up: whatever was asked on it may or may not have happened until `reconnect` resolves. */
  abandon(): void
  /** A new connection; the server process of the one before is gone by then. @throws if the server cannot be reached */
  reconnect(): Promise<void>
  close(): Promise<void>
}

interface ServerProcess {
  readonly pid: number
  readonly since: string
}

export interface WriterParts {
  readonly config: pg.ClientConfig
  readonly namedStatements: boolean
}

/** For an answer; after that nobody knows whether it was done. */
const answerMs = 5_000
/** How long the server waits for us within a transaction, and for what another instance holds: longer than it may stand still. */
const [idleMs, lockMs] = [1_000, 1_500]
/** How long a transaction that writes may take. */
export const transactionMs = 3_000
/** How long a server process may take to end. */
const endMs = 2_000
/** Warnings by which a commit was not waited for (a synchronous standby), or may not be kept. */
const doubts = new Set(['01000', '57P01'])

export function createWriter({ config, namedStatements }: WriterParts): Writer {
  let open: { readonly client: pg.Client; doubted: boolean } | undefined
  /** The server processes of connections that were given up, until they are known to be gone. */
  let left: ServerProcess[] = []
  let mine: ServerProcess | undefined

  async function connect(): Promise<void> {
    const client = new pg.Client({ ...config, query_timeout: answerMs, pipeline: true })
    const opened = { client, doubted: false }
    client.on('error', () => abandon(opened))
    client.on('end', () => abandon(opened))
    client.on('notice', ({ code }) => {
      if (doubts.has(code ?? '')) opened.doubted = true
    })
    await client.connect()
    try {
      await client.query(settings)
      const [row] = (await client.query<{ pid: number; since: string }>(whoAmI)).rows
      mine = row
    } catch (error) {
      client.end().catch(() => undefined)
      throw error
    }
    open = opened
  }

  function abandon(which = open): void {
    if (which === undefined || which !== open) return
    if (mine !== undefined) left.push(mine)
    mine = undefined
    open = undefined
    const { stream } = (which.client as unknown as { connection: { stream: { destroy(): void } } }).connection
    stream.destroy()
  }

  return {
    async query<Found extends Row>({ name, text, timeoutMs = answerMs }: Statement, values: readonly Value[] = []) {
      const used = open
      if (used === undefined) throw new CountersignError('ERR_STORE_UNAVAILABLE')
      used.doubted = false // what it warned of before was not about this
      const asked = { ...(namedStatements ? { name } : {}), text, values: values.map(toWire), query_timeout: timeoutMs }
      const { rows } = await used.client.query<Found>(asked)
      if (used.doubted) {
        abandon(used)
        throw new CountersignError('ERR_STORE_UNAVAILABLE', { doubt: 'the server may not keep it' })
      }
      return rows
    },
    abandon: () => abandon(),
    async reconnect() {
      abandon()
      await connect()
      for (const { pid, since } of left) {
        const ended = await open?.client.query<{ ended: boolean }>(end, [pid, since, endMs])
        if (ended?.rows.every((row) => row.ended) !== true) {
          throw new CountersignError('ERR_STORE_UNAVAILABLE', { pid, says: 'a server process of ours does not end' })
        }
        left = left.filter((one) => one.pid !== pid || one.since !== since)
      }
    },
    async close() {
      const closing = open
      open = undefined
      await closing?.client.end().catch(() => undefined)
    },
  }
}

/** Those that this server knows. A batch that lost finds no row, where a stricter isolation would fail. */
const settings = `select set_config(name, case name when 'default_transaction_isolation' then 'read committed'
    when 'lock_timeout' then '${lockMs}' when 'idle_in_transaction_session_timeout' then '${idleMs}'
    else '${transactionMs}' end, false)
  from pg_settings
  where name in ('default_transaction_isolation', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`
const whoAmI = `select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()`
const end = `select pg_terminate_backend(pid, $3) as ended from pg_stat_activity
  where pid = $1 and backend_start = $2::timestamptz`
