/**
 * An action: decided, permitted, run, and handed out again. Where policy allows it, its life is allowed 1, finished 2;
 * where people were asked, decided 1, permitted 2, finished 3; a late outcome comes after it. All of it belongs to the
 * person acted for, else to the agent.
 *
 * @module
 */
import type { ActionRecord, AllowedPermit, Outcome, PermitRecord } from '@countersign/schema'
import { type Blind, count, type Lists, trace, word } from '../ledger/words.ts'
import { moved, rowsJudgedOn } from './judged-on.ts'
import { type Keys, searchable } from './keys.ts'
import { conflict, type Ground, type Law, type LeafMembers, type Refused, type Slot, type Touched } from './law.ts'
import { actionOf, agentActor, decisionOf, delegationOf, system, policyOf, riskOf } from './leaf-parts.ts'
import { permitIn } from './steps.ts'
import { isOpenEnded, isUndelivered, type PermitRow, replayKey } from './world.ts'

/** Places in its life of what lets it run. */
const [allowedAt, permittedAt] = [1, 2]

export const decided: Law<'action.decided'> = {
  subject: ({ record: { action } }) => action.onBehalfOf ?? action.agent,
  stream: ({ record }, blind) => ({ stream: word(record.id, blind), sequence: 1 }),
  about: ({ record }) => ({ action: record.id }),

  leaf: ({ record }, blind, lists) => judgedLeaf(record, undefined, blind, lists),

  makes: ({ record }) => ({ actions: [record.id] }),

  apply: ({ record }, slot, ground) => decide(record.id, slot, ground),
}

function decide(id: string, { index: entry, subject }: Slot, { world, draft }: Ground): Refused | undefined {
  if (world.actions.has(id)) return conflict({ action: id })
  draft.set(world.actions, id, { id, subject, entry })
  return undefined
}

function judgedLeaf(record: ActionRecord, permit: LeafMembers | undefined, blind: Blind, lists: Lists): LeafMembers {
  const { action, digest, dataUse, decision, risk, observed, parent } = record
  return {
    action: actionOf(action, digest, dataUse, blind, lists),
    actor: agentActor(action.agent, blind),
    agent: word(action.agent, blind),
    decision: decisionOf(decision, observed),
    delegation: delegationOf(action, blind),
    parent: parent && word(parent.permit, blind),
    permit,
    policy: policyOf(decision, blind, lists),
    risk: riskOf(risk, lists),
    trace: trace(record.trace),
  }
}

/** Its two steps, at one place. */
export const allowed: Law<'action.allowed'> = {
  subject: ({ record: { action } }) => action.onBehalfOf ?? action.agent,
  stream: ({ record }, blind) => ({ stream: word(record.id, blind), sequence: allowedAt }),
  about: ({ record }) => ({ action: record.id }),

  /** That of the decision, and the permit: what was asked for stands there as the action's digest. */
  leaf: ({ record, permit }, blind, lists) => judgedLeaf(record, permitOf(permit, blind), blind, lists),

  touches: (fact, keys) => readsOf(permitIn(fact), keys),
  makes: (fact, keys) => ({ actions: [fact.record.id], ...makesOf(permitIn(fact), keys) }),

  apply(fact, slot, ground) {
    const { id, decision, observed } = fact.record
    const isAllowed = decision.kind === 'allow' || (decision.kind === 'ask' && observed)
    if (!isAllowed) return { code: 'ERR_INPUT_INVALID', detail: { action: id, decision: decision.kind } }
    return decide(id, slot, ground) ?? give(permitIn(fact), slot, ground)
  },
}

/** Under an approval, by which the place of its outcome is known: what runs without one is allowed. */
export const permitted: Law<'action.permitted'> = {
  subject: ({ permit }, subjectOfAction) => subjectOfAction(permit.actionId) ?? permit.agent,
  stream: ({ permit }, blind) => ({ stream: word(permit.actionId, blind), sequence: permittedAt }),
  about: ({ permit }) => ({ action: permit.actionId }),

  leaf({ permit }, blind) {
    const approval = permit.approval === undefined ? undefined : word(permit.approval, blind)
    return {
      actor: system,
      agent: word(permit.agent, blind),
      approval,
      permit: { ...permitOf(permit, blind), asked: blind(permit.asked) },
      policy: { version: word(permit.policyVersion, blind) },
      causes: [approval ?? word(permit.actionId, blind)],
    }
  },

  touches: ({ permit }, keys) => readsOf(permit, keys),
  makes: ({ permit }, keys) => makesOf(permit, keys),

  apply({ permit }, slot, ground) {
    if (permit.approval === undefined)
      return { code: 'ERR_INPUT_INVALID', detail: { permit: permit.id, approval: null } }
    return give(permit, slot, ground)
  },
}

const permitOf = (permit: AllowedPermit, blind: Blind) => ({
  agent: count(permit.agentVersion),
  deadline: count(permit.deadline),
  epoch: count(permit.epoch),
  handed: permit.handed,
  id: word(permit.id, blind),
  node: word(permit.node, blind),
  runBy: count(permit.runBy),
  runs: blind(permit.runs),
})

const readsOf = (permit: PermitRecord, keys: Keys): Touched => ({
  ...rowsJudgedOn(permit),
  undelivered: [keys.digest(permit.asked)],
  ...(permit.approval !== undefined && { spent: [permit.approval] }),
})

const makesOf = ({ id, attempt }: PermitRecord, keys: Keys): Touched => ({
  permits: [id],
  ...(attempt.id !== undefined && { attempts: [keys.attempt(attempt.credential, attempt.id)] }),
})

