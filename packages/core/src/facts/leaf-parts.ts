/**
 * What several kinds of leaf say in the same words.
 *
 * @module
 */
import { type Action, type Actor, byAgent, type DataUse, type Decision, type Risk } from '@countersign/schema'
import { type Blind, count, type Lists, name, person, registered, word } from '../ledger/words.ts'
import type { LeafMembers } from './law.ts'

export const system: LeafMembers = { kind: 'system', ref: 'system' }

export function actor({ kind, id }: Actor, blind: Blind): LeafMembers {
  switch (kind) {
    case 'system':
    case 'operator':
      return { kind, ref: kind }
    case 'person':
      return { kind, ref: person(id, blind) }
    case 'agent':
    case 'provisioner':
      return { kind, ref: word(id, blind) }
  }
}

export const agentActor = (agent: string, blind: Blind): LeafMembers => actor(byAgent(agent), blind)

export function actionOf(action: Action, digest: string, dataUse: DataUse, blind: Blind, lists: Lists) {
  const { destination, model } = dataUse
  const unregistered = [...dataUse.reads, ...dataUse.writes].filter(({ known }) => !known).length
  return {
    gateway: word(action.gateway, blind),
    operation: word(action.operation, blind),
    verb: action.verb,
    mode: action.mode,
    environment: word(action.environment, blind),
    reads: lists.cut('reads', registered(dataUse.reads)),
    writes: lists.cut('writes', registered(dataUse.writes)),
    unregistered: unregistered > 0 ? unregistered : undefined,
    classes: lists.cut('classes', dataUse.classes),
    sensitive: dataUse.sensitive,
    destination: destination?.known ? name(destination.name) : undefined,
    outside: destination?.outside,
    model: model?.known ? name(model.name) : undefined,
    external: model?.external,
    digest: blind(digest),
  } satisfies LeafMembers
}

export function delegationOf({ onBehalfOf, startedBy }: Action, blind: Blind): LeafMembers | undefined {
  if (onBehalfOf === undefined && startedBy === undefined) return undefined
  return {
    onBehalfOf: onBehalfOf === undefined ? undefined : person(onBehalfOf, blind),
    startedBy: startedBy === undefined ? undefined : person(startedBy, blind),
  }
}

export const policyOf = ({ policyVersion, because }: Decision, blind: Blind, lists: Lists): LeafMembers => ({
  version: word(policyVersion, blind),
  ids: lists.cut('policies', because),
})

export const riskOf = ({ score, signals }: Risk, lists: Lists): LeafMembers => ({
  score: count(score),
  signals: lists.cut(
    'signals',
    signals.map((signal) => signal.name),
  ),
})

export const decisionOf = (decision: Decision): LeafMembers => ({
  kind: decision.kind,
  reason: decision.kind === 'deny' ? decision.reason : undefined,
  signOffs: decision.kind === 'ask' ? decision.terms.signOffs.length : undefined,
})

export const people = (of: string, ids: readonly string[], blind: Blind, lists: Lists) =>
  lists.cut(of, [...new Set(ids.map((id) => person(id, blind)))])
