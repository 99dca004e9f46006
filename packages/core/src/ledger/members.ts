/**
 * What a leaf says of each kind of fact, beside what every leaf says (`envelope.ts`).
 *
 * @module
 */
import {
  type Action,
  type ActionRecord,
  type DataPicture,
  type Decision,
  type Fact,
  type FactOf,
  type Outcome,
  type Risk,
  isLocal,
} from '@countersign/schema'
import type { Blind } from './vault.ts'
import { count, type Lists, name, person, registered, trace, word } from './words.ts'

type Members = Readonly<Record<string, unknown>>

export function membersOf(fact: Fact, blind: Blind, lists: Lists): Members {
  switch (fact.kind) {
    case 'action.decided':
      return decided(fact.record, blind, lists)
    case 'approval.changed':
      return approvalChanged(fact, blind, lists)
    case 'action.permitted':
      return permitted(fact, blind)
    case 'action.finished':
      return {
        actor: system,
        permit: { id: word(fact.permit, blind) },
        outcome: outcomeOf(fact.outcome, fact.delivered),
        causes: [word(fact.permit, blind)],
      }
    case 'action.replayed':
      return { actor: system, permit: { id: word(fact.permit, blind) }, causes: [word(fact.permit, blind)] }
    case 'agent.changed':
      return agentChanged(fact, blind)
    case 'person.changed':
      return {
        actor: actor(fact.by, blind),
        person: {
          id: person(fact.person.id, blind),
          version: count(fact.person.version),
          active: fact.person.active,
          local: isLocal(fact.person) || undefined,
          roles: lists.cut('roles', fact.person.roles),
        },
      }
    case 'tool.changed': {
      const { id, version, server, pinned, listed } = fact.tool
      return {
        actor: actor(fact.by, blind),
        tool: {
          id: word(id, blind),
          version: count(version),
          server: word(server, blind),
          listed: blind(listed.hash),
          pinned: pinned && blind(pinned.hash),
        },
      }
    }
    case 'signature.refused':
      return {
        actor: actor(fact.by, blind),
        approval: word(fact.approval, blind),
        signature: {
          refused: word(fact.code, blind),
          channel: word(fact.channel, blind),
          times: count(fact.times),
        },
        causes: [word(fact.approval, blind)],
      }
    case 'record.denied':
      return {
        actor: { kind: 'agent', ref: word(fact.agent, blind) },
        agent: word(fact.agent, blind),
        denied: { count: count(fact.count), from: count(fact.from), to: count(fact.to) },
      }
    case 'record.erased':
      return { actor: actor(fact.by, blind), erased: { subject: blind(fact.subject), entries: count(fact.entries) } }
    case 'record.read':
      return { actor: actor(fact.by, blind), read: word(fact.what, blind) }
    case 'policy.activated':
      return {
        actor: actor(fact.by, blind),
        policy: { version: word(fact.version, blind), ids: lists.cut('policies', fact.policies) },
      }
    case 'deployment.founded':
      return { actor: actor(fact.by, blind), system: { demo: fact.demo, local: fact.local } }
  }
}

const system = { kind: 'system', ref: 'system' }

/** The socket on the machine is no person: whoever may open it has no name here. */
function actor(by: string, blind: Blind): Members {
  if (by === 'system') return system
  return by === 'operator' ? { kind: 'operator', ref: by } : { kind: 'person', ref: person(by, blind) }
}

function decided(record: ActionRecord, blind: Blind, lists: Lists): Members {
  const { action, digest, picture, decision, risk, observed } = record
  return {
    actor: { kind: 'agent', ref: word(action.agent, blind) },
    agent: word(action.agent, blind),
    delegation: delegationOf(action, blind),
    action: actionOf(action, digest, picture, blind, lists),
    policy: policyOf(decision, blind, lists),
    risk: riskOf(risk, lists),
    decision: { ...decisionOf(decision), observed },
    trace: trace(record.trace),
  }
}

