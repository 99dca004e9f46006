import type { Store } from '@countersign/core'
import type { ActionLife } from '@countersign/schema'
import { keysOf, searchable } from '../commit/keys.ts'
import { type Entries, factAt } from './entries.ts'
import { limitOf, pageOf } from './pages.ts'
import type { Reading } from './reading.ts'
import { actionById, actionsById, searching } from './search.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
  readonly approval: string | null
  readonly approvalEntry: number | null
  readonly permitEntry: number | null
  readonly endedEntry: number | null
}

export function createActions({ db, tenant, entries, lookup }: Reading): Store['actions'] {
  const blind = keysOf(lookup).keyword

  return {
    async get(id) {
      const [row] = await db.query<Found>(actionById, [tenant, id])
      if (row === undefined) return undefined
      const life = lifeOf(row, await entries.at(partsOf(row)))
      if (life === undefined) return undefined
      const { timeline, leftOut } = await entries.timeline(id, row.approval)
      return { life, timeline, ...(leftOut > 0 && { leftOut }) }
    },
    async lives(ids) {
      const rows = await db.query<Found>(actionsById, [tenant, ids])
      const found = await entries.atLast(rows.flatMap(partsOf))
      return rows.flatMap((row) => lifeOf(row, found) ?? [])
    },
    async search(query) {
      const limit = limitOf(query)
      const { statement, values } = searching(query, blind)
      const rows = await db.query<Found>(statement, [tenant, limit + 1, ...values])
      const found = await entries.at(rows.slice(0, limit).flatMap(partsOf))
      return pageOf(
        rows,
        limit,
        ({ entry }) => String(entry),
        (page) => page.flatMap((row) => lifeOf(row, found) ?? []),
      )
    },
    async addKeywords(found) {
      const rows = found.map(({ action, keywords }) => ({ action, keywords: keywords.map(blind) }))
      if (rows.length > 0) await db.query(addKeywords, [tenant, JSON.stringify(rows)])
    },
    async seen(agent, operation) {
      const rows = await db.query(everPermitted, [tenant, agent, searchable(operation)])
      return rows.length > 0
    },
  }
}

const partsOf = ({ entry, approvalEntry, permitEntry, endedEntry }: Found): number[] =>
  [entry, approvalEntry, permitEntry, endedEntry].filter((index) => index !== null)

/** Undefined once it is erased. */
function lifeOf(row: Found, found: Awaited<ReturnType<Entries['at']>>): ActionLife | undefined {
  const record = factAt(found, row.entry, 'action.decided')?.record
  if (record === undefined) return undefined
  const approval = factAt(found, row.approvalEntry, 'approval.changed')?.approval
  const permit = factAt(found, row.permitEntry, 'action.permitted')?.permit
  const outcome = factAt(found, row.endedEntry, 'action.finished')?.outcome
  const at = (index: number | null) => found.get(index ?? -1)?.at ?? 0
  return {
    record,
    at: at(row.entry),
    ...(approval !== undefined && { approval }),
    ...(permit !== undefined && { permit, permittedAt: at(row.permitEntry) }),
    ...(outcome !== undefined && { outcome, finishedAt: at(row.endedEntry) }),
  }
}

/**
 * The subject's key is held meanwhile: whoever destroys it waits, and then finds these rows. Each action is looked up by
 * itself (`offset 0`): joined with a list, tables that were never analysed are read from end to end.
 */
const addKeywords = {
  name: 'action_keywords_add',
  text: `insert into action_keyword (tenant, entry, keywords)
    select a.tenant, a.entry, found.keywords
      from json_to_recordset($2::json) as found (action text, keywords bigint[])
      cross join lateral (select tenant, entry from action where tenant = $1 and id = found.action offset 0) a
      cross join lateral (select subject, key_id from entry where tenant = $1 and index = a.entry offset 0) e
      join subject_key k on k.tenant = $1 and k.subject = e.subject and k.id = e.key_id
      for key share of k
    on conflict (tenant, entry) do update
      set keywords = array(select unnest(action_keyword.keywords) union select unnest(excluded.keywords))`,
}

const everPermitted = {
  name: 'action_seen',
  text: 'select 1 as seen from action where tenant = $1 and agent = $2 and operation = $3 and permit is not null limit 1',
}
