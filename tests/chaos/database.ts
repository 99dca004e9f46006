/**
 * The database itself, asked past every instance: a batch can be stopped in the middle of its statement, and what is written is
 * seen as it lies there.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { connect } from '../../packages/stores/src/postgres/testing.ts'

export interface Database {
  /**
   * Stops a batch of one of these server processes where its permits are written and its segment is not. Undefined if none
   * comes there before `signal` aborts.
   */
  stopBetween(pids: ReadonlySet<number>, signal: AbortSignal): Promise<Halfway | undefined>
  /** The server's time. */
  now(): Promise<number>
  /** Findings: entries from this time on whose time is before that of the one ahead, or not the server's. */
  timesSince(since: number): Promise<string[]>
}

export interface Halfway {
  readonly pid: number
  /** It goes on, if it is still there. */
  letGo(): Promise<void>
}

/** Of the lock that a batch waits for. */
const [lock, shared] = ['pg_advisory_lock(20240117)', 'pg_advisory_xact_lock_shared(20240117)']
/** How far the time of an entry may lie from the server's (`commit/put.ts`), and how long a batch may have waited for its turn. */
const apartMs = 10_000

export const openDatabase = (url: string): Database => {
  return {
    async stopBetween(pids, signal) {
      const session = await connect({ connectionString: url })
      session.on('error', () => undefined) // the server was killed
      const close = () => session.end().catch(() => undefined)
      await session.query(`${stops} select ${lock}`)
      while (!signal.aborted) {
        const pid = await waiting(session)
        if (pid !== undefined && pids.has(pid)) return { pid, letGo: close }
        if (pid !== undefined) await session.query(`select pg_advisory_unlock_all(); select ${lock}`) // somebody else's
        await pause(2)
      }
      await close()
      return undefined
    },
    now: () => once((session) => timeOf(session)),
    timesSince: (since) =>
      once(async (session) => {
        const { rows } = await session.query<{ first: string; at: string; before: string }>(
          `select * from (select first, at, lag(at) over (order by first) as before from segment) as times
            where at >= ${since} and (at < before or at > ${await timeOf(session)} + ${apartMs})
              or first > (select min(first) from segment where at >= ${since}) and at < ${since} - ${apartMs}`,
        )
        return rows.map(({ first, at, before }) => `entry ${first} has the time ${at}, behind one of ${before}`)
      }),
  }

  async function once<Found>(ask: (session: pg.Client) => Promise<Found>): Promise<Found> {
    const session = await connect({ connectionString: url })
    try {
      return await ask(session)
    } finally {
      await session.end()
    }
  }
}

async function waiting(session: pg.Client): Promise<number | undefined> {
  const { rows } = await session.query<{ pid: number }>(
    `select pid from pg_locks where locktype = 'advisory' and not granted`,
  )
  return rows[0]?.pid
}

async function timeOf(session: pg.Client): Promise<number> {
  const { rows } = await session.query<{ now: string }>(
    `select floor(extract(epoch from clock_timestamp()) * 1000) as now`,
  )
  return Number(rows[0]?.now)
}

/** PostgreSQL runs what a statement adds last first, so that permits are there before the segment that tells of them. */
const stops = `
  create or replace function chaos_begins() returns trigger language plpgsql as
    $$ begin perform set_config('chaos.permits', 'written', true); return new; end $$;
  create or replace function chaos_waits() returns trigger language plpgsql as $$ begin
    if current_setting('chaos.permits', true) = 'written' then perform ${shared}; end if;
    return new;
  end $$;
  create or replace trigger chaos_begins before insert on permit for each row execute function chaos_begins();
  create or replace trigger chaos_waits before insert on segment for each row execute function chaos_waits();`