function approvalChanged(fact: FactOf<'approval.changed'>, blind: Blind, lists: Lists): Members {
  const { approval, signature } = fact
  const { action, picture } = approval.card.bound
  return {
    actor: fact.by === action.agent ? { kind: 'agent', ref: word(fact.by, blind) } : actor(fact.by, blind),
    agent: word(action.agent, blind),
    delegation: delegationOf(action, blind),
    action: actionOf(action, approval.digest, picture, blind, lists),
    approval: word(approval.id, blind),
    state: approval.state,
    requesters: people('requesters', approval.barred, blind, lists),
    signers: people(
      'signers',
      approval.signatures.map((each) => each.person),
      blind,
      lists,
    ),
    signature: signature && {
      by: person(signature.person, blind),
      verdict: signature.verdict,
      assurance: signature.assurance,
      channel: word(signature.channel, blind),
      local: signature.local,
      shown: blind(signature.shown),
    },
    policy: policyOf(approval.decision, blind, lists),
    risk: riskOf(approval.card.advisory.risk, lists),
    decision: decisionOf(approval.decision),
    expires: count(approval.expiresAt),
    permit: approval.state === 'spent' ? { id: word(approval.permit, blind) } : undefined,
    causes: [word(approval.actionId, blind)],
  }
}

function permitted({ permit }: FactOf<'action.permitted'>, blind: Blind): Members {
  const approval = permit.approval === undefined ? undefined : word(permit.approval, blind)
  return {
    actor: system,
    agent: word(permit.agent, blind),
    action: { digest: blind(permit.digest) },
    approval,
    permit: {
      id: word(permit.id, blind),
      node: word(permit.node, blind),
      epoch: count(permit.epoch),
      agent: count(permit.agentVersion),
      runBy: count(permit.runBy),
      deadline: count(permit.deadline),
    },
    policy: { version: word(permit.policyVersion, blind) },
    causes: [approval ?? word(permit.actionId, blind)],
  }
}

function agentChanged({ by, agent }: FactOf<'agent.changed'>, blind: Blind): Members {
  return {
    actor: actor(by, blind),
    agent: word(agent.id, blind),
    delegation: {
      owner: person(agent.owner, blind),
      registeredBy: person(agent.registeredBy, blind),
      changedBy: person(agent.changedBy, blind),
    },
    status: agent.status,
    mode: agent.mode,
    keys: agent.keys.length,
  }
}

function actionOf(action: Action, digest: string, picture: DataPicture, blind: Blind, lists: Lists): Members {
  const { destination, model } = picture
  const unregistered = [...picture.reads, ...picture.writes].filter(({ known }) => !known).length
  return {
    gateway: word(action.gateway, blind),
    operation: word(action.operation, blind),
    verb: action.verb,
    door: action.door,
    environment: word(action.environment, blind),
    reads: lists.cut('reads', registered(picture.reads)),
    writes: lists.cut('writes', registered(picture.writes)),
    unregistered: unregistered > 0 ? unregistered : undefined,
    classes: lists.cut('classes', picture.classes),
    sensitive: picture.sensitive,
    destination: destination?.known ? name(destination.name) : undefined,
    outside: destination?.outside,
    model: model?.known ? name(model.name) : undefined,
    external: model?.external,
    digest: blind(digest),
  }
}

function delegationOf({ onBehalfOf, startedBy }: Action, blind: Blind): Members | undefined {
  if (onBehalfOf === undefined && startedBy === undefined) return undefined
  return {
    onBehalfOf: onBehalfOf === undefined ? undefined : person(onBehalfOf, blind),
    startedBy: startedBy === undefined ? undefined : person(startedBy, blind),
  }
}

const policyOf = ({ policyVersion, because }: Decision, blind: Blind, lists: Lists): Members => ({
  version: word(policyVersion, blind),
  ids: lists.cut('policies', because),
})

const riskOf = ({ score, signals }: Risk, lists: Lists): Members => ({
  score: count(score),
  signals: lists.cut(
    'signals',
    signals.map((signal) => signal.name),
  ),
})

const decisionOf = (decision: Decision): Members => ({
  kind: decision.kind,
  reason: decision.kind === 'deny' ? decision.reason : undefined,
  signOffs: decision.kind === 'ask' ? decision.terms.signOffs.length : undefined,
})

/**
 * What was read and written is named by the gateway, not the registry: its numbers stand here, its names in the vault.
 */
const outcomeOf = (outcome: Outcome, delivered: boolean): Members => ({
  kind: outcome.kind,
  rows: outcome.kind === 'done' ? count(outcome.rows) : undefined,
  bytes: outcome.kind === 'done' ? count(outcome.bytes) : undefined,
  delivered,
})

const people = (of: string, ids: readonly string[], blind: Blind, lists: Lists) =>
  lists.cut(of, [...new Set(ids.map((id) => person(id, blind)))])
