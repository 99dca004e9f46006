/**
 * Reads rows of the world from the tables: all that is alive, in one moment; or some that are over.
 *
 * @module
 */
import {
  type AgentRow,
  type ApprovalRow,
  CountersignError,
  emptyWorld,
  isPending,
  isUndelivered,
  type PermitRow,
  type PersonRow,
  policiesInForce,
  type PolicyRow,
  replayKey,
  signatureKey,
  type SignatureRow,
  type ToolRow,
  type World,
} from '@countersign/core'
import type { Row, Statement } from '../db.ts'
import type { HeadRow } from '../head.ts'
import type { Writer } from './writer.ts'

export interface Found {
  readonly approvals: readonly ApprovalRow[]
  readonly signatures: readonly SignatureRow[]
  readonly permits: readonly PermitRow[]
}

/**
 * One snapshot: what is read of it was so at one end of the ledger, the one that is told. Of answers that were not delivered the
 * newest `most`; `undelivered` says that there may be more. `from` on, entries tell of runs without a row, and of what is not
 * searched for yet.
 */
export async function loadEverything(
  writer: Writer,
  tenant: string,
  most: number,
): Promise<{ world: World; head: HeadRow; from: number; undelivered: boolean }> {
  await writer.query(beginSnapshot)
  const ask = <Found_ extends Row>(statement: Statement) => writer.query<Found_>(statement, [tenant])
  try {
    const [head] = await ask<HeadRow>(headNow)
    if (head === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
    const world = emptyWorld()
    for (const row of await ask<ApprovalRow & Row>(approvalsAlive)) {
      world.approvals.set(row.id, row)
      if (isPending(row.state)) world.pending.set(row.digestKey, row.id)
    }
    for (const row of await ask<SignatureRow & Row>(signaturesAlive)) {
      world.signatures.set(signatureKey(row.approval, row.person), row)
    }
    const waiting = await writer.query<PermitRow & Row>(permitsUndelivered, [tenant, most])
    const permits = [...waiting, ...(await ask<PermitRow & Row>(permitsAlive))]
    for (const row of permits.toSorted((one, other) => one.entry - other.entry)) takePermit(world, row)
    for (const { newest, ...row } of await ask<AgentRow & Row & { newest: number | null }>(agents)) {
      if (newest === row.entry) world.agents.set(row.id, { ...row, keys: [] }) // else someone else has changed the row
    }
    for (const row of await ask<PersonRow & Row>(people)) {
      world.people.set(row.id, row)
      for (const key of [row.accountKey, ...row.linked]) world.accounts.set(key, row.id)
    }
    for (const row of await ask<ToolRow & Row>(tools)) world.tools.set(row.id, row)
    for (const row of await ask<PolicyRow & Row>(policies)) world.policies.set(policiesInForce, row)
    const [searched] = await ask<{ index: number }>(searchedTo)
    const unsearched = Math.max(searched?.index ?? 0, head.size - most)
    return { world, head, from: Math.min(head.settled, unsearched), undelivered: waiting.length >= most }
  } finally {
    await writer.query(endSnapshot)
  }
}

/** Approvals with their signatures and the permits that spent them. */
export async function loadMissing(
  writer: Writer,
  tenant: string,
  wanted: Readonly<Record<'approvals' | 'permits' | 'undelivered', ReadonlySet<string>>>,
): Promise<Found> {
  const ask = async <Found_ extends Row>(statement: Statement, ids: ReadonlySet<string>) =>
    ids.size === 0 ? [] : writer.query<Found_>(statement, [tenant, [...ids]])
  const approvals = await ask<ApprovalRow & Row>(approvalsById, wanted.approvals)
  const signatures = await ask<SignatureRow & Row>(signaturesOf, wanted.approvals)
  const spent = await ask<PermitRow & Row>(permitsByApproval, wanted.approvals)
  const permits = await ask<PermitRow & Row>(permitsById, wanted.permits)
  const undelivered = await ask<PermitRow & Row>(undeliveredOf, wanted.undelivered)
  return { approvals, signatures, permits: [...spent, ...permits, ...undelivered] }
}

/** What stands in the way of attempts of which nothing was known here. */
export const loadAttempts = (writer: Writer, tenant: string, attempts: readonly string[]): Promise<PermitRow[]> =>
  writer.query<PermitRow & Row>(permitsByAttempt, [tenant, attempts])

/** Oldest first. */
export function takePermit(world: World, row: PermitRow): void {
  world.permits.set(row.id, row)
  if (row.approval !== null) world.spent.set(row.approval, row.id)
  if (row.attemptKey !== null) world.attempts.set(row.attemptKey, row.id)
  if (!isUndelivered(row)) return
  const key = replayKey(row.credential, row.digestKey)
  world.undelivered.set(key, [...new Set([...(world.undelivered.get(key) ?? []), row.id])])
}

const beginSnapshot = { name: '', text: 'begin isolation level repeatable read read only' }
const endSnapshot = { name: '', text: 'commit' }
const headNow = {
  name: 'head_load',
  text: 'select size, frontier, root, at, epoch, settled from head where tenant = $1',
}
const searchedTo = {
  name: 'load_searched',
  text: `select index from cursor where tenant = $1 and follower = 'search'`,
}

const approvalColumns = `id, version, state, digest_key as "digestKey", action, agent, on_behalf_of as "onBehalfOf", barred,
  asked_at as "askedAt", due_at as "dueAt", asked_entry as "askedEntry", entry`
const permitColumns = `id, action, approval, credential, attempt_key as "attemptKey", digest_key as "digestKey", replayable,
  deadline, outcome, delivered, node, abandoned, entry, ended_entry as "endedEntry"`

const approvalsAlive = {
  name: 'load_approvals_alive',
  text: `select ${approvalColumns} from approval where tenant = $1 and state in ('open', 'granted')`,
}
const signaturesAlive = {
  name: 'load_signatures_alive',
  text: `select s.approval, s.person, s.verdict, s.at from approval a
    join countersignature s on s.tenant = a.tenant and s.approval = a.id
    where a.tenant = $1 and a.state in ('open', 'granted')`,
}
/** Those that run, and those that used what is alive. */
const permitsAlive = {
  name: 'load_permits_alive',
  text: `select ${permitColumns} from permit where tenant = $1 and outcome is null
    union select ${permitColumns} from permit where tenant = $1 and approval in
      (select id from approval where tenant = $1 and state in ('open', 'granted'))`,
}
const permitsUndelivered = {
  name: 'load_permits_undelivered',
  text: `select ${permitColumns} from permit where tenant = $1 and replayable and not delivered and outcome is not null
    order by entry desc limit $2`,
}
const undeliveredOf = {
  name: 'load_undelivered_of',
  text: `select ${permitColumns} from permit
    where tenant = $1 and digest_key = any($2) and replayable and not delivered and outcome is not null`,
}
const agents = {
  name: 'load_agents',
  text: `select id, version, status, owner, team, erased, entry, (select m.entry from mention m where m.tenant = agent.tenant
      and m.what = 'agent.changed ' || agent.id order by m.entry desc limit 1) as newest
    from agent where tenant = $1`,
}
const people = {
  name: 'load_people',
  text: 'select id, version, account_key as "accountKey", linked_keys as linked, groups, entry from person where tenant = $1',
}
const tools = { name: 'load_tools', text: 'select id, version, server, pinned, entry from tool where tenant = $1' }
const policies = { name: 'load_policies', text: 'select version, entry from policy where tenant = $1' }

const approvalsById = {
  name: 'load_approvals',
  text: `select ${approvalColumns} from approval where tenant = $1 and id = any($2)`,
}
const signaturesOf = {
  name: 'load_signatures',
  text: 'select approval, person, verdict, at from countersignature where tenant = $1 and approval = any($2)',
}
const permitsById = {
  name: 'load_permits',
  text: `select ${permitColumns} from permit where tenant = $1 and id = any($2)`,
}
const permitsByApproval = {
  name: 'load_permits_by_approval',
  text: `select ${permitColumns} from permit where tenant = $1 and approval = any($2)`,
}
const permitsByAttempt = {
  name: 'load_permits_by_attempt',
  text: `select ${permitColumns} from permit where tenant = $1 and attempt_key = any($2)`,
}
