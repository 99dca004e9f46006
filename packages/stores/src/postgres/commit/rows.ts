/**
 * What a batch has changed, as the parts of one statement: each table's rows by one list, and all of them only if the batch
 * itself stands (`from moved`).
 *
 * @module
 */
import type { Draft, SignatureRow, World } from '@countersign/core'
import type { Value } from '../values.ts'
import type { PermitRows } from './runs.ts'

/** One list of rows: its place in the statement is `$$`. */
export interface Part {
  /** A letter: together they name the statement. */
  readonly name: string
  readonly text: string
  readonly values: readonly Value[]
}

export interface Changed {
  readonly world: World
  /** What the commands changed in it, still changed. */
  readonly drafts: readonly Draft[]
  readonly permits: Pick<PermitRows, 'added' | 'ended' | 'kept'>
}

/** Nothing for tables in which nothing changed. */
export function partsOf({ world, drafts, permits }: Changed): Part[] {
  const changed = <Row>(table: Map<string, Row>): Row[] => {
    const keys = new Set(drafts.flatMap((draft) => [...draft.changedIn(table)]))
    return [...keys].flatMap((key) => table.get(key) ?? [])
  }
  const agents = changed(world.agents)
  const keys = agents.flatMap(({ id, keys: hashes }) => hashes.map((hash) => ({ hash, agent: id })))
  return [
    ...rowsOf('q', saveApprovals, endedFirst(changed(world.approvals))),
    ...rowsOf('s', saveSignatures, withBarred(world, changed(world.signatures))),
    ...rowsOf('p', addPermits, permits.added),
    ...rowsOf('d', endPermits, permits.ended),
    ...rowsOf('r', keepPermits, permits.kept),
    ...rowsOf('g', saveAgents, agents),
    ...rowsOf('k', saveAgentKeys, [...new Map(keys.map((key) => [key.hash, key])).values()]),
    ...rowsOf('h', savePeople, changed(world.people)),
    ...rowsOf('t', saveTools, changed(world.tools)),
    ...rowsOf('y', savePolicies, changed(world.policies)),
  ]
}

const rowsOf = (name: string, text: string, rows: readonly object[]): Part[] =>
  rows.length === 0 ? [] : [{ name, text, values: [JSON.stringify(rows)] }]

/** A question of an action that is over before the next one of the same action: one of them waits at a time. */
const endedFirst = <Row extends { readonly dueAt: number | null }>(rows: readonly Row[]): Row[] =>
  rows.toSorted((one, other) => Number(one.dueAt !== null) - Number(other.dueAt !== null))

const withBarred = (world: World, rows: readonly SignatureRow[]) =>
  rows.map((row) => ({ ...row, barred: world.approvals.get(row.approval)?.barred ?? [] }))

const saveApprovals = `insert into approval (tenant, id, version, state, digest_key, action, agent, on_behalf_of, barred,
      asked_at, due_at, asked_entry, entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json) as row (id text, version int, state text,
      "digestKey" text, action text, agent text, "onBehalfOf" text, barred text[], "askedAt" bigint, "dueAt" bigint,
      "askedEntry" bigint, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, state = excluded.state,
      digest_key = excluded.digest_key, barred = excluded.barred, due_at = excluded.due_at, entry = excluded.entry
      where approval.entry < excluded.entry`

const saveSignatures = `insert into countersignature (tenant, approval, person, verdict, at, barred)
    select moved.tenant, row.* from moved, json_to_recordset($$::json)
      as row (approval text, person text, verdict text, at bigint, barred text[])`

const permitColumns = `(tenant, id, action, approval, credential, attempt_key, digest_key, replayable, deadline, outcome,
      delivered, node, abandoned, entry, ended_entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json) as row (id text, action text, approval text,
      credential text, "attemptKey" text, "digestKey" text, replayable boolean, deadline bigint, outcome text,
      delivered boolean, node text, abandoned boolean, entry bigint, "endedEntry" bigint)`

/** An id, an attempt or a grant that is taken breaches a constraint. */
const addPermits = `insert into permit ${permitColumns}`
const endPermits = `insert into permit ${permitColumns}
    on conflict (tenant, id) do update set outcome = excluded.outcome, delivered = excluded.delivered,
      ended_entry = excluded.ended_entry`
/** Another instance may have done so. */
const keepPermits = `insert into permit ${permitColumns}
    on conflict (tenant, id) do nothing`

const saveAgents = `insert into agent (tenant, id, version, status, owner, team, entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json)
      as row (id text, version int, status text, owner text, team text, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, status = excluded.status, owner = excluded.owner,
      team = excluded.team, entry = excluded.entry`

const saveAgentKeys = `insert into agent_key (tenant, hash, agent)
    select moved.tenant, row.* from moved, json_to_recordset($$::json) as row (hash text, agent text)
    on conflict (tenant, hash) do update set agent = excluded.agent`

const savePeople = `insert into person (tenant, id, version, account_key, linked_keys, groups, entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json)
      as row (id text, version int, "accountKey" text, linked text[], groups text[], entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, account_key = excluded.account_key,
      linked_keys = excluded.linked_keys, groups = excluded.groups, entry = excluded.entry`

const saveTools = `insert into tool (tenant, id, version, server, pinned, entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json)
      as row (id text, version int, server text, pinned text, entry bigint)
    on conflict (tenant, id) do update set version = excluded.version, pinned = excluded.pinned, entry = excluded.entry`

const savePolicies = `insert into policy (tenant, version, entry)
    select moved.tenant, row.* from moved, json_to_recordset($$::json) as row (version text, entry bigint)
    on conflict (tenant) do update set version = excluded.version, entry = excluded.entry`
