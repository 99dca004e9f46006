/**
 * Valid nouns for tests, each as small as its schema allows, each new unless told otherwise.
 *
 * @module
 */
import { digestOf, newId } from '@countersign/core'
import type {
  Action,
  ActionRecord,
  Agent,
  Approval,
  Card,
  Countersignature,
  Decision,
  GrantedApproval,
  OpenApproval,
  PermitRecord,
  Person,
  SignOff,
  Terms,
  ToolRecord,
} from '@countersign/schema'

/** When the samples' clock starts: 15 January 2027, 08:00 UTC. */
export const startOfTime = 1_800_000_000_000
export const minuteMs = 60_000

type Approved<State extends Approval['state']> = Extract<Approval, { state: State }>

/** A word nobody has used before, fit for an agent's id. */
export const unique = (word: string): string => `${word}-${newId('key').slice(-12)}`

export function sampleAction(over: Partial<Action> = {}): Action {
  return {
    tenant: 'default',
    gateway: 'mcp',
    mode: 'enforcing',
    verb: 'data.export',
    operation: 'mcp.tools/call',
    resources: [{ kind: 'dataset', name: 'finance.orders' }],
    parameters: { run: unique('run') },
    environment: 'prod',
    agent: 'reporter',
    ...over,
  }
}

export function sampleRecord(over: Partial<Omit<ActionRecord, 'digest'>> = {}): ActionRecord {
  const action = over.action ?? sampleAction()
  return {
    id: newId('act'),
    sentence: 'Export 48,211 rows from finance.orders',
    effect: 'read',
    dataUse: {
      reads: [{ name: 'finance.orders', classes: ['financial'], domain: 'finance', known: true }],
      writes: [],
      classes: ['financial'],
      sensitive: true,
    },
    measures: { rows: 48_211 },
    risk: { score: 40, signals: [{ name: 'sensitive', points: 40, says: 'Financial data leaves its home.' }] },
    decision: sampleAllow(),
    observed: false,
    attempt: { credential: 'key-of-reporter', id: unique('attempt') },
    session: 'session-1',
    client: 'a test',
    ...over,
    action,
    digest: digestOf(action),
  }
}

export function sampleSignOff(over: Partial<SignOff> = {}): SignOff {
  return {
    id: 'finance-export-signoff',
    doc: 'Exports of more than 1000 finance rows need one finance controller.',
    owner: 'finance-systems',
    quorum: 1,
    from: ['finance-controllers'],
    timeoutMs: 30 * minuteMs,
    validMs: 15 * minuteMs,
    escalated: false,
    assurance: 'chat',
    reasonRequired: false,
    purposeRequired: false,
    distinct: false,
    enforcingOnly: false,
    ...over,
  }
}

export const sampleTerms = (over: Partial<SignOff> = {}): Terms => ({ signOffs: [sampleSignOff(over)] })

const rests = { because: ['finance-export'], policyVersion: 'v1' }
export const sampleAllow = (): Decision => ({ kind: 'allow', ...rests, obligations: [] })
export const sampleAsk = (terms: Terms = sampleTerms()): Decision => ({ kind: 'ask', ...rests, obligations: [], terms })
export const sampleDeny = (): Decision => ({ kind: 'deny', ...rests, reason: 'no_grant' })

export function sampleCard(record: ActionRecord, terms: Terms, askedAt: number): Card {
  const { action, sentence, dataUse, measures, risk, client } = record
  return {
    bound: { action, dataUse, measures, terms, obligations: [] },
    advisory: { sentence, risk, client, askedAt, team: 'data-platform' },
  }
}

/** The question about this action, unanswered. */
export function sampleOpen(record: ActionRecord = sampleRecord(), over: Partial<OpenApproval> = {}): OpenApproval {
  const terms = over.terms ?? sampleTerms()
  const askedAt = over.askedAt ?? startOfTime
  const card = over.card ?? sampleCard(record, terms, askedAt)
  return {
    state: 'open',
    id: newId('apr'),
    version: 1,
    actionId: record.id,
    digest: record.digest,
    card,
    shown: digestOf(card),
    decision: sampleAsk(terms),
    terms,
    team: 'data-platform',
    barred: ['per-owner'],
    signatures: [],
    askedAt,
    expiresAt: askedAt + 30 * minuteMs,
    ...over,
  }
}

