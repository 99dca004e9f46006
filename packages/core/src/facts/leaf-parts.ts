/**
 * What several kinds of leaf say in the same words. Members stand in the order of the canonical form, in which they are written.
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
    classes: lists.cut('classes', dataUse.classes),
    destination: destination?.known ? name(destination.name) : undefined,
    digest: blind(digest),
    environment: word(action.environment, blind),
    external: model?.external,
    gateway: word(action.gateway, blind),
    mode: action.mode,
    model: model?.known ? name(model.name) : undefined,
    operation: word(action.operation, blind),
    outside: destination?.outside,
    reads: lists.cut('reads', registered(dataUse.reads)),
    sensitive: dataUse.sensitive,
    unregistered: unregistered > 0 ? unregistered : undefined,
    verb: action.verb,
    writes: lists.cut('writes', registered(dataUse.writes)),
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
  ids: lists.cut('policies', because),
  version: word(policyVersion, blind),
})

export const riskOf = ({ score, signals }: Risk, lists: Lists): LeafMembers => ({
  score: count(score),
  signals: lists.cut(
    'signals',
    signals.map((signal) => signal.name),
  ),
})

export const decisionOf = (decision: Decision, observed?: boolean): LeafMembers => ({
  kind: decision.kind,
  observed,
  reason: decision.kind === 'deny' ? decision.reason : undefined,
  signOffs: decision.kind === 'ask' ? decision.terms.signOffs.length : undefined,
})

export const people = (of: string, ids: readonly string[], blind: Blind, lists: Lists) =>
  lists.cut(of, [...new Set(ids.map((id) => person(id, blind)))])
