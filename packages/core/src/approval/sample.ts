/**
 * Questions and signatures for tests.
 *
 * @module
 */
import type { ActionRecord, Agent, Approval, Countersignature, Decision, SignOff } from '@countersign/schema'
import { seal } from '../action/seal.ts'
import { sign } from './approval.ts'
import { questionOf } from './question.ts'

export const now = 1_795_000_000_000
export const minute = 60_000

export const agent: Agent = {
  id: 'finance-bot',
  version: 1,
  name: 'Finance bot',
  owner: 'per_ana',
  team: 'finance-team',
  groups: ['finance-agents'],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [],
  registeredBy: 'per_reg',
  changedBy: 'per_chg',
  setBy: { team: 'per_team', name: 'operator' },
}

export const signOff = (over: Partial<SignOff> = {}): SignOff => ({
  id: 'finance-export-signoff',
  doc: 'Exports need a controller.',
  owner: 'finance-systems',
  quorum: 1,
  from: ['controllers'],
  timeoutMs: 30 * minute,
  validMs: 15 * minute,
  escalated: false,
  assurance: 'chat',
  reasonRequired: false,
  purposeRequired: false,
  distinct: false,
  enforcingOnly: false,
  ...over,
})

export const sealed = seal({
  tenant: 'default',
  gateway: 'http',
  mode: 'enforcing',
  verb: 'data.export',
  operation: 'http.request',
  resources: [{ kind: 'dataset', name: 'finance.orders' }],
  parameters: { rows: 48_211 },
  environment: 'prod',
  agent: agent.id,
  onBehalfOf: 'per_obo',
  startedBy: 'per_start',
})

export function open(...signOffs: SignOff[]) {
  const decision: Decision = { kind: 'ask', because: [], policyVersion: 'v', obligations: [], terms: { signOffs } }
  const dataUse = { reads: [], writes: [], classes: [], sensitive: false }
  const record: ActionRecord = {
    id: 'act_1',
    ...sealed,
    sentence: 'Export 48,211 rows',
    effect: 'write',
    dataUse,
    measures: { rows: 48_211 },
    risk: { score: 60, signals: [] },
    decision,
    observed: false,
    attempt: { credential: 'key_1' },
    session: 's',
    client: 'test',
  }
  return questionOf(sealed, record, agent, now)
}

export const by = (approval: Approval, person: string, over: Partial<Countersignature> = {}): Countersignature => ({
  person,
  verdict: 'approve',
  assurance: 'session',
  channel: 'test',
  at: now,
  digest: approval.digest,
  shown: approval.shown,
  groups: ['controllers'],
  membershipAsOf: now,
  ...over,
})

export const after = (approval: Approval, ...signatures: Countersignature[]) =>
  signatures.reduce((before, signature) => sign(before, signature, now), approval)
