/**
 * Holds what the tables say against what the facts add up to, row by row: the rules of `apply` over every fact again.
 *
 * It goes on while others write: what differs is looked at again once the facts that came meanwhile are added up as well.
 * It keeps every row in memory, some 500 bytes each.
 *
 * @module
 */
import type { StateReport } from '@countersign/core'
import type { Db } from '../db.ts'
import type { Entries } from '../tables/entries.ts'
import { apply } from './apply.ts'
import type { Lookup } from './keys.ts'
import { emptyWorld, type World } from './world.ts'

export interface CheckParts {
  readonly db: Db
  readonly tenant: string
  readonly entries: Entries
  readonly lookup: Lookup
}

interface Told {
  readonly world: World
  /** Places of entries that can be read no more: a row that rests on one is let be. */
  readonly erased: Set<number>
  readonly broken: string[]
  next: number
}

interface TableCheck {
  readonly name: string
  /** Every row as JSON, with the entry it rests on. */
  readonly rows: string
  expected(world: World): Map<string, Readonly<Record<string, unknown>>>
  /** Rows that no fact speaks of any more do no harm. */
  readonly mayHaveMore?: true
}

const pageSize = 500
const mostTold = 1_000
const mostLooks = 10

export async function checkState({ db, tenant, entries, lookup }: CheckParts): Promise<StateReport> {
  const told: Told = { world: emptyWorld(), erased: new Set(), broken: [], next: 0 }
  let rows = 0
  let differences: string[] = []
  for (let look = 0; look < mostLooks; look++) {
    const before = told.next
    await addUp()
    if (look > 0 && (differences.length === 0 || told.next === before)) break
    differences = []
    rows = 0
    for (const table of tables) rows += await compare(table)
  }
  return {
    entries: told.next,
    rows,
    erased: told.erased.size,
    differences: [...told.broken, ...differences].slice(0, mostTold),
  }

  async function addUp(): Promise<void> {
    for (;;) {
      const page = await entries.range(told.next, pageSize)
      for (const { index, at, fact } of page) {
        told.next = index + 1
        told.world.patches.clear()
        if (fact.kind === 'erased') {
          told.erased.add(index)
          continue
        }
        const refused = apply([fact], [{ index, at, subject: '' }], told.world, lookup)
        if (refused) told.broken.push(`entry ${index}: ${fact.kind} should not have been taken (${refused.code})`)
      }
      if (page.length < pageSize) return
    }
  }

  async function compare({ name, rows: text, expected, mayHaveMore }: TableCheck): Promise<number> {
    const missing = expected(told.world)
    const found = await db.query<{ id: string; entry: number; row: Record<string, unknown> }>(
      { name: `check_${name}`, text },
      [tenant],
    )
    for (const { id, entry, row } of found) {
      const wanted = missing.get(id)
      missing.delete(id)
      if (told.erased.has(entry) || entry >= told.next) continue
      if (!wanted && !mayHaveMore) differences.push(`${name} ${id}: no fact made it`)
      for (const [column, value] of Object.entries(wanted ?? {})) tellApart(`${name} ${id}`, column, value, row[column])
    }
    for (const id of missing.keys()) differences.push(`${name} ${id}: the ledger has it, the table does not`)
    return found.length
  }

  function tellApart(what: string, column: string, wanted: unknown, found: unknown): void {
    const [one, other] = [JSON.stringify(wanted ?? null), JSON.stringify(found ?? null)]
    if (one !== other) differences.push(`${what}: ${column} is ${other}, and by the ledger ${one}`)
  }
}

type Rows = ReadonlyMap<string, object>

/** Those columns of a row that a table has under the same names. */
const columnsOf = (rows: Rows, names: readonly string[]) =>
  new Map(
    [...rows].map(([id, row]) => [
      id,
      Object.fromEntries(names.map((name) => [name, (row as Record<string, unknown>)[name]])),
    ]),
  )

const tables: readonly TableCheck[] = [
  {
    name: 'approval',
    rows: `select id, entry, json_build_object('version', version, 'state', state, 'digestKey', digest_key, 'action', action,
        'agent', agent, 'onBehalfOf', on_behalf_of, 'barred', barred, 'askedEntry', asked_entry, 'entry', entry) as row
      from approval where tenant = $1`,
    expected: ({ approvals }) =>
      columnsOf(approvals, [
        'version',
        'state',
        'digestKey',
        'action',
        'agent',
        'onBehalfOf',
        'barred',
        'askedEntry',
        'entry',
      ]),
  },
  {
    name: 'countersignature',
    rows: `select s.approval || ' ' || s.person as id, a.entry,
        json_build_object('approval', s.approval, 'person', s.person, 'verdict', s.verdict) as row
      from countersignature s join approval a on a.tenant = s.tenant and a.id = s.approval where s.tenant = $1`,
    expected: ({ signatures }) => columnsOf(signatures, ['approval', 'person', 'verdict']),
  },
  {
    name: 'permit',
    rows: `select id, entry, json_build_object('action', action, 'approval', approval, 'credential', credential,
        'attemptKey', attempt_key, 'digestKey', digest_key, 'replayable', replayable, 'deadline', deadline,
        'outcome', outcome, 'delivered', delivered, 'entry', entry, 'endedEntry', ended_entry) as row
      from permit where tenant = $1`,
    expected: ({ permits }) =>
      columnsOf(permits, [
        'action',
        'approval',
        'credential',
        'attemptKey',
        'digestKey',
        'replayable',
        'deadline',
        'outcome',
        'delivered',
        'entry',
        'endedEntry',
      ]),
  },
  {
    name: 'agent',
    rows: `select id, entry, json_build_object('version', version, 'status', status, 'entry', entry) as row
      from agent where tenant = $1`,
    expected: ({ agents }) => columnsOf(agents, ['version', 'status', 'entry']),
  },
  {
    name: 'agent_key',
    mayHaveMore: true, // a key is good only if its agent says so
    rows: `select k.hash as id, coalesce(a.entry, 0) as entry, json_build_object('agent', k.agent) as row
      from agent_key k left join agent a on a.tenant = k.tenant and a.id = k.agent where k.tenant = $1`,
    expected: ({ agents }) =>
      new Map([...agents.values()].flatMap(({ id, keys }) => keys.map((hash) => [hash, { agent: id }] as const))),
  },
  {
    name: 'person',
    rows: `select id, entry, json_build_object('version', version, 'accountKey', account_key, 'entry', entry) as row
      from person where tenant = $1`,
    expected: ({ people }) => columnsOf(people, ['version', 'accountKey', 'entry']),
  },
  {
    name: 'tool',
    rows: `select id, entry, json_build_object('version', version, 'server', server, 'entry', entry) as row
      from tool where tenant = $1`,
    expected: ({ tools }) => columnsOf(tools, ['version', 'server', 'entry']),
  },
  {
    name: 'action',
    rows: `select id, entry, json_build_object('agent', agent, 'people', people, 'verb', verb, 'operation', operation,
        'environment', environment, 'decision', decision, 'risk', risk, 'entry', entry) as row
      from action where tenant = $1`,
    expected: ({ actions }) =>
      columnsOf(actions as Rows, ['agent', 'people', 'verb', 'operation', 'environment', 'decision', 'risk', 'entry']),
  },
]
