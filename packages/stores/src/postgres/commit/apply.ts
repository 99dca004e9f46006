/**
 * The rules of `commit` (see the `Store` port), as a function over the world that a batch has read. Writes nothing.
 *
 * @module
 */
import type { ErrorCode } from '@countersign/core'
import type { Fact, FactOf } from '@countersign/schema'
import { keysOf, type Lookup } from './keys.ts'
import { actionRow, approvalRow, datasetsOf, permitRow } from './rows.ts'
import {
  type ActionPatch,
  createDraft,
  type Draft,
  isPending,
  isUndelivered,
  mayBeLost,
  type PermitRow,
  type Place,
  replayKey,
  signatureKey,
  type World,
} from './world.ts'

/** Why a change is not made. `permit` is the one that an attempt had already. */
export interface Refused {
  readonly code: ErrorCode
  readonly detail: unknown
  readonly permit?: string
}

type Apply<Kind extends Fact['kind']> = (fact: FactOf<Kind>, place: Place, on: Ground) => Refused | undefined

interface Ground {
  readonly world: World
  readonly draft: Draft
  readonly lookup: Lookup
}

/** Changes the world, or says why not and leaves it as it was. */
export function apply(
  facts: readonly Fact[],
  places: readonly Place[],
  world: World,
  lookup: Lookup,
): Refused | undefined {
  const draft = createDraft()
  for (const [position, fact] of facts.entries()) {
    const place = places[position]
    if (place === undefined) throw new RangeError('every fact has a place')
    const refused = applyOne(fact, place, { world, draft, lookup })
    if (refused !== undefined) {
      draft.undo()
      return refused
    }
  }
  return undefined
}

function applyOne(fact: Fact, place: Place, on: Ground): Refused | undefined {
  switch (fact.kind) {
    case 'action.decided':
      return decided(fact, place, on)
    case 'approval.changed':
      return changed(fact, place, on)
    case 'action.permitted':
      return permitted(fact, place, on)
    case 'action.finished':
      return finished(fact, place, on)
    case 'action.replayed':
      return replayed(fact, place, on)
    case 'agent.changed':
      return agentChanged(fact, place, on)
    case 'person.changed':
      return personChanged(fact, place, on)
    case 'tool.changed':
      return toolChanged(fact, place, on)
    case 'deployment.founded':
    case 'policy.activated':
    case 'signature.refused':
    case 'record.read':
    case 'record.denied':
    case 'record.erased':
      return undefined
  }
}

const conflict = (detail: unknown): Refused => ({ code: 'ERR_STORE_CONFLICT', detail })

const decided: Apply<'action.decided'> = ({ record }, place, { world, draft }) => {
  if (world.actions.has(record.id)) return conflict({ action: record.id })
  draft.set(world.actions, record.id, actionRow(record, place))
  return undefined
}

const changed: Apply<'approval.changed'> = ({ approval, signature }, place, { world, draft, lookup }) => {
  const stored = world.approvals.get(approval.id)
  if (approval.version !== (stored?.version ?? 0) + 1) return conflict({ approval: approval.id })

  const row = approvalRow(approval, stored, place, lookup)
  const other = world.pending.get(row.digestKey)
  if (isPending(row.state) && other !== undefined && other !== row.id) return conflict({ approval: other })

  const signers = approval.signatures.map(({ person }) => person)
  if (signature !== undefined && !signers.includes(signature.person)) signers.push(signature.person)
  if (signers.some((person) => row.barred.includes(person))) return { code: 'ERR_SELF_APPROVAL', detail: row.id }
  const known = (person: string) => world.signatures.has(signatureKey(row.id, person))
  if (new Set(signers).size < signers.length || (signature !== undefined && known(signature.person))) {
    return { code: 'ERR_APPROVAL_SIGNED_TWICE', detail: row.id }
  }

  for (const given of signature === undefined ? approval.signatures : [...approval.signatures, signature]) {
    if (known(given.person)) continue
    const { person, verdict, at } = given
    draft.set(world.signatures, signatureKey(row.id, person), { approval: row.id, person, verdict, at })
  }
  draft.set(world.approvals, row.id, row)
  if (isPending(row.state)) draft.set(world.pending, row.digestKey, row.id)
  else if (other === row.id) draft.remove(world.pending, row.digestKey)
  if (stored === undefined) patch(row.action, { approval: row.id }, { world, draft })
  return undefined
}

