/**
 * Agents, people and tools, each as its newest entry says. Entries never change, so what was read of one is kept; its row
 * is looked up every time, and is gone with what is erased.
 *
 * @module
 */
import type { Store } from '@countersign/core'
import type { FactKind, FactOf } from '@countersign/schema'
import { keysOf } from '../commit/keys.ts'
import { factAt } from './entries.ts'
import { jointly } from './jointly.ts'
import type { Reading } from './reading.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
}

export function createAgents(reading: Reading): Store['agents'] {
  const { db, tenant } = reading
  const read = readsOf(reading, 'agent.changed', ({ agent }) => agent)
  const byKey = jointly(async (hashes) => {
    const agents = await read(await db.query(agentsByKeys, [tenant, hashes]))
    return new Map(agents.flatMap((agent) => agent.keys.map(({ hash }) => [hash, agent])))
  })
  return {
    get: async (id) => (await read(await db.query(agentById, [tenant, id])))[0],
    byKey,
    list: async () => read(await db.query(allAgents, [tenant])),
  }
}

export function createPeople(reading: Reading): Store['people'] {
  const { db, tenant } = reading
  const accountKey = keysOf(reading.lookup).account
  const read = readsOf(reading, 'person.changed', ({ person }) => person)
  return {
    get: async (id) => (await read(await db.query(personById, [tenant, id])))[0],
    byAccount: async (issuer, subject) =>
      (await read(await db.query(personByAccount, [tenant, accountKey(issuer, subject)])))[0],
    list: async () => read(await db.query(allPeople, [tenant])),
  }
}

export function createTools(reading: Reading): Store['tools'] {
  const { db, tenant } = reading
  const read = readsOf(reading, 'tool.changed', ({ tool }) => tool)
  return {
    get: async (id) => (await read(await db.query(toolById, [tenant, id])))[0],
    list: async (server) => read(await db.query(allTools, [tenant, server ?? null])),
  }
}

const mostKept = 1_000

function readsOf<Kind extends FactKind, Noun>(
  { entries }: Reading,
  kind: Kind,
  nounOf: (fact: FactOf<Kind>) => Noun,
): (rows: readonly Found[]) => Promise<Noun[]> {
  const kept = new Map<number, Noun>()
  return async (rows) => {
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

const agentById = { name: 'agent_get', text: 'select entry from agent where tenant = $1 and id = $2' }
const agentsByKeys = {
  name: 'agents_by_keys',
  text: `select a.entry from agent_key k join agent a on a.tenant = k.tenant and a.id = k.agent
    where k.tenant = $1 and k.hash = any($2)`,
}
const allAgents = { name: 'agent_list', text: 'select entry from agent where tenant = $1 order by id' }
const personById = { name: 'person_get', text: 'select entry from person where tenant = $1 and id = $2' }
const personByAccount = {
  name: 'person_by_account',
  text: 'select entry from person where tenant = $1 and account_key = $2',
}
const allPeople = { name: 'person_list', text: 'select entry from person where tenant = $1 order by id' }
const toolById = { name: 'tool_get', text: 'select entry from tool where tenant = $1 and id = $2' }
const allTools = {
  name: 'tool_list',
  text: `select entry from tool where tenant = $1 and ($2::text is null or server = $2) order by id collate "C"`,
}