/** All of it as it was judged (P15); the attempt and the grant for the first time (P6, P10). */
function give(permit: PermitRecord, slot: Slot, ground: Ground): Refused | undefined {
  const { world, draft, keys } = ground
  const why = moved(permit, world)
  if (why !== undefined) return why
  if (world.permits.has(permit.id)) return conflict({ permit: permit.id })

  const row = permitRow(permit, slot, keys)
  const before = row.attemptKey === null ? undefined : world.attempts.get(row.attemptKey)
  const waiting = world.undelivered.get(replayKey(row.credential, row.digestKey)) ?? []
  const same = waiting.flatMap((id) => world.permits.get(id) ?? [])
  const known = before ?? same.findLast(({ outcome }) => outcome !== null)?.id
  if (known !== undefined) return { code: 'ERR_ATTEMPT_KNOWN', detail: undefined, permit: known }
  if (row.approval !== null && world.spent.has(row.approval)) return { code: 'ERR_GRANT_SPENT', detail: row.approval }
  const begun = same.findLast((one) => mayBeLost(one, row))?.id
  if (begun !== undefined) return { code: 'ERR_ATTEMPT_KNOWN', detail: undefined, permit: begun }

  savePermit(row, ground)
  if (row.attemptKey !== null) draft.set(world.attempts, row.attemptKey, row.id)
  if (row.approval !== null) draft.set(world.spent, row.approval, row.id)
  return undefined
}

/** What a permit that is not there would end is not known to have begun (P2). */
export const finished: Law<'action.finished'> = {
  subject: ({ actionId }, subjectOfAction) => subjectOfAction(actionId) ?? 'system',
  stream: ({ actionId }, blind) => ({ stream: word(actionId, blind), sequence: undefined }),
  sequence({ permit }, { permits }) {
    const row = permits.get(permit)
    const begun = (row?.approval ?? null) === null ? allowedAt : permittedAt
    return (row?.outcome ?? null) === null ? begun + 1 : begun + 2
  },
  about: ({ actionId }) => ({ action: actionId }),

  leaf: ({ permit, outcome, delivered }, blind) => ({
    actor: system,
    permit: { id: word(permit, blind) },
    outcome: outcomeOf(outcome, delivered),
    causes: [word(permit, blind)],
  }),

  touches: ({ permit }) => ({ permits: [permit] }),

  apply({ permit, outcome, delivered }, { index }, ground) {
    const row = ground.world.permits.get(permit)
    if (row === undefined) return conflict({ permit })
    const late = isOpenEnded(row.outcome) && !isOpenEnded(outcome.kind)
    if (row.outcome !== null && !late) return { code: 'ERR_PERMIT_FINISHED', detail: permit }
    const ended = { outcome: outcome.kind, delivered: row.delivered || delivered, endedEntry: index }
    savePermit({ ...row, ...ended }, ground)
    return undefined
  },
}

export const replayed: Law<'action.replayed'> = {
  subject: ({ actionId }, subjectOfAction) => subjectOfAction(actionId) ?? 'system',
  stream: ({ actionId }, blind) => ({ stream: word(actionId, blind), sequence: undefined }),
  about: ({ actionId }) => ({ action: actionId }),

  leaf: ({ permit }, blind) => ({
    actor: system,
    permit: { id: word(permit, blind) },
    causes: [word(permit, blind)],
  }),

  touches: ({ permit }) => ({ permits: [permit] }),

  apply({ permit }, _place, ground) {
    const row = ground.world.permits.get(permit)
    if (row === undefined) return conflict({ permit })
    savePermit({ ...row, delivered: true }, ground)
    return undefined
  },
}

/** What the rules look at of it, before it has ended. */
export function permitRow(permit: PermitRecord, { index }: Slot, keys: Keys): PermitRow {
  const { credential, id: attemptId } = permit.attempt
  return {
    id: permit.id,
    action: permit.actionId,
    approval: permit.approval ?? null,
    credential: searchable(credential),
    attemptKey: attemptId === undefined ? null : keys.attempt(credential, attemptId),
    digestKey: keys.digest(permit.asked),
    replayable: permit.replayable,
    deadline: permit.deadline,
    outcome: null,
    delivered: false,
    node: permit.node,
    abandoned: false,
    entry: index,
    endedEntry: null,
  }
}

function savePermit(row: PermitRow, { world, draft }: Pick<Ground, 'world' | 'draft'>): void {
  draft.set(world.permits, row.id, row)
  const key = replayKey(row.credential, row.digestKey)
  const others = (world.undelivered.get(key) ?? []).filter((id) => id !== row.id)
  const waiting = isUndelivered(row) ? [...others, row.id] : others
  if (waiting.length > 0) draft.set(world.undelivered, key, waiting)
  else draft.remove(world.undelivered, key)
}

/**
 * Whether the client of a run that has not ended may be gone, so that the next permit could run the same again. That
 * another node still lives, and that it would know of its client, nobody can say at this moment.
 */
function mayBeLost(row: PermitRow, next: PermitRow): boolean {
  const isSigned = row.approval !== null || next.approval !== null
  return row.outcome === null && (row.abandoned || isSigned || row.node !== next.node)
}

/**
 * What was read and written is named by the gateway, not by a registry: its numbers stand here, its names in the vault.
 */
const outcomeOf = (outcome: Outcome, delivered: boolean) => ({
  bytes: outcome.kind === 'done' ? count(outcome.bytes) : undefined,
  delivered,
  kind: outcome.kind,
  rows: outcome.kind === 'done' ? count(outcome.rows) : undefined,
  seenBy: 'seenBy' in outcome ? outcome.seenBy : undefined,
})