export function sampleSignature(
  approval: Approval,
  person: string,
  over: Partial<Countersignature> = {},
): Countersignature {
  return {
    person,
    verdict: 'approve',
    assurance: 'chat',
    channel: 'slack',
    at: approval.askedAt,
    digest: approval.digest,
    shown: approval.shown,
    groups: ['finance-controllers'],
    membershipAsOf: approval.askedAt,
    ...over,
  }
}

/** The same question, one version later, with this answer and still open. */
export const signed = (approval: OpenApproval, signature: Countersignature): OpenApproval => ({
  ...approval,
  version: approval.version + 1,
  signatures: [...approval.signatures, signature],
})

export function granted(approval: OpenApproval, signature?: Countersignature): GrantedApproval {
  const signatures = signature === undefined ? approval.signatures : [...approval.signatures, signature]
  return { ...settled(approval), state: 'granted', signatures, validUntil: approval.askedAt + 15 * minuteMs }
}

export const rejected = (approval: OpenApproval, signature: Countersignature): Approved<'rejected'> => ({
  ...settled(approval),
  state: 'rejected',
  signatures: [...approval.signatures, signature],
})

export const spent = (approval: GrantedApproval, permit: string): Approved<'spent'> => ({
  ...settled(approval),
  state: 'spent',
  validUntil: approval.validUntil,
  permit,
})

export const expired = (approval: OpenApproval | GrantedApproval): Approved<'expired'> => ({
  ...settled(approval),
  state: 'expired',
})

export const cancelled = (approval: OpenApproval | GrantedApproval): Approved<'cancelled'> => ({
  ...settled(approval),
  state: 'cancelled',
  because: 'The agent took it back.',
})

export const voided = (approval: OpenApproval | GrantedApproval): Approved<'voided'> => ({
  ...settled(approval),
  state: 'voided',
  because: 'The agent was stopped.',
})

export function samplePermit(record: ActionRecord, over: Partial<PermitRecord> = {}): PermitRecord {
  return {
    id: newId('prm'),
    actionId: record.id,
    asked: record.digest,
    runs: record.digest,
    agent: record.action.agent,
    agentVersion: 1,
    attempt: record.attempt,
    replayable: true,
    node: newId('nod'),
    epoch: 1,
    runBy: startOfTime + minuteMs,
    deadline: startOfTime + 10 * minuteMs,
    policyVersion: 'v1',
    ...over,
  }
}

export function sampleAgent(over: Partial<Agent> = {}): Agent {
  const id = over.id ?? unique('agent')
  return {
    id,
    version: 1,
    name: `The agent ${id}`,
    owner: 'per-owner',
    team: 'data-platform',
    groups: ['finance-agents'],
    environment: 'prod',
    mode: 'enforce',
    status: 'active',
    keys: [],
    registeredBy: 'per-owner',
    changedBy: 'per-owner',
    ...over,
  }
}

export function samplePerson(over: Partial<Person> = {}): Person {
  const subject = over.subject ?? unique('subject')
  return {
    id: newId('per'),
    version: 1,
    issuer: 'https://id.example',
    subject,
    name: `Person ${subject}`,
    groups: ['finance-controllers'],
    groupsAsOf: startOfTime,
    active: true,
    roles: [],
    ...over,
  }
}

function settled(approval: OpenApproval | GrantedApproval) {
  const { state: _, ...asked } = approval
  if ('validUntil' in asked) {
    const { validUntil: __, ...rest } = asked
    return { ...rest, version: rest.version + 1, settledAt: rest.askedAt }
  }
  return { ...asked, version: asked.version + 1, settledAt: asked.askedAt }
}

export function sampleTool({ server = 'crm', name = unique('tool') }: Partial<ToolRecord> = {}): ToolRecord {
  const definition = { hash: 'e'.repeat(64), says: { name, inputSchema: { type: 'object' } } }
  return { id: `${server}/${name}`, version: 1, server, name, pinned: definition, listed: definition }
}
