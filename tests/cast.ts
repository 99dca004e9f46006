/**
 * Who appears in a scene, and policies that say what the test wants.
 *
 * @module
 */
import { type Evaluation, type PolicyNote, type PolicySet, sha256Hex } from '@countersign/core'
import type { Agent, AgentKey, Obligation, Person } from '@countersign/schema'

export const agentId = 'finance-bot'
export const minute = 60_000

export type Says = 'allow' | 'ask' | 'ask two' | 'prohibition' | 'nothing' | 'error'

/** By which `scene` has it knock; good for ever. */
export const keyOf = (id: string): AgentKey => ({
  id: `key_${id}`,
  hash: sha256Hex(id),
  createdAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
})

export const agentOf = (id: string, mode: Agent['mode']): Agent => ({
  id,
  version: 1,
  name: id,
  owner: 'per_ana',
  team: 'finance-team',
  groups: [],
  environment: 'prod',
  mode,
  status: 'active',
  keys: [keyOf(id)],
  registeredBy: 'per_reg',
  changedBy: 'per_reg',
})

/** Everyone is in every group: only P3 tells them apart. */
export const personOf = (id: string, now: number): Person => ({
  id,
  version: 1,
  issuer: 'https://idp.example',
  subject: id,
  name: `Person ${id.slice('per_'.length)}`,
  groups: ['controllers', 'security'],
  groupsAsOf: now,
  active: true,
  roles: [],
})

export function policySet(says: Says, obligations: readonly Obligation[]): PolicySet {
  const notes = [
    { ...note('may', 'allowance'), obligations },
    note('sign-off', 'sign-off'),
    note('second', 'sign-off'),
    note('never', 'prohibition'),
  ]
  const blocking: Readonly<Record<Says, readonly string[]>> = {
    allow: [],
    ask: ['sign-off'],
    'ask two': ['sign-off', 'second'],
    prohibition: ['never'],
    nothing: [],
    error: [],
  }
  return {
    version: says,
    policies: notes,
    policy: (id) => notes.find((one) => one.id === id),
    couldAllow: () => true,
    evaluate(which): Evaluation {
      if (says === 'error') return { kind: 'error', says: 'attribute missing' }
      if (says === 'nothing') return { kind: 'deny', by: [] }
      const by = blocking[says].filter((id) => which === 'auto' || id === 'never')
      return by.length > 0 ? { kind: 'deny', by } : { kind: 'allow', by: ['may'] }
    },
  }
}

function note(id: string, kind: PolicyNote['kind']): PolicyNote {
  const signOff = {
    id,
    doc: `What ${id} says.`,
    owner: 'finance',
    quorum: 1,
    from: [id === 'second' ? 'legal' : 'controllers'],
    timeoutMs: 30 * minute,
    validMs: 15 * minute,
    assurance: undefined,
    reasonRequired: false,
    purposeRequired: false,
    distinct: false,
    enforcingOnly: false,
  }
  return {
    id,
    doc: `What ${id} says.`,
    owner: 'finance',
    control: undefined,
    kind,
    text: '',
    signOff: kind === 'sign-off' ? signOff : undefined,
    obligations: [],
  }
}
