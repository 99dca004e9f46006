/**
 * Holds what the tables say against what the facts add up to, row by row: the rules of `apply` over every fact again.
 *
 * It goes on while others write: what differs is looked at again once the facts that came meanwhile are added up as
 * well. Entries and rows come a page at a time. What stays in memory is what the facts add up to, some 500 bytes for
 * each row.
 *
 * @module
 */
import {
  applyFacts,
  emptyWorld,
  keysOf,
  type Lookup,
  type PermitRow,
  policiesInForce,
  type StateReport,
  stepOf,
  type World,
} from '@countersign/core'
import { checkSearched, type CheckSearchedParts } from '../search/check.ts'
import type { Fact } from '@countersign/schema'
import type { Entries } from '../tables/entries.ts'
import { mentionsOf } from './entries.ts'
import { mustHaveRow } from './runs.ts'

export interface CheckParts extends CheckSearchedParts {
  readonly entries: Entries
  readonly lookup: Lookup
}

interface Told {
  readonly world: World
  readonly mentions: Map<string, { readonly kind: string }>
  /** Agents and people of whom something can be read no more. */
  readonly erasedSubjects: Set<string>
  /** Places of entries that can be read no more: a row that rests on one is let be. */
  readonly erased: Set<number>
  readonly broken: string[]
  next: number
}

type Rows = ReadonlyMap<string, object>

interface TableCheck {
  readonly name: string
  readonly from: string
  /** What makes a row the one it is: text, and what it is called by. */
  readonly key: readonly string[]
  /** The entry that it rests on, and the one by which it ended. */
  readonly entry: string
  readonly ended?: string
  /** What is compared: by the name that the world has for it, the column. */
  readonly columns: Readonly<Record<string, string>>
  /** By the key, with blanks between. */
  expected(told: Pick<Told, 'world' | 'mentions'>): Rows
  /** Rows that no fact speaks of any more do no harm. */
  readonly mayHaveMore?: true
  /** Those that need no row. */
  mayLack?(row: never): boolean
}

/** Entries added up at a time when the state is checked against the ledger. */
const pageSize = 500
/** Rows compared with them at a time, so that a table of any length takes bounded memory. */
const rowsAtOnce = 1_000
/** Differences that are told; one is reason enough to look, and a thousand show what they share. */
const mostTold = 1_000
/** Tables are compared again while others write; what still differs after the last look is told as a difference. */
const mostLooks = 10

export async function checkState({ db, tenant, entries, lookup, lives, terms }: CheckParts): Promise<StateReport> {
  const told: Told = {
    world: emptyWorld(),
    mentions: new Map(),
    erased: new Set(),
    erasedSubjects: new Set(),
    broken: [],
    next: 0,
  }
  let rows = 0
  let differences: string[] = []
  for (let look = 0; look < mostLooks; look++) {
    const before = told.next
    await addUp()
    if (look > 0 && (differences.length === 0 || told.next === before)) break
    differences = []
    rows = 0
    for (const table of tables) rows += await compare(table)
    const searched = await checkSearched({ db, tenant, lives, terms }, told.world)
    rows += searched.rows
    differences.push(...searched.differences)
  }
  return {
    entries: told.next,
    rows,
    erased: told.erased.size,
    differences: [...told.broken, ...differences].slice(0, mostTold),
  }

  async function addUp(): Promise<void> {
    for (;;) {
      const page = await entries.missed(told.next, pageSize)
      for (const { index, at, fact, subject } of page) {
        told.next = index + 1
        if (fact.kind === 'erased') {
          told.erased.add(index)
          if (fact.was === 'agent.changed' || fact.was === 'person.changed') told.erasedSubjects.add(subject)
          continue
        }
        const slot = { index, at, subject }
        for (const what of mentionsOf(fact, subject)) told.mentions.set(`${what} ${index}`, { kind: fact.kind })
        const readable = asFarAsKnown(fact)
        const applied = applyFacts([readable], [slot], { world: told.world, keys: keysOf(lookup) })
        if ('refused' in applied)
          told.broken.push(`entry ${index}: ${fact.kind} should not have been taken (${applied.refused.code})`)
      }
      if (page.length < pageSize) return
    }
  }

  /**
   * What an erased agent did for others is still told of, and what others did that an erased person approved: they were as
   * they had to be, which nobody can read any more.
   */
  function asFarAsKnown(fact: Fact): Fact {
    const permit = stepOf(fact, 'action.permitted')?.permit
    if (permit === undefined) return fact
    const { agent: id, agentVersion: version, people = [] } = permit
    const { agents } = told.world
    const isErased = told.erasedSubjects.has(id) && agents.get(id)?.erased !== false
    if (isErased)
      agents.set(id, { id, version, status: 'active', entry: 0, keys: [], owner: '', team: '', erased: true })
    const known = people.filter((person) => !told.erasedSubjects.has(person.id))
    if (fact.kind === 'action.allowed') return { ...fact, permit: { ...fact.permit, people: known } }
    return { kind: 'action.permitted', permit: { ...permit, people: known } }
  }

  async function compare(table: TableCheck): Promise<number> {
    const { name, columns, mayHaveMore } = table
    const expected = table.expected(told)
    const seen = new Set<string>()
    for await (const { id, entry, ended, row } of everyRow(table)) {
      seen.add(id)
      if (told.erased.has(entry) || told.erased.has(ended) || Math.max(entry, ended) >= told.next) continue
      const wanted = expected.get(id) as Readonly<Record<string, unknown>> | undefined
      if (!wanted && !mayHaveMore) differences.push(`${name} ${id}: no fact made it`)
      if (wanted)
        for (const column of Object.keys(columns)) tellApart(`${name} ${id}`, column, wanted[column], row[column])
    }
    for (const [id, row] of expected)
      if (!seen.has(id) && !table.mayLack?.(row as never))
        differences.push(`${name} ${id}: the ledger has it, the table does not`)
    return seen.size
  }

  /** In the order of their keys, so that none is skipped over while others are written. */
  async function* everyRow({ name, from, key, entry, ended = entry, columns }: TableCheck) {
    const row = Object.entries(columns).map(([as, column]) => `'${as}', ${column}`)
    const after = key.map((_, index) => `$${index + 2}`)
    const text = `select array[${key.join(', ')}] as key, ${entry} as entry, ${ended} as ended, json_build_object(${row.join(', ')}) as row
      from ${from} and (${key.join(', ')}) > (${after.join(', ')}) order by ${key.join(', ')} limit ${rowsAtOnce}`
    for (let last: readonly string[] = key.map(() => ''); ;) {
      const page = await db.query<{ key: string[]; entry: number; ended: number; row: Record<string, unknown> }>(
        { name: `check_${name}`, text },
        [tenant, ...last],
      )
      for (const found of page) yield { ...found, id: found.key.join(' ') }
      last = page.at(-1)?.key ?? last
      if (page.length < rowsAtOnce) return
    }
  }

  function tellApart(what: string, column: string, wanted: unknown, found: unknown): void {
    const [one, other] = [JSON.stringify(wanted ?? null), JSON.stringify(found ?? null)]
    if (one !== other) differences.push(`${what}: ${column} is ${other}, and by the ledger ${one}`)
  }
}

