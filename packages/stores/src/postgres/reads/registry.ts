/**
 * Agents, people and tools, each as its newest entry says.
 *
 * @module
 */
import type { Store } from '@countersign/core'
import type { Agent, Person, ToolRecord } from '@countersign/schema'
import { keysOf } from '../commit/keys.ts'
import { factAt } from './entries.ts'
import type { Reading } from './reading.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
}

export function createAgents({ db, tenant, entries }: Reading): Store['agents'] {
  async function read(rows: readonly Found[]): Promise<Agent[]> {
    const found = await entries.at(rows.map(({ entry }) => entry))
    return rows.flatMap(({ entry }) => factAt(found, entry, 'agent.changed')?.agent ?? [])
  }
  return {
    get: async (id) => (await read(await db.query(agentById, [tenant, id])))[0],
    async byKey(hash) {
      const [agent] = await read(await db.query(agentByKey, [tenant, hash]))
      return agent?.keys.some((key) => key.hash === hash) === true ? agent : undefined
    },
    list: async () => read(await db.query(allAgents, [tenant])),
  }
}

export function createPeople({ db, tenant, entries, lookup }: Reading): Store['people'] {
  const accountKey = keysOf(lookup).account

  async function read(rows: readonly Found[]): Promise<Person[]> {
    const found = await entries.at(rows.map(({ entry }) => entry))
    return rows.flatMap(({ entry }) => factAt(found, entry, 'person.changed')?.person ?? [])
  }
  return {
    get: async (id) => (await read(await db.query(personById, [tenant, id])))[0],
    byAccount: async (issuer, subject) =>
      (await read(await db.query(personByAccount, [tenant, accountKey(issuer, subject)])))[0],
    list: async () => read(await db.query(allPeople, [tenant])),
  }
}

export function createTools({ db, tenant, entries }: Reading): Store['tools'] {
  async function read(rows: readonly Found[]): Promise<ToolRecord[]> {
    const found = await entries.at(rows.map(({ entry }) => entry))
    return rows.flatMap(({ entry }) => factAt(found, entry, 'tool.changed')?.tool ?? [])
  }
  return {
    get: async (id) => (await read(await db.query(toolById, [tenant, id])))[0],
    list: async (server) => read(await db.query(allTools, [tenant, server ?? null])),
  }
}

const agentById = { name: 'agent_get', text: 'select entry from agent where tenant = $1 and id = $2' }
const agentByKey = {
  name: 'agent_by_key',
  text: `select a.entry from agent_key k join agent a on a.tenant = k.tenant and a.id = k.agent
    where k.tenant = $1 and k.hash = $2`,
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
