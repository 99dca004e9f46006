import { digestOf, newId } from '@countersign/core'
import type { ActionRecord, Agent, Card, OpenApproval, SignOff } from '@countersign/schema'

const minuteMs = 60_000

export const sampleSignOff: SignOff = {
  id: 'finance-export-signoff',
  doc: 'Exports of more than 1000 finance rows need one finance controller.',
  owner: 'finance-systems',
  control: 'SOX-12',
  quorum: 1,
  from: ['finance-controllers'],
  timeoutMs: 30 * minuteMs,
  validMs: 15 * minuteMs,
  escalated: false,
  assurance: 'session',
  reasonRequired: false,
  purposeRequired: false,
  distinct: false,
  enforcingOnly: false,
}

/** An action that the sign-off holds, and the question about it. */
export function questionFor(agent: Agent, signOff: SignOff, run: string, now: number) {
  const terms = { signOffs: [signOff] }
  const decision = { kind: 'ask' as const, because: [signOff.id], policyVersion: 'v1', obligations: [], terms }
  const dataUse = {
    reads: [{ name: 'finance.orders', classes: ['financial'], domain: 'finance', known: true }],
    writes: [],
    classes: ['financial'],
    sensitive: true,
  }
  const action: ActionRecord['action'] = {
    tenant: 'default',
    gateway: 'mcp',
    mode: 'enforcing',
    verb: 'data.export',
    operation: 'mcp.tools/call',
    resources: [{ kind: 'dataset', name: 'finance.orders' }],
    parameters: { run },
    environment: 'prod',
    agent: agent.id,
  }
  const record: ActionRecord = {
    id: newId('act'),
    action,
    digest: digestOf(action),
    sentence: 'Export 48,211 rows from finance.orders',
    effect: 'read',
    purpose: { text: 'Month end <b>now</b>' },
    dataUse,
    measures: { rows: 48_211 },
    risk: { score: 55, signals: [{ name: 'sensitive', points: 40, says: 'Financial data leaves its home.' }] },
    decision,
    observed: false,
    attempt: { credential: 'key-1', id: run },
    session: 'session-1',
    client: 'a test',
  }
  const card: Card = {
    bound: { action, dataUse, measures: record.measures, terms, obligations: [] },
    advisory: {
      sentence: record.sentence,
      purpose: record.purpose,
      risk: record.risk,
      client: record.client,
      askedAt: now,
      team: agent.team,
    },
  }
  const approval: OpenApproval = {
    state: 'open',
    id: newId('apr'),
    version: 1,
    actionId: record.id,
    digest: record.digest,
    card,
    shown: digestOf(card),
    decision,
    terms,
    team: agent.team,
    barred: [agent.owner],
    signatures: [],
    askedAt: now,
    expiresAt: now + signOff.timeoutMs,
  }
  return { record, approval }
}