const tables: readonly TableCheck[] = [
  {
    name: 'mention',
    from: 'mention where tenant = $1',
    key: ['what', 'entry::text'],
    entry: 'entry',
    columns: { kind: 'kind' },
    expected: ({ mentions }) => mentions,
  },
  {
    name: 'approval',
    from: 'approval where tenant = $1',
    key: ['id'],
    entry: 'entry',
    columns: {
      version: 'version',
      state: 'state',
      digestKey: 'digest_key',
      action: 'action',
      agent: 'agent',
      onBehalfOf: 'on_behalf_of',
      barred: 'barred',
      askedEntry: 'asked_entry',
      entry: 'entry',
    },
    expected: ({ world: { approvals } }) => approvals,
  },
  {
    name: 'countersignature',
    from: 'countersignature s join approval a on a.tenant = s.tenant and a.id = s.approval where s.tenant = $1',
    key: ['s.approval', 's.person'],
    entry: 'a.entry',
    columns: { approval: 's.approval', person: 's.person', verdict: 's.verdict' },
    expected: ({ world: { signatures } }) => signatures,
  },
  {
    name: 'permit',
    mayLack: (row: PermitRow) => !mustHaveRow(row),
    from: 'permit where tenant = $1',
    key: ['id'],
    entry: 'entry',
    ended: 'coalesce(ended_entry, entry)',
    columns: {
      action: 'action',
      approval: 'approval',
      credential: 'credential',
      attemptKey: 'attempt_key',
      digestKey: 'digest_key',
      replayable: 'replayable',
      deadline: 'deadline',
      outcome: 'outcome',
      delivered: 'delivered',
      entry: 'entry',
      endedEntry: 'ended_entry',
    },
    expected: ({ world: { permits } }) => permits,
  },
  {
    name: 'agent',
    from: 'agent where tenant = $1',
    key: ['id'],
    entry: 'entry',
    columns: { version: 'version', status: 'status', entry: 'entry' },
    expected: ({ world: { agents } }) => agents,
  },
  {
    name: 'agent_key',
    mayHaveMore: true, // a key is good only if its agent says so
    from: 'agent_key k left join agent a on a.tenant = k.tenant and a.id = k.agent where k.tenant = $1',
    key: ['k.hash'],
    entry: 'coalesce(a.entry, 0)',
    columns: { agent: 'k.agent' },
    expected: ({ world: { agents } }) =>
      new Map([...agents.values()].flatMap(({ id, keys }) => keys.map((hash) => [hash, { agent: id }] as const))),
  },
  {
    name: 'person',
    from: 'person where tenant = $1',
    key: ['id'],
    entry: 'entry',
    columns: { version: 'version', accountKey: 'account_key', linked: 'linked_keys', entry: 'entry' },
    expected: ({ world: { people } }) => people,
  },
  {
    name: 'tool',
    from: 'tool where tenant = $1',
    key: ['id'],
    entry: 'entry',
    columns: { version: 'version', server: 'server', pinned: 'pinned', entry: 'entry' },
    expected: ({ world: { tools } }) => tools,
  },
  {
    name: 'policy',
    from: 'policy where tenant = $1',
    key: [`'${policiesInForce}'::text`],
    entry: 'entry',
    columns: { version: 'version', entry: 'entry' },
    expected: ({ world: { policies } }) => policies,
  },
]
