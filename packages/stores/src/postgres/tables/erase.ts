/**
 * What is erased of a subject: its key, by which its payloads could be read, and the rows by which it was known.
 *
 * @module
 */
import { CountersignError, isInUse, type Journal, type World } from '@countersign/core'
import { bySystem, type Fact } from '@countersign/schema'
import type { Asking } from '../db.ts'
import type { Terms } from '../search/terms.ts'
import { bitsArray, integerArray } from '../values.ts'
import type { Reading } from './reading.ts'
import type { Recent } from './recent.ts'
import { ownerOf, type Segments } from './segments.ts'

type How = Parameters<Journal['eraseEntry']>[1]

export interface EraseParts extends Pick<Reading, 'db' | 'tenant' | 'lookup'> {
  readonly segments: Pick<Segments, 'at' | 'erase'>
  /** As it is known here. */
  world(): World
  /** Writes the fact, and does `also` in the same transaction. */
  record(fact: Fact, also: (writer: Asking) => Promise<void>): Promise<unknown>
  readonly recent: Recent
  readonly terms: Terms
}

export function createErase(parts: EraseParts): Pick<Journal, 'erase' | 'eraseEntry'> {
  const { db, tenant, lookup, terms, record, recent, segments } = parts
  return { erase, eraseEntry }

  async function erase(subject: string, { by, because }: How = { by: bySystem, because: '' }): Promise<number> {
    if (subject === 'system') return 0 // what is nobody's is never erased
    const entries = (await entriesOf(db, subject)).length
    if (entries === 0) return 0
    let count = 0
    const blinded = lookup(`subject\n${subject}`)
    await record({ kind: 'record.erased', by, subject: blinded, entries, because }, async (writer) => {
      const own = await entriesOf(writer, subject)
      await writer.query(turnIndex, [tenant]) // what is written to be found is there to be deleted; what was read is not written
      await writer.query(forgetSearched, [tenant, integerArray(own)])
      for (const statement of destroy) await writer.query(statement, [tenant, subject])
      await writer.query(forgetSeen, [tenant, bitsArray([terms.blind('agent', subject)])])
      count = own.length
    })
    terms.forget()
    recent.forget()
    return count
  }

  async function eraseEntry(index: number, { by, because }: How): Promise<boolean> {
    const entry = (await segments.at([index])).get(index)
    if (entry === undefined || entry.fact.kind === 'erased') return false
    await mustBeUnused(index, db)
    const subject = lookup(`entry\n${entry.id}`)
    await record({ kind: 'record.erased', by, subject, entries: 1, because }, async (writer) => {
      await mustBeUnused(index, writer)
      await writer.query(turnIndex, [tenant])
      await writer.query(forgetFound, [tenant, index])
      await writer.query(forgetAnswer, [tenant, index])
      await segments.erase(index, writer)
    })
    terms.forget()
    recent.forget()
    return true
  }

  /** Of a question that waits for long the world no longer remembers where its action began. */
  async function mustBeUnused(index: number, asking: Asking): Promise<void> {
    const asked = await asking.query(waitsOn, [tenant, index])
    if (asked.length === 0 && !isInUse(parts.world(), index)) return
    throw new CountersignError('ERR_STORE_CONFLICT', { entry: index, says: 'something rests on it' })
  }

  /** Those that can still be read. */
  async function entriesOf(asking: Asking, subject: string): Promise<number[]> {
    const segments = await asking.query<{ first: number; members: Uint8Array; groups: number[] }>(segmentsOf, [
      tenant,
      subject,
    ])
    return segments.flatMap(({ first, members, groups }) =>
      [...members].flatMap((group, place) => (groups.includes(group) ? [first + place] : [])),
    )
  }
}

const waitsOn = {
  name: 'erase_waits_on',
  text: `select from approval a join mention m on m.tenant = a.tenant and m.what = a.action and m.kind = 'action.decided'
    where a.tenant = $1 and a.state in ('open', 'granted') and m.entry = $2`,
}
const turnIndex = {
  name: 'erase_turn_index',
  text: `insert into cursor (tenant, follower, index, erasures) values ($1, 'search', 0, 1)
    on conflict (tenant, follower) do update set erasures = cursor.erasures + 1`,
}
const forgetSeen = { name: 'erase_seen', text: 'delete from seen where tenant = $1 and agent = any($2::bigint[])' }
/** By whatever of it an action is found. */
const forgetFound = {
  name: 'erase_found',
  text: 'delete from searched where tenant = $1 and $2 in (entry, permit, ended, approval)',
  timeoutMs: 30_000,
}
const forgetAnswer = {
  name: 'erase_answer',
  text: 'update permit set delivered = true where tenant = $1 and ended_entry = $2 and not delivered',
}
const forgetSearched = {
  name: 'erase_searched',
  text: 'delete from searched where tenant = $1 and entry = any($2::bigint[])',
}
/** Whoever is erased has what is theirs read once through the whole ledger, without its leaves and records. */
const segmentsOf = {
  name: 'erase_segments',
  text: `select s.first, s.members, array_agg((g.place - 1)::int) as groups from segment s
    cross join lateral unnest(s.subjects, s.keys) with ordinality as g (subject, key, place)
    join subject_key k on k.tenant = s.tenant and k.subject = g.subject and k.id = g.key
    where s.tenant = $1 and $2 = any(s.subjects) and g.subject = $2
    group by s.tenant, s.first order by s.first`,
  timeoutMs: 30_000,
}

/**
 * The key; and the rows by which the subject itself was known, which nobody can read any more. Questions that nobody
 * can read or answer are over, and answers that nobody can hand out: else they would be in the way of the same action
 * for ever.
 */
const destroy = [
  {
    name: 'erase_questions',
    text: `update approval set state = 'voided', due_at = null
      where tenant = $1 and coalesce(on_behalf_of, agent) = $2 and state in ('open', 'granted')`,
  },
  {
    name: 'erase_answers',
    text: `update permit set delivered = true where tenant = $1 and id in (
      select p.id from permit p cross join ${ownerOf('p.entry')} owner
        where p.tenant = $1 and p.replayable and not p.delivered and owner.subject = $2)`,
  },
  { name: 'erase_key', text: 'delete from subject_key where tenant = $1 and subject = $2' },
  { name: 'erase_person', text: 'delete from person where tenant = $1 and id = $2' },
  { name: 'erase_agent_keys', text: 'delete from agent_key where tenant = $1 and agent = $2' },
  // Its id stays taken: what it was granted names the id, and is not for another agent (P1).
  {
    name: 'erase_agent',
    text: `update agent set erased = true, status = 'stopped', owner = '', team = '' where tenant = $1 and id = $2`,
  },
]
