import type { ActionQuery, Store } from '@countersign/core'
import type { ActionLife } from '@countersign/schema'
import { searchable } from '../commit/keys.ts'
import type { Statement } from '../db.ts'
import { type Entries, factAt } from './entries.ts'
import { indexBelow, limitOf, pageOf } from './pages.ts'
import type { Reading } from './reading.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
  readonly approval: string | null
  readonly approvalEntry: number | null
  readonly permitEntry: number | null
  readonly endedEntry: number | null
}

export function createActions({ db, tenant, entries }: Reading): Store['actions'] {
  return {
    async get(id) {
      const [row] = await db.query<Found>(actionById, [tenant, id])
      if (row === undefined) return undefined
      const life = lifeOf(row, await entries.at(partsOf(row)))
      return life === undefined ? undefined : { life, timeline: await entries.timeline(id, row.approval) }
    },
    async search(query) {
      const limit = limitOf(query)
      const { statement, values } = searching(query)
      const rows = await db.query<Found>(statement, [tenant, indexBelow(query), limit + 1, ...values])
      const found = await entries.at(rows.slice(0, limit).flatMap(partsOf))
      return pageOf(
        rows,
        limit,
        ({ entry }) => String(entry),
        (page) => page.flatMap((row) => lifeOf(row, found) ?? []),
      )
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

const select = `select a.entry, a.approval, q.entry as "approvalEntry", p.entry as "permitEntry",
    p.ended_entry as "endedEntry"
  from action a
  left join approval q on q.tenant = a.tenant and q.id = a.approval
  left join permit p on p.tenant = a.tenant and p.id = a.permit`

const actionById = { name: 'action_get', text: `${select} where a.tenant = $1 and a.id = $2` }

/** Each filter as its condition over `$n`. Equal sets of filters are one statement. */
const conditions = {
  agent: (n) => `a.agent = $${n}`,
  person: (n) => `a.people @> array[$${n}::text]`,
  dataset: (n) => `a.datasets @> array[$${n}::text]`,
  model: (n) => `a.model = $${n}`,
  verb: (n) => `a.verb = $${n}`,
  environment: (n) => `a.environment = $${n}`,
  decision: (n) => `a.decision = $${n}`,
  outcome: (n) => `a.outcome = $${n}`,
  from: (n) => `a.at >= $${n}`,
  to: (n) => `a.at < $${n}`,
} satisfies Record<Exclude<keyof ActionQuery, 'limit' | 'after'>, (n: number) => string> as Record<
  string,
  (n: number) => string
>

const firstFilter = 4

function searching(query: ActionQuery): { statement: Statement; values: unknown[] } {
  const used = Object.keys(conditions).filter((key) => query[key as keyof ActionQuery] !== undefined)
  const values = used.map((key) => {
    const value = query[key as keyof ActionQuery]
    return typeof value === 'string' ? searchable(value) : value
  })
  const where = used.map((key, place) => ` and ${conditions[key]?.(firstFilter + place)}`).join('')
  const text = `${select} where a.tenant = $1 and a.entry < $2${where} order by a.entry desc limit $3`
  // A name of at most 63 bytes: one digit per filter.
  const shape = Object.keys(conditions)
    .map((key) => (used.includes(key) ? '1' : '0'))
    .join('')
  return { statement: { name: `action_search_${shape}`, text }, values }
}

const everPermitted = {
  name: 'action_seen',
  text: 'select 1 as seen from action where tenant = $1 and agent = $2 and operation = $3 and permit is not null limit 1',
}
