/**
 * Who is there where two instances are one deployment, and what its policies say.
 *
 * @module
 */
import type { Attempt, AttemptContext, PolicyNote, PolicySet } from '@countersign/core'
import type { Agent, Person } from '@countersign/schema'

export const agentId = 'export-bot'
export const minute = 60_000
export const timeoutMs = 30 * minute
export const validMs = 15 * minute
export const escalateAfterMs = 10 * minute
/** Of the instances' leases. */
export const leaseMs = 10_000
/** The lane of what nobody is asked about. */
export const allowedLane = 2
/** Who has signed in longer ago than this cannot sign by chat. */
export const membershipMs = 20 * minute

/** The cast, and the groups of each. Whoever is in the requester chain is in every group: only P3 keeps them out. */
export const groupsOf: Readonly<Record<string, readonly string[]>> = {
  'per-one': ['controllers'],
  'per-two': ['controllers'],
  'per-three': ['controllers'],
  'per-law': ['legal'],
  'per-both': ['controllers', 'legal'],
  'per-cfo': ['cfo-office'],
  'per-out': ['others'],
  'per-owner': ['controllers', 'legal', 'cfo-office'],
  'per-registrar': ['controllers', 'legal', 'cfo-office'],
  'per-changer': ['controllers', 'legal', 'cfo-office'],
}
export const barred = ['per-owner', 'per-registrar', 'per-changer']

export const actionOf = (lane: number): Attempt['action'] => ({
  gateway: 'http',
  mode: 'enforcing',
  verb: 'data.export',
  operation: 'http.request',
  resources: [{ kind: 'dataset', name: 'finance.orders' }],
  parameters: { lane },
  environment: 'prod',
})

export const context: Omit<AttemptContext, 'sentence' | 'attemptId'> = {
  effect: 'write',
  lineage: { reads: [{ name: 'finance.orders' }], writes: [] },
  measures: {},
  purpose: undefined,
  session: 's',
  trace: undefined,
  client: 'test',
  destructive: false,
  observed: false,
}

export const agent: Agent = {
  id: agentId,
  version: 1,
  name: agentId,
  owner: 'per-owner',
  team: 'a-team',
  groups: [],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [{ id: 'key_1', hash: '1'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }],
  registeredBy: 'per-registrar',
  changedBy: 'per-changer',
}

export const personOf = (id: string, now: number): Person => ({
  id,
  version: 1,
  issuer: 'https://idp.example',
  subject: id,
  name: id,
  groups: [...(groupsOf[id] ?? [])],
  groupsAsOf: now,
  active: true,
  roles: [],
})

const note = (
  id: string,
  signOff: Pick<NonNullable<PolicyNote['signOff']>, 'quorum' | 'from' | 'assurance'>,
): PolicyNote => {
  const about = { id, doc: `What ${id} says.`, owner: 'finance' }
  const bounds = { timeoutMs, validMs, reasonRequired: false, purposeRequired: false, distinct: false }
  const escalate = { to: 'cfo-office', afterMs: escalateAfterMs }
  return {
    ...about,
    control: undefined,
    kind: 'sign-off',
    text: '',
    signOff: { ...about, ...bounds, ...signOff, enforcingOnly: false, ...(id === 'legal' && { escalate }) },
    obligations: [],
  }
}

const notes: readonly PolicyNote[] = [
  note('controllers', { quorum: 2, from: ['controllers'], assurance: 'chat' }),
  note('legal', { quorum: 1, from: ['legal'], assurance: 'session' }),
  { ...note('may', { quorum: 1, from: ['nobody'], assurance: 'chat' }), kind: 'allowance', signOff: undefined },
]

export const policies: PolicySet = {
  version: 'v1',
  policies: notes,
  policy: (id) => notes.find((one) => one.id === id),
  couldAllow: () => true,
  evaluate: (which, { action: { parameters } }) =>
    which === 'auto' && (parameters as { lane: number }).lane !== allowedLane
      ? { kind: 'deny', by: ['controllers', 'legal'] }
      : { kind: 'allow', by: ['may'] },
}
