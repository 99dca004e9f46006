/**
 * Reads, under the head's lock, what a batch of facts looks at. All statements travel together.
 *
 * @module
 */
import type { Fact } from '@countersign/schema'
import type { Row, Session, Statement } from '../db.ts'
import { keysOf, type Lookup } from './keys.ts'
import {
  type AgentRow,
  type ApprovalRow,
  emptyWorld,
  isPending,
  isUndelivered,
  type PermitRow,
  type PersonRow,
  replayKey,
  signatureKey,
  type SignatureRow,
  type ToolRow,
  type World,
} from './world.ts'

export async function loadWorld(
  session: Session,
  tenant: string,
  facts: readonly Fact[],
  subjects: readonly string[],
  lookup: Lookup,
): Promise<World> {
  const wanted = wantedBy(facts, lookup)
  const world = emptyWorld()
  const ask = async <Found extends Row>(statement: Statement, keys: Iterable<string>, take: (row: Found) => void) => {
    const values = [...keys]
    if (values.length === 0) return
    for (const row of await session.query<Found>(statement, [tenant, values])) take(row)
  }

  await Promise.all([
    ask<ApprovalRow & Row>(approvalsById, wanted.approvals, (row) => takeApproval(world, row)),
    ask<ApprovalRow & Row>(approvalsPending, wanted.digests, (row) => takeApproval(world, row)),
    ask<SignatureRow & Row>(signaturesOf, wanted.approvals, (row) =>
      world.signatures.set(signatureKey(row.approval, row.person), row),
    ),
    ask<PermitRow & Row>(permitsById, wanted.permits, (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsByApproval, wanted.spent, (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsByAttempt, wanted.attempts, (row) => takePermit(world, row)),
    ask<PermitRow & Row>(permitsUndelivered, wanted.replays, (row) => takePermit(world, row)),
    ask<AgentRow & Row & { newest: number | null }>(agentsById, wanted.agents, ({ newest, ...row }) => {
      if (newest === row.entry) world.agents.set(row.id, { ...row, keys: [] }) // else someone else has changed the row
    }),
    ask<PersonRow & Row>(peopleById, wanted.people, (row) => takePerson(world, row)),
    ask<PersonRow & Row>(peopleByAccount, wanted.accounts, (row) => takePerson(world, row)),
    ask<ToolRow & Row>(toolsById, wanted.tools, (row) => world.tools.set(row.id, row)),
    ask<{ id: string }>(actionsById, wanted.actions, ({ id }) => world.actions.set(id, 'stored')),
    ask<{ subject: string; id: string }>(keysOfSubjects, subjects, ({ subject, id }) => world.keys.set(subject, id)),
  ])
  return world
}

function wantedBy(facts: readonly Fact[], lookup: Lookup) {
  const keys = keysOf(lookup)
  const wanted = {
    approvals: new Set<string>(),
    digests: new Set<string>(),
    permits: new Set<string>(),
    spent: new Set<string>(),
    attempts: new Set<string>(),
    /** Blinded digests of what may have to be replayed. */
    replays: new Set<string>(),
    agents: new Set<string>(),
    people: new Set<string>(),
    accounts: new Set<string>(),
    tools: new Set<string>(),
    actions: new Set<string>(),
  }
  for (const fact of facts) {
    switch (fact.kind) {
      case 'action.decided':
        wanted.actions.add(fact.record.id)
        break
      case 'approval.changed':
        wanted.approvals.add(fact.approval.id)
        wanted.digests.add(keys.digest(fact.approval.digest))
        break
      case 'action.permitted': {
        const { id, approval, agent, attempt, digest } = fact.permit
        wanted.permits.add(id)
        wanted.agents.add(agent)
        wanted.replays.add(keys.digest(digest))
        if (approval !== undefined) wanted.spent.add(approval)
        if (attempt.id !== undefined) wanted.attempts.add(keys.attempt(attempt.credential, attempt.id))
        break
      }
      case 'action.finished':
      case 'action.replayed':
        wanted.permits.add(fact.permit)
        break
      case 'agent.changed':
        wanted.agents.add(fact.agent.id)
        break
      case 'person.changed':
        wanted.people.add(fact.person.id)
        wanted.accounts.add(keys.account(fact.person.issuer, fact.person.subject))
        break
      case 'tool.changed':
        wanted.tools.add(fact.tool.id)
        break
      case 'deployment.founded':
      case 'policy.activated':
      case 'signature.refused':
      case 'record.read':
      case 'record.denied':
      case 'record.erased':
        break
    }
  }
  return wanted
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
  world.accounts.set(row.accountKey, row.id)
}

const approvalColumns = `id, version, state, digest_key as "digestKey", action, agent, on_behalf_of as "onBehalfOf", barred,
  asked_at as "askedAt", due_at as "dueAt", asked_entry as "askedEntry", entry`
const permitColumns = `id, action, approval, credential, attempt_key as "attemptKey", digest_key as "digestKey", replayable,
  deadline, outcome, delivered, node, abandoned, entry, ended_entry as "endedEntry"`
const personColumns = 'id, version, account_key as "accountKey", groups, entry'

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
  text: `select ${personColumns} from person where tenant = $1 and account_key = any($2)`,
}
const toolsById = {
  name: 'load_tools',
  text: 'select id, version, server, entry from tool where tenant = $1 and id = any($2)',
}
const actionsById = { name: 'load_actions', text: 'select id from action where tenant = $1 and id = any($2)' }
const keysOfSubjects = {
  name: 'load_subject_keys',
  text: 'select subject, id from subject_key where tenant = $1 and subject = any($2)',
}
