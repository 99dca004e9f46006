import pg from 'pg'
import { role } from './cluster.ts'

/** What PostgreSQL says while it starts, recovers or shuts down (cannot_connect_now). */
const notNow = '57P03'

/** Whether somebody new is served. A no counts that is not about the server's own state: too many clients, say. */
export async function answers(host: string, port: number, withinMs: number): Promise<boolean> {
  const limits = { connectionTimeoutMillis: withinMs, query_timeout: withinMs }
  const client = new pg.Client({ host, port, user: role, database: 'postgres', ...limits })
  client.on('error', () => undefined) // it ends while it is asked
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    const { code } = error as { code?: string }
    return /^[0-9A-Z]{5}$/.test(code ?? '') && code !== notNow
  } finally {
    client.end().catch(() => undefined) // not awaited: one that is held does not say goodbye
  }
}
