import { isError, type Journal } from '@countersign/core'
import type { Entry, Fact } from '@countersign/schema'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reading } from './reading.ts'
import type { Recent } from './recent.ts'
import type { Tail } from './tail.ts'

export interface JournalParts extends Pick<Reading, 'db' | 'tenant' | 'entries' | 'lookup'> {
  record(fact: Fact): Promise<unknown>
  readonly tail: Tail
  readonly recent: Recent
  /** Told whose cached keys are worth nothing any more. */
  erased(subject: string): void
}

/** Entries read for a follower at a time. */
const pageSize = 200
/** Between two tries of a follower while the store is away; nothing is missed meanwhile. */
const retryMs = 250

export function createJournal({ db, tenant, entries, lookup, tail, recent, record, erased }: JournalParts): Journal {
  const reading = new Map<number, Promise<readonly Entry[]>>()
  return {
    async *follow(index, signal) {
      for (let next = index; !signal.aborted;) {
        await tail.reaches(next, signal)
        if (signal.aborted) return
        const written = recent.from(next, pageSize)
        const page = written.length > 0 ? written : await readOn(next, signal)
        if (signal.aborted) return
        if (page.length > 0) yield page
        next += page.length
      }
    },
    read: (index, limit) => entries.range(index, limit),
    async cursor(follower, from) {
      const find = () => db.query<{ index: number }>(cursorOf, [tenant, follower])
      const [known] = await find()
      if (known) return known.index
      await db.query(placeCursor, [tenant, follower, from === 'head'])
      const [placed] = await find()
      return placed?.index ?? 0
    },
    async moveCursor(follower, index) {
      await db.query(moveCursor, [tenant, follower, index])
    },
    async erase(subject, { by, because } = { by: 'house', because: '' }) {
      if (subject === 'house') return 0 // what is nobody's is never erased
      const [sealed] = await db.query<{ count: number }>(countSealed, [tenant, subject])
      if (!sealed?.count) return 0
      const blinded = lookup(`subject\n${subject}`)
      await record({ kind: 'record.erased', by, subject: blinded, entries: sealed.count, because })
      const count = await db.tx(async (session) => {
        await session.query(lockHead, [tenant]) // no commit may be sealing with this key now
        const [row] = await session.query<{ count: number }>(countSealed, [tenant, subject])
        for (const statement of destroy) await session.query(statement, [tenant, subject])
        return row?.count ?? 0
      })
      recent.forget()
      erased(subject)
      return count
    },
  }

  /** Followers that stand at the same place, as they do at the end, read and open it once. */
  function readTogether(index: number): Promise<readonly Entry[]> {
    const known = reading.get(index)
    if (known) return known
    const page = entries.range(index, pageSize).finally(() => reading.delete(index))
    reading.set(index, page)
    return page
  }

  /** While the store is away a follower waits: nothing is missed, since it goes on where it was. */
  async function readOn(index: number, signal: AbortSignal): Promise<readonly Entry[]> {
    try {
      return await readTogether(index)
    } catch (error) {
      if (tail.closed || !isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
      await sleep(retryMs, undefined, { signal }).catch(() => undefined)
      return []
    }
  }
}

const cursorOf = { name: 'cursor', text: 'select index from cursor where tenant = $1 and follower = $2' }
const placeCursor = {
  name: 'cursor_place',
  text: `insert into cursor (tenant, follower, index)
    select $1, $2, case when $3::boolean then size else 0 end from head where tenant = $1
    on conflict (tenant, follower) do nothing`,
}
const moveCursor = {
  name: 'cursor_move',
  text: `insert into cursor (tenant, follower, index) values ($1, $2, $3)
    on conflict (tenant, follower) do update set index = excluded.index`,
}
const lockHead = { name: 'head_lock_only', text: 'select size from head where tenant = $1 for update' }
const countSealed = {
  name: 'erase_count',
  text: `select count(*) as count from entry e
    join subject_key k on k.tenant = e.tenant and k.subject = e.subject and k.id = e.key_id
    where e.tenant = $1 and e.subject = $2`,
}

/**
 * The key; and the rows by which the subject itself was known, which nobody can read any more. Questions that nobody can
 * read or answer are over, and answers that nobody can hand out: else they would be in the way of the same action for ever.
 */
const destroy = [
  {
    name: 'erase_questions',
    text: `update approval set state = 'voided', due_at = null
      where tenant = $1 and coalesce(on_behalf_of, agent) = $2 and state in ('open', 'granted')`,
  },
  {
    name: 'erase_answers',
    text: `update permit set delivered = true from action
      where permit.tenant = $1 and action.tenant = $1 and action.id = permit.action and action.subject = $2
        and not permit.delivered`,
  },
  { name: 'erase_key', text: 'delete from subject_key where tenant = $1 and subject = $2' },
  // After the key: who adds some holds on to it until they are there to be deleted.
  {
    name: 'erase_keywords',
    text: `delete from action_keyword where tenant = $1
      and entry in (select index from entry where tenant = $1 and subject = $2 and kind = 'action.decided')`,
  },
  { name: 'erase_person', text: 'delete from person where tenant = $1 and id = $2' },
  { name: 'erase_agent_keys', text: 'delete from agent_key where tenant = $1 and agent = $2' },
  // Its id stays taken: what it was granted names the id, and is not for another agent (P1).
  {
    name: 'erase_agent',
    text: `update agent set erased = true, status = 'stopped', owner = '', team = '' where tenant = $1 and id = $2`,
  },
]
