/**
 * Agents, people and tools, each as its newest entry says. Entries never change, so what was read of one is kept; its
 * row is looked up every time, and is gone, or says so, with what is erased. A row that names another entry than the
 * newest, or that is found by what its entry does not say, was changed by someone else: it is not believed
 * (`ERR_LEDGER_BROKEN`).
 *
 * @module
 */
import { CountersignError, keysOf, type StepKind, type Store } from '@countersign/core'
import type { FactKind, FactOf } from '@countersign/schema'
import { factAt } from './entries.ts'
import { jointly } from './jointly.ts'
import type { Reading } from './reading.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
  /** The newest entry about it, where it is asked for. */
  readonly newest?: number | null
}

export function createAgents(reading: Reading): Store['agents'] {
  const { db, tenant } = reading
  const { group } = keysOf(reading.lookup)
  const read = readsOf(reading, 'agent.changed', ({ agent }) => agent)
  const byKey = jointly(async (hashes) => {
    const agents = await read(await db.query(agentsByKeys, [tenant, hashes]))
    return new Map(agents.flatMap((agent) => agent.keys.map(({ hash }) => [hash, agent])))
  })
  return {
    get: async (id) => found((await read(await db.query(agentById, [tenant, id])))[0], (agent) => agent.id === id),
    byKey,
    list: async () => read(await db.query(allAgents, [tenant])),
    async answeredFor({ id, groups }) {
      const found = await read(await db.query(agentsOf, [tenant, id, groups.map(group)]))
      return found.filter(({ owner, team }) => owner === id || groups.includes(team))
    },
  }
}

export function createPeople(reading: Reading): Store['people'] {
  const { db, tenant } = reading
  const { account: accountKey, linked, group } = keysOf(reading.lookup)
  const read = readsOf(reading, 'person.changed', ({ person }) => person)
  return {
    get: async (id) => found((await read(await db.query(personById, [tenant, id])))[0], (person) => person.id === id),
    byAccount: async (issuer, subject) =>
      found(
        (await read(await db.query(personByAccount, [tenant, accountKey(issuer, subject)])))[0],
        (person) => person.issuer === issuer && person.subject === subject,
      ),
    byLinked: async (provider, id) =>
      found((await read(await db.query(personByLinked, [tenant, [linked(provider, id)]])))[0], ({ accounts = [] }) =>
        accounts.some((each) => each.provider === provider && each.id === id),
      ),
    list: async () => read(await db.query(allPeople, [tenant])),
    async inGroups(groups, limit) {
      const found = await read(await db.query(peopleInGroups, [tenant, groups.map(group), limit]))
      return found.filter((person) => person.groups.some((each) => groups.includes(each)))
    },
  }
}

export function createTools(reading: Reading): Store['tools'] {
  const { db, tenant } = reading
  const read = readsOf(reading, 'tool.changed', ({ tool }) => tool)
  return {
    get: async (id) => found((await read(await db.query(toolById, [tenant, id])))[0], (tool) => tool.id === id),
    list: async (server) => read(await db.query(allTools, [tenant, server ?? null])),
  }
}

/**
 * Agents, people and tools of each kind remembered as they stand in the ledger; the oldest is read again when needed.
 */
const mostKept = 1_000

function readsOf<Kind extends StepKind, Noun>(
  { entries }: Reading,
  kind: Kind,
  nounOf: (fact: FactOf<Kind>) => Noun,
): (rows: readonly Found[]) => Promise<Noun[]> {
  const kept = new Map<number, Noun>()
  return async (rows) => {
    const stale = rows.find(({ entry, newest }) => newest !== undefined && newest !== entry)
    if (stale) throw new CountersignError('ERR_LEDGER_BROKEN', { ...stale, says: 'the row is not what was said last' })
    const known = rows.map(({ entry }) => kept.get(entry))
    const found = await entries.at(rows.flatMap(({ entry }, place) => (known[place] === undefined ? [entry] : [])))
    return rows.flatMap(({ entry }, place) => known[place] ?? keep(entry, factAt(found, entry, kind)))
  }

  function keep(entry: number, fact: FactOf<Kind> | undefined): Noun | [] {
    if (fact === undefined) return []
    const noun = nounOf(fact)
    kept.set(entry, noun)
    const [oldest = entry] = kept.keys()
    if (kept.size > mostKept) kept.delete(oldest)
    return noun
  }
}

/** @throws ERR_LEDGER_BROKEN */
function found<Noun>(noun: Noun | undefined, isAsked: (noun: Noun) => boolean): Noun | undefined {
  if (noun === undefined || isAsked(noun)) return noun
  throw new CountersignError('ERR_LEDGER_BROKEN', { says: 'the row is about something else' })
}

const newestOf = (kind: FactKind, table: string) => `(select m.entry from mention m
    where m.tenant = ${table}.tenant and m.what = '${kind} ' || ${table}.id order by m.entry desc limit 1) as newest`
const agentColumns = `agent.entry, ${newestOf('agent.changed', 'agent')}`
const personColumns = `person.entry, ${newestOf('person.changed', 'person')}`

const agentById = {
  name: 'agent_get',
  text: `select ${agentColumns} from agent where tenant = $1 and id = $2 and not erased`,
}
const agentsByKeys = {
  name: 'agents_by_keys',
  text: `select ${agentColumns} from agent_key k join agent on agent.tenant = k.tenant and agent.id = k.agent
    where k.tenant = $1 and k.hash = any($2)`,
}
const allAgents = {
  name: 'agent_list',
  text: `select ${agentColumns} from agent where tenant = $1 and not erased order by id`,
}
const personById = { name: 'person_get', text: `select ${personColumns} from person where tenant = $1 and id = $2` }
const personByAccount = {
  name: 'person_by_account',
  text: `select ${personColumns} from person where tenant = $1 and account_key = $2`,
}
const personByLinked = {
  name: 'person_by_linked',
  text: `select ${personColumns} from person where tenant = $1 and linked_keys && $2::text[]`,
}
const allPeople = { name: 'person_list', text: `select ${personColumns} from person where tenant = $1 order by id` }
/** Rows of before say nothing of it, and are read as well. */
const peopleInGroups = {
  name: 'people_in_groups',
  text: `select ${personColumns} from person
    where tenant = $1 and (groups is null or groups && $2::text[]) order by id limit $3`,
}
const agentsOf = {
  name: 'agents_answered_for',
  text: `select ${agentColumns} from agent
    where tenant = $1 and not erased and (owner is null or owner = $2 or team = any($3::text[])) order by id`,
}
const toolById = { name: 'tool_get', text: 'select entry from tool where tenant = $1 and id = $2' }
const allTools = {
  name: 'tool_list',
  text: `select entry from tool where tenant = $1 and ($2::text is null or server = $2) order by id collate "C"`,
}
