/**
 * Facts and a published ledger for tests. Every text that an agent or a person chose holds `marker`, so that a test can
 * look for it where it must not be.
 *
 * @module
 */
import {
  type Action,
  type ActionRecord,
  type Agent,
  type Approval,
  byAgent,
  byPerson,
  bySystem,
  type Card,
  type Fact,
  type OpenApproval,
  type PermitRecord,
  type Person,
  type ToolRecord,
} from '@countersign/schema'
import { digestOf } from '../action/digest.ts'
import { allowedFact } from '../facts/steps.ts'
import { encodeUtf8 } from './bytes.ts'
import { envelopeOf } from './envelope.ts'
import { sha256 } from './sha256.ts'

export const marker = 'Jane Q. Public <jane@people.example>'
export const requester = 'per_018f0000-0000-7000-8000-000000000001'
const approver = 'per_018f0000-0000-7000-8000-000000000002'
const owner = 'per_018f0000-0000-7000-8000-000000000003'
export const someTime = 1_800_000_000_000

export function sampleAction(over: Partial<Action> = {}): Action {
  return {
    tenant: 'default',
    gateway: 'mcp',
    mode: 'enforcing',
    verb: 'data.export',
    operation: 'mcp.tools/call',
    resources: [
      { kind: 'dataset', name: 'finance.orders' },
      { kind: 'file', name: `/home/${marker}` },
    ],
    parameters: { to: marker },
    environment: 'prod',
    agent: 'reporter',
    onBehalfOf: requester,
    ...over,
  }
}

export function sampleRecord(id: string, over: Partial<ActionRecord> = {}): ActionRecord {
  const action = over.action ?? sampleAction()
  return {
    id,
    sentence: `Send it to ${marker}`,
    effect: 'read',
    purpose: { text: marker, workItem: marker, link: marker },
    dataUse: {
      reads: [
        { name: 'finance.orders', classes: ['financial'], domain: 'finance', columns: [marker], known: true },
        { name: marker, classes: ['confidential'], known: false },
      ],
      writes: [],
      classes: ['confidential', 'financial'],
      sensitive: true,
      destination: { name: marker, outside: true, known: false },
      model: { name: marker, external: true, known: false },
    },
    measures: { rows: 48_211 },
    risk: { score: 40, signals: [{ name: 'sensitive', points: 40, says: marker }] },
    decision: { kind: 'allow', because: ['finance-export'], policyVersion: 'f'.repeat(64), obligations: [] },
    observed: false,
    attempt: { credential: 'key_1', id: marker },
    session: marker,
    trace: marker,
    client: marker,
    ...over,
    action,
    digest: over.digest ?? digestOf(action),
  }
}

const terms = {
  signOffs: [
    {
      id: 'finance-export-signoff',
      doc: marker,
      owner: marker,
      quorum: 1,
      from: ['finance-controllers'],
      timeoutMs: 60_000,
      validMs: 60_000,
      escalated: false,
      assurance: 'chat' as const,
      reasonRequired: false,
      purposeRequired: false,
      distinct: false,
      enforcingOnly: false,
    },
  ],
}

export const asking = (over: Partial<ActionRecord> = {}): Partial<ActionRecord> => ({
  decision: { kind: 'ask', because: ['finance-export-signoff'], policyVersion: 'f'.repeat(64), obligations: [], terms },
  ...over,
})

export function sampleQuestion(id: string, record: ActionRecord): OpenApproval {
  const { action, dataUse, measures, sentence, risk, client, purpose, decision } = record
  const card: Card = {
    bound: { action, dataUse, measures, terms, obligations: [] },
    advisory: { sentence, ...(purpose && { purpose }), risk, client, askedAt: someTime, team: marker },
  }
  return {
    state: 'open',
    id,
    version: 1,
    actionId: record.id,
    digest: record.digest,
    card,
    shown: digestOf(card),
    decision,
    terms,
    team: marker,
    barred: [requester, owner],
    signatures: [],
    askedAt: someTime,
    expiresAt: someTime + 60_000,
  }
}

const sampleSignature = (question: Approval, person = approver): Approval['signatures'][number] => ({
  person,
  verdict: 'approve',
  reason: marker,
  assurance: 'session',
  channel: 'console',
  at: someTime,
  digest: question.digest,
  shown: question.shown,
  groups: [marker],
  membershipAsOf: someTime,
  proof: { kind: 'id-token', token: marker, keys: marker },
})

export function samplePermit(id: string, record: ActionRecord, approval?: string): PermitRecord {
  return {
    id,
    actionId: record.id,
    asked: record.digest,
    runs: record.digest,
    ...(approval !== undefined && { approval }),
    agent: record.action.agent,
    agentVersion: 1,
    attempt: record.attempt,
    replayable: true,
    node: 'nod_1',
    epoch: 1,
    runBy: someTime + 30_000,
    deadline: someTime + 900_000,
    policyVersion: 'f'.repeat(64),
  }
}

