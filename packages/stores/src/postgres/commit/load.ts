/**
 * Reads, under the head's lock, what a batch of facts looks at. All statements travel together.
 *
 * @module
 */
import {
  type ActionRow,
  type AgentRow,
  type ApprovalRow,
  emptyWorld,
  isPending,
  isUndelivered,
  type Keys,
  type PermitRow,
  type PersonRow,
  replayKey,
  signatureKey,
  type SignatureRow,
  type ToolRow,
  touchesOf,
  type World,
} from '@countersign/core'
import type { Fact } from '@countersign/schema'
import type { Row, Session, Statement } from '../db.ts'

/** The rows that these facts touch. */
export async function loadWorld(session: Session, tenant: string, facts: readonly Fact[], keys: Keys): Promise<World> {
  const touched = touchesOf(facts, keys)
  const world = emptyWorld()
  const ask = async <Found extends Row>(
    statement: Statement,
    table: Parameters<typeof touched.get>[0],
    take: (row: Found) => void,
  ) => {
    const values = [...(touched.get(table) ?? [])]
    if (values.length === 0) return
    for (const row of await session.query<Found>(statement, [tenant, values])) take(row)
  }

  await Promise.all([
    ask<ApprovalRow & Row>(approvalsById, 'approvals', (row) => takeApproval(world, row)),
    ask<ApprovalRow & Row>(approvalsPending, 'pending', (row) => takeApproval(world, row)),
    ask<SignatureRow & Row>(signaturesOf, 'approvals', (row) =>
      world.signatures.set(signatureKey(row.approval, row.person), row),
    ),
    ask<PermitRow & Row>(permitsById, 'permits', (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsByApproval, 'spent', (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsByAttempt, 'attempts', (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsUndelivered, 'undelivered', (row) => takePermit(world, row)),
    ask<AgentRow & Row & { newest: number | null }>(agentsById, 'agents', ({ newest, ...row }) => {
      if (newest === row.entry) world.agents.set(row.id, { ...row, keys: [] }) // else someone else has changed the row
    }),
    ask<PersonRow & Row>(peopleById, 'people', (row) => takePerson(world, row)),
    ask<PersonRow & Row>(peopleByAccount, 'accounts', (row) => takePerson(world, row)),
    ask<ToolRow & Row>(toolsById, 'tools', (row) => world.tools.set(row.id, row)),
    ask<ActionRow & Row>(actionsById, 'actions', (row) => world.actions.set(row.id, row)),
  ])
  return world
}

function takeApproval(world: World, row: ApprovalRow): void {
  world.approvals.set(row.id, row)
  if (isPending(row.state)) world.pending.set(row.digestKey, row.id)
}

/** `undelivered` MUST come newest last; the statements that can find several are ordered so. */
function takePermit(world: World, row: PermitRow): void {
  if (world.permits.has(row.id)) return
  world.permits.set(row.id, row)
  if (row.approval !== null) world.spent.set(row.approval, row.id)
  if (row.attemptKey !== null) world.attempts.set(row.attemptKey, row.id)
  if (!isUndelivered(row)) return
  const key = replayKey(row.credential, row.digestKey)
  const ids = [...(world.undelivered.get(key) ?? []), row.id]
  world.undelivered.set(
    key,
    ids.toSorted((one, other) => entryOf(world, one) - entryOf(world, other)),
  )
}

const entryOf = (world: World, permit: string): number => world.permits.get(permit)?.entry ?? 0

function takePerson(world: World, row: PersonRow): void {
  world.people.set(row.id, row)
  for (const key of [row.accountKey, ...row.linked]) world.accounts.set(key, row.id)
}

const approvalColumns = `id, version, state, digest_key as "digestKey", action, agent, on_behalf_of as "onBehalfOf", barred,
  asked_at as "askedAt", due_at as "dueAt", asked_entry as "askedEntry", entry`
const permitColumns = `id, action, approval, credential, attempt_key as "attemptKey", digest_key as "digestKey", replayable,
  deadline, outcome, delivered, node, abandoned, entry, ended_entry as "endedEntry"`
const personColumns = 'id, version, account_key as "accountKey", linked_keys as linked, groups, entry'

const approvalsById = {
  name: 'load_approvals',
  text: `select ${approvalColumns} from approval where tenant = $1 and id = any($2)`,
}
const approvalsPending = {
  name: 'load_approvals_pending',
  text: `select ${approvalColumns} from approval
    where tenant = $1 and digest_key = any($2) and state in ('open', 'granted')`,
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
const permitsUndelivered = {
  name: 'load_permits_undelivered',
  text: `select ${permitColumns} from permit
      where tenant = $1 and digest_key = any($2) and replayable and not delivered and outcome is not null
    union all
    select ${permitColumns} from permit
      where tenant = $1 and digest_key = any($2) and replayable and outcome is null`,
}
const agentsById = {
  name: 'load_agents',
  text: `select id, version, status, owner, team, erased, entry, (select e.index from entry e where e.tenant = agent.tenant
      and e.kind = 'agent.changed' and e.subject = agent.id order by e.index desc limit 1) as newest
    from agent where tenant = $1 and id = any($2)`,
}
const peopleById = {
  name: 'load_people',
  text: `select ${personColumns} from person where tenant = $1 and id = any($2)`,
}
const peopleByAccount = {
  name: 'load_people_by_account',
  text: `select ${personColumns} from person where tenant = $1 and (account_key = any($2) or linked_keys && $2)`,
}
const toolsById = {
  name: 'load_tools',
  text: 'select id, version, server, entry from tool where tenant = $1 and id = any($2)',
}
const actionsById = {
  name: 'load_actions',
  text: `select action as id, subject, index as entry from entry
    where tenant = $1 and action = any($2) and kind = 'action.decided'`,
}
