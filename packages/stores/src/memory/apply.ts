/**
 * What each fact changes, and when it may not be written: the rules of the `Store` port, in the order they are asked.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { Fact, FactOf } from '@countersign/schema'
import { inTheWay, type State, undelivered, wordOf } from './state.ts'

/** Where and when the fact will stand in the ledger. */
export interface Place {
  readonly index: number
  readonly at: number
}

/** @throws the refusals of `Store.commit`; what was changed before one is for the caller to take back */
export function apply(state: State, fact: Fact, place: Place): void {
  switch (fact.kind) {
    case 'action.decided':
      return actionDecided(state, fact, place)
    case 'approval.changed':
      return approvalChanged(state, fact, place)
    case 'action.permitted':
      return actionPermitted(state, fact, place)
    case 'action.finished':
      return actionFinished(state, fact, place)
    case 'action.replayed':
      return actionReplayed(state, fact, place)
    case 'agent.changed':
      return agentChanged(state, fact)
    case 'person.changed':
      return personChanged(state, fact)
    case 'tool.changed':
      countUp(state, { id: wordOf('tool', fact.tool.id), version: fact.tool.version })
      return state.tools.set(fact.tool.id, fact.tool)
    case 'signature.refused':
      return remember(state, fact.approval, place)
    case 'deployment.founded':
    case 'policy.activated':
    case 'record.read':
    case 'record.denied':
    case 'record.erased':
      return
  }
}

function actionDecided(state: State, { record }: FactOf<'action.decided'>, { index, at }: Place): void {
  if (state.actions.get(record.id)) throw conflict(record.id, 'the id is taken')
  const nothingYet = { question: undefined, permit: undefined, permittedAt: undefined }
  state.actions.set(record.id, { record, at, index, ...nothingYet })
  remember(state, record.id, { index, at })
}

function approvalChanged(state: State, { approval, signature }: FactOf<'approval.changed'>, place: Place): void {
  const { id, digest, actionId } = approval
  const stored = state.approvals.get(id)
  const before = stored?.approval
  countUp(state, approval)
  const pending = state.approvals.get(state.latest.get(digest) ?? '')?.approval
  if (!before && (pending?.state === 'open' || pending?.state === 'granted')) throw conflict(id, 'it is already asked')

  const barred = new Set([...approval.barred, ...(before?.barred ?? [])])
  const signers = approval.signatures.map(({ person }) => person)
  for (const person of signature ? [...signers, signature.person] : signers) {
    if (barred.has(person)) throw new CountersignError('ERR_SELF_APPROVAL', { approval: id })
  }
  const again = signature && before?.signatures.some(({ person }) => person === signature.person)
  if (again || new Set(signers).size < signers.length) {
    throw new CountersignError('ERR_APPROVAL_SIGNED_TWICE', { approval: id })
  }

  state.approvals.set(id, { approval, index: stored?.index ?? place.index })
  remember(state, id, place)
  if (before) return
  state.latest.set(digest, id)
  const action = state.actions.get(actionId)
  if (action) state.actions.set(actionId, { ...action, question: id })
}

function actionPermitted(state: State, { permit }: FactOf<'action.permitted'>, place: Place): void {
  const { id, actionId, approval, agent: agentId, attempt, digest } = permit
  const agent = state.agents.get(agentId)
  if (agent?.version !== permit.agentVersion || agent.status !== 'active') throw conflict(agentId, 'the agent changed')
  if (state.permits.get(id)) throw conflict(id, 'the id is taken')

  const attemptWord = attempt.id === undefined ? undefined : wordOf(attempt.credential, attempt.id)
  const same = attemptWord === undefined ? undefined : state.permits.get(state.attempts.get(attemptWord) ?? '')
  const known = same ?? undelivered(state, attempt.credential, digest)
  if (known) throw new CountersignError('ERR_ATTEMPT_KNOWN', structuredClone(known.permit))
  if (approval !== undefined && state.grants.get(approval)) throw new CountersignError('ERR_GRANT_SPENT', { approval })
  const open = inTheWay(state, permit)
  if (open) throw new CountersignError('ERR_ATTEMPT_KNOWN', structuredClone(open.permit))

  state.permits.set(id, { permit, outcome: undefined, finishedAt: undefined, delivered: false, result: undefined })
  if (attemptWord !== undefined) state.attempts.set(attemptWord, id)
  if (approval !== undefined) state.grants.set(approval, id)
  const run = wordOf(attempt.credential, digest)
  state.runs.set(run, [...(state.runs.get(run) ?? []), id])
  remember(state, actionId, place)

  const action = state.actions.get(actionId)
  if (!action) return
  state.actions.set(actionId, { ...action, permit: id, permittedAt: place.at })
  state.seen.set(wordOf(agentId, action.record.action.operation), true)
}

function actionFinished(state: State, fact: FactOf<'action.finished'>, place: Place): void {
  const { permit: id, actionId, outcome, delivered, result } = fact
  const life = permitOf(state, id)
  const late = life.outcome?.kind === 'unknown' && outcome.kind !== 'unknown'
  if (life.outcome && !late) throw new CountersignError('ERR_PERMIT_FINISHED', { permit: id })
  const gotIt = life.delivered || delivered
  state.permits.set(id, { permit: life.permit, outcome, finishedAt: place.at, delivered: gotIt, result })
  remember(state, actionId, place)
}

function actionReplayed(state: State, { permit, actionId }: FactOf<'action.replayed'>, place: Place): void {
  state.permits.set(permit, { ...permitOf(state, permit), delivered: true })
  remember(state, actionId, place)
}

function agentChanged(state: State, { agent }: FactOf<'agent.changed'>): void {
  const isErased = state.versions.get(agent.id) !== undefined && !state.agents.get(agent.id)
  if (isErased) throw conflict(agent.id, 'it was erased, and its id is nobody else’s')
  countUp(state, agent)
  state.agents.set(agent.id, agent)
  for (const { hash } of agent.keys) state.keys.set(hash, agent.id)
}

function personChanged(state: State, { person }: FactOf<'person.changed'>): void {
  countUp(state, person)
  const account = wordOf(person.issuer, person.subject)
  const owner = state.accounts.get(account) ?? person.id
  if (owner !== person.id) throw conflict(person.id, 'the account is someone else’s')
  state.people.set(person.id, person)
  state.accounts.set(account, person.id)
}

/** What a permit without a row would end is not known to have begun (P2). */
function permitOf(state: State, id: string) {
  const life = state.permits.get(id)
  if (!life) throw conflict(id, 'there is no such permit')
  return life
}

function remember(state: State, id: string, { index }: Place): void {
  state.timelines.set(id, [...(state.timelines.get(id) ?? []), index])
}

function countUp({ versions }: State, { id, version }: { readonly id: string; readonly version: number }): void {
  if (version !== (versions.get(id) ?? 0) + 1) throw conflict(id, 'the version is not the next one')
  versions.set(id, version)
}

const conflict = (id: string, why: string) => new CountersignError('ERR_STORE_CONFLICT', { id, why })