export const sampleAgent = (over: Partial<Agent> = {}): Agent => ({
  id: 'reporter',
  version: 1,
  name: marker,
  owner,
  team: marker,
  groups: [marker],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [{ id: marker, hash: '0'.repeat(64), createdAt: someTime, expiresAt: someTime }],
  registeredBy: owner,
  changedBy: owner,
  ...over,
})

const samplePerson = (id: string): Person => ({
  id,
  version: 1,
  issuer: `https://id.example/${marker}`,
  subject: marker,
  name: marker,
  email: marker,
  groups: [marker],
  groupsAsOf: someTime,
  active: true,
  roles: ['auditor'],
})

export const finished = (
  permit: PermitRecord,
  over: Partial<Extract<Fact, { kind: 'action.finished' }>> = {},
): Fact => ({
  kind: 'action.finished',
  permit: permit.id,
  actionId: permit.actionId,
  outcome: { kind: 'done', summary: marker, rows: 3, bytes: 90, reads: [{ name: marker }], writes: [{ name: marker }] },
  delivered: true,
  result: { contentType: marker, status: 200, body: marker },
  ...over,
})

const sampleDefinition = { hash: 'e'.repeat(64), says: { name: 'search', description: marker } }
const sampleTool: ToolRecord = {
  id: 'crm/search',
  version: 1,
  server: 'crm',
  name: 'search',
  pinned: sampleDefinition,
  listed: sampleDefinition,
}

/**
 * A deployment's first day, every kind of fact at least once: an export is asked for, approved by another person, and
 * run.
 */
export function sampleStory(): Fact[] {
  const allowed = sampleRecord('act_1')
  const asked = sampleRecord('act_2', asking())
  const question = sampleQuestion('apr_1', asked)
  const signature = sampleSignature(question)
  const answered = { ...question, version: 2, signatures: [signature], settledAt: someTime }
  const granted: Approval = { ...answered, state: 'granted', validUntil: someTime + 60_000 }
  const spent: Approval = { ...granted, version: 3, state: 'spent', permit: 'prm_2' }
  const [first, second] = [samplePermit('prm_1', allowed), samplePermit('prm_2', asked, 'apr_1')]
  return [
    { kind: 'deployment.founded', by: bySystem, demo: false },
    {
      kind: 'policy.activated',
      by: byPerson(owner),
      version: 'f'.repeat(64),
      policies: ['finance-export', 'finance-export-signoff'],
    },
    { kind: 'person.changed', change: 'signed-in', by: byPerson(approver), person: samplePerson(approver) },
    { kind: 'agent.changed', change: 'registered', by: byPerson(owner), agent: sampleAgent(), because: marker },
    allowedFact(allowed, first),
    finished(first),
    { kind: 'action.replayed', permit: 'prm_1', actionId: 'act_1', attempt: { credential: marker, id: marker } },
    { kind: 'action.decided', record: asked },
    { kind: 'approval.changed', change: 'asked', by: byAgent('reporter'), approval: question },
    {
      kind: 'signature.refused',
      by: byPerson(requester),
      approval: 'apr_1',
      code: 'ERR_SELF_APPROVAL',
      channel: 'console',
    },
    { kind: 'approval.changed', change: 'granted', by: byPerson(approver), approval: granted, signature },
    { kind: 'approval.changed', change: 'spent', by: byAgent('reporter'), approval: spent },
    { kind: 'action.permitted', permit: second },
    finished(second),
    { kind: 'record.read', by: byPerson(owner), what: marker, query: marker },
    {
      kind: 'record.denied',
      by: bySystem,
      agent: 'reporter',
      onBehalfOf: requester,
      credential: marker,
      count: 35,
      reasons: { prohibited: 30, no_grant: 5 },
      from: someTime,
      to: someTime + 1_000,
    },
    { kind: 'record.erased', by: byPerson(owner), subject: 'e'.repeat(64), entries: 12, because: marker },
    { kind: 'tool.changed', change: 'pinned', by: bySystem, tool: sampleTool },
    { kind: 'tool.changed', change: 'accepted', by: byPerson(owner), tool: { ...sampleTool, version: 2 } },
  ]
}

export const plainBlind = (what: string): string => sha256HexOf(`salt ${what}`)
const sha256HexOf = (text: string): string => Buffer.from(sha256(encodeUtf8(text))).toString('hex')

/** Without a vault, for tests that look at leaves only. */
export function leavesOf(facts: readonly Fact[], at = someTime): Uint8Array[] {
  const allowed = new Set(facts.flatMap((fact) => (fact.kind === 'action.allowed' ? [fact.permit.id] : [])))
  return facts.map((fact, index) => {
    const sequence = fact.kind === 'action.finished' ? (allowed.has(fact.permit) ? 2 : 3) : undefined
    return envelopeOf(fact, { id: `ent_${index}`, payload: '0'.repeat(64) }, plainBlind).leafAt(at + index, sequence)
  })
}
