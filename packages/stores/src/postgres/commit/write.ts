/**
 * Saves what a batch has changed: entries by `unnest`, each table's new rows by one statement.
 *
 * @module
 */
import type { Draft, SignatureRow, World } from '@countersign/core'
import type { Session, Statement } from '../db.ts'
import { bytesArray, integerArray, textArray } from '../values.ts'

export interface NewEntry {
  readonly index: number
  readonly id: string
  readonly at: number
  readonly kind: string
  readonly action: string | null
  readonly approval: string | null
  readonly subject: string
  readonly keyId: string
  readonly leaf: Uint8Array
  readonly leafHash: Uint8Array
  readonly blob: Uint8Array
  readonly wrappedKey: Uint8Array
}

export interface Written {
  readonly world: World
  /** What the commands changed in it. */
  readonly drafts: readonly Draft[]
  readonly entries: readonly NewEntry[]
}

/** Travels with the commit. */
export function writeWorld(session: Session, tenant: string, { world, drafts, entries }: Written): void {
  const save = <Row>(statement: Statement, rows: readonly Row[]) => {
    if (rows.length > 0) session.send(statement, [tenant, JSON.stringify(rows)])
  }
  const changed = <Row>(table: Map<string, Row>): Row[] => {
    const keys = new Set(drafts.flatMap((draft) => [...draft.changedIn(table)]))
    return [...keys].flatMap((key) => table.get(key) ?? [])
  }
  const agents = changed(world.agents)
  const keys = agents.flatMap(({ id, keys: hashes }) => hashes.map((hash) => ({ hash, agent: id })))

  // In this order: a signature refers to its approval.
  insertEntries(session, tenant, entries)
  save(saveApprovals, changed(world.approvals))
  save(saveSignatures, withBarred(world, changed(world.signatures)))
  save(savePermits, changed(world.permits))
  save(saveAgents, agents)
  save(saveAgentKeys, [...new Map(keys.map((key) => [key.hash, key])).values()])
  save(savePeople, changed(world.people))
  save(saveTools, changed(world.tools))
}

function withBarred(world: World, rows: readonly SignatureRow[]) {
  return rows.map((row) => ({ ...row, barred: world.approvals.get(row.approval)?.barred ?? [] }))
}

function insertEntries(session: Session, tenant: string, entries: readonly NewEntry[]): void {
  if (entries.length === 0) return
  const column = <Key extends keyof NewEntry>(key: Key) => entries.map((entry) => entry[key])
  session.send(insertEntry, [
    tenant,
    integerArray(column('index')),
    textArray(column('id')),
    integerArray(column('at')),
    textArray(column('kind')),
    textArray(column('action')),
    textArray(column('approval')),
    textArray(column('subject')),
    textArray(column('keyId')),
    bytesArray(column('leaf')),
    bytesArray(column('leafHash')),
    bytesArray(column('blob')),
    bytesArray(column('wrappedKey')),
  ])
}

const insertEntry = {
  name: 'insert_entries',
  text: `insert into entry
    (tenant, index, id, at, kind, action, approval, subject, key_id, leaf, leaf_hash, blob, wrapped_key)
    select $1, * from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[])`,
}

const saveApprovals = {
  name: 'save_approvals',
  text: `insert into approval (tenant, id, version, state, digest_key, action, agent, on_behalf_of, barred, asked_at,
      due_at, asked_entry, entry)
    select $1, * from json_to_recordset($2::json) as row (id text, version int, state text, "digestKey" text, action text,
      agent text, "onBehalfOf" text, barred text[], "askedAt" bigint, "dueAt" bigint, "askedEntry" bigint, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, state = excluded.state,
      digest_key = excluded.digest_key, barred = excluded.barred, due_at = excluded.due_at, entry = excluded.entry`,
}

const saveSignatures = {
  name: 'save_signatures',
  text: `insert into countersignature (tenant, approval, person, verdict, at, barred)
    select $1, * from json_to_recordset($2::json)
      as row (approval text, person text, verdict text, at bigint, barred text[])`,
}

const savePermits = {
  name: 'save_permits',
  text: `insert into permit (tenant, id, action, approval, credential, attempt_key, digest_key, replayable, deadline,
      outcome, delivered, node, entry, ended_entry)
    select $1, * from json_to_recordset($2::json) as row (id text, action text, approval text, credential text,
      "attemptKey" text, "digestKey" text, replayable boolean, deadline bigint, outcome text, delivered boolean,
      node text, entry bigint, "endedEntry" bigint)
    on conflict (tenant, id) do update set outcome = excluded.outcome, delivered = excluded.delivered,
      ended_entry = excluded.ended_entry`,
}

const saveAgents = {
  name: 'save_agents',
  text: `insert into agent (tenant, id, version, status, owner, team, entry)
    select $1, * from json_to_recordset($2::json)
      as row (id text, version int, status text, owner text, team text, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, status = excluded.status, owner = excluded.owner,
      team = excluded.team, entry = excluded.entry`,
}

const saveAgentKeys = {
  name: 'save_agent_keys',
  text: `insert into agent_key (tenant, hash, agent)
    select $1, * from json_to_recordset($2::json) as row (hash text, agent text)
    on conflict (tenant, hash) do update set agent = excluded.agent`,
}

const savePeople = {
  name: 'save_people',
  text: `insert into person (tenant, id, version, account_key, linked_keys, groups, entry)
    select $1, * from json_to_recordset($2::json)
      as row (id text, version int, "accountKey" text, linked text[], groups text[], entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, account_key = excluded.account_key,
      linked_keys = excluded.linked_keys, groups = excluded.groups, entry = excluded.entry`,
}

const saveTools = {
  name: 'save_tools',
  text: `insert into tool (tenant, id, version, server, entry)
    select $1, * from json_to_recordset($2::json) as row (id text, version int, server text, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, entry = excluded.entry`,
}