const permitted: Apply<'action.permitted'> = ({ permit }, place, { world, draft, lookup }) => {
  const agent = world.agents.get(permit.agent)
  if (agent?.version !== permit.agentVersion || agent.status !== 'active') return conflict({ agent: permit.agent })
  if (world.permits.has(permit.id)) return conflict({ permit: permit.id })

  const row = permitRow(permit, place, lookup)
  const before = row.attemptKey === null ? undefined : world.attempts.get(row.attemptKey)
  const key = replayKey(row.credential, row.digestKey)
  const open = (world.undelivered.get(key) ?? []).flatMap((id) => world.permits.get(id) ?? [])
  const known = before ?? open.findLast(({ outcome }) => outcome !== null)?.id
  if (known !== undefined) return { code: 'ERR_ATTEMPT_KNOWN', detail: undefined, permit: known }
  if (row.approval !== null && world.spent.has(row.approval)) return { code: 'ERR_GRANT_SPENT', detail: row.approval }
  const begun = open.findLast((one) => mayBeLost(one, row))?.id
  if (begun !== undefined) return { code: 'ERR_ATTEMPT_KNOWN', detail: undefined, permit: begun }

  settle(row, { world, draft })
  if (row.attemptKey !== null) draft.set(world.attempts, row.attemptKey, row.id)
  if (row.approval !== null) draft.set(world.spent, row.approval, row.id)
  patch(row.action, { permit: row.id, approval: row.approval }, { world, draft })
  return undefined
}

const finished: Apply<'action.finished'> = ({ permit, outcome, delivered }, place, { world, draft }) => {
  const row = world.permits.get(permit)
  if (row === undefined) return conflict({ permit })
  const late = row.outcome === 'unknown' && outcome.kind !== 'unknown'
  if (row.outcome !== null && !late) return { code: 'ERR_PERMIT_FINISHED', detail: permit }

  const next = { ...row, outcome: outcome.kind, delivered: row.delivered || delivered, endedEntry: place.index }
  settle(next, { world, draft })
  const datasets = outcome.kind === 'done' ? datasetsOf([...(outcome.reads ?? []), ...(outcome.writes ?? [])]) : []
  patch(row.action, { outcome: outcome.kind, datasets }, { world, draft })
  return undefined
}

const replayed: Apply<'action.replayed'> = ({ permit }, _place, { world, draft }) => {
  const row = world.permits.get(permit)
  if (row === undefined) return conflict({ permit })
  settle({ ...row, delivered: true }, { world, draft })
  return undefined
}

const agentChanged: Apply<'agent.changed'> = ({ agent }, { index }, { world, draft, lookup }) => {
  const { id, version, status, keys, owner } = agent
  const before = world.agents.get(id)
  if (before?.erased || version !== (before?.version ?? 0) + 1) return conflict({ agent: id })
  const team = keysOf(lookup).group(agent.team)
  const hashes = keys.map(({ hash }) => hash)
  draft.set(world.agents, id, { id, version, status, entry: index, keys: hashes, owner, team, erased: false })
  return undefined
}

const personChanged: Apply<'person.changed'> = ({ person }, { index }, { world, draft, lookup }) => {
  const { id, version } = person
  const stored = world.people.get(id)
  if (version !== (stored?.version ?? 0) + 1) return conflict({ person: id })
  const accountKey = keysOf(lookup).account(person.issuer, person.subject)
  if ((world.accounts.get(accountKey) ?? id) !== id) return conflict({ person: id })
  if (stored !== undefined && stored.accountKey !== accountKey) draft.remove(world.accounts, stored.accountKey)
  draft.set(world.accounts, accountKey, id)
  const groups = person.groups.map(keysOf(lookup).group)
  draft.set(world.people, id, { id, version, accountKey, groups, entry: index })
  return undefined
}

const toolChanged: Apply<'tool.changed'> = ({ tool }, { index }, { world, draft }) => {
  const { id, version, server } = tool
  if (version !== (world.tools.get(id)?.version ?? 0) + 1) return conflict({ tool: id })
  draft.set(world.tools, id, { id, version, server, entry: index })
  return undefined
}

function settle(row: PermitRow, { world, draft }: Pick<Ground, 'world' | 'draft'>): void {
  draft.set(world.permits, row.id, row)
  const key = replayKey(row.credential, row.digestKey)
  const others = (world.undelivered.get(key) ?? []).filter((id) => id !== row.id)
  draft.set(world.undelivered, key, isUndelivered(row) ? [...others, row.id] : others)
}

function patch(id: string, more: Partial<ActionPatch>, { world, draft }: Pick<Ground, 'world' | 'draft'>): void {
  const before = world.patches.get(id)
  draft.set(world.patches, id, {
    id,
    approval: more.approval ?? before?.approval ?? null,
    permit: more.permit ?? before?.permit ?? null,
    outcome: more.outcome ?? before?.outcome ?? null,
    datasets: [...(before?.datasets ?? []), ...(more.datasets ?? [])],
  })
}
