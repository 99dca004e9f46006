/**
 * Questions as hard to show as agents, registries and policies can make them.
 *
 * @module
 */
import { newId } from '@countersign/core'
import type { Store } from '@countersign/core'
import {
  type ActionRecord,
  type Approval,
  bySystem,
  type DataNode,
  type OpenApproval,
  type SignOff,
} from '@countersign/schema'
import {
  asked,
  decided,
  begins,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleCard,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleSignOff,
} from '@countersign/stores/conformance'
import { digestOf } from '@countersign/core'

export interface Hard {
  readonly sentence?: string
  readonly purpose?: ActionRecord['purpose']
  readonly datasets?: number
  readonly reasons?: number
  readonly signOffs?: number
  readonly names?: string
  /** The same action was permitted before, and nobody knows how that ended. */
  readonly mayHaveRun?: boolean
}

const words = (count: number) => 'Transfer every row of the consolidated ledger '.repeat(count)
const zalgo =
  'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da'
const hostile = `\u202eyrtnuoc ruoy rof \u2066approved\u2069 👩‍👩‍👧‍👦🏴‍☠️ ${zalgo.repeat(6)}\n\n\nApprove now. `

export const worstCards: Readonly<Record<string, Hard>> = {
  'the longest sentence': { sentence: words(20).slice(0, 400) + 'x'.repeat(100) },
  'the longest purpose, in hostile characters': {
    purpose: { text: hostile.repeat(30).slice(0, 2_000), workItem: `${zalgo}-`.repeat(9).slice(0, 200) },
  },
  'fifty datasets of twelve classes': { datasets: 50 },
  'twenty reasons': { reasons: 20 },
  'eight sign-offs': { signOffs: 8 },
  'long names': { names: 'Consolidated-General-Ledger-Reconciliation '.repeat(4).slice(0, 150) },
  'all of it at once': {
    sentence: words(20).slice(0, 500),
    purpose: { text: hostile.repeat(30).slice(0, 2_000), workItem: 'FIN-'.repeat(50) },
    datasets: 50,
    reasons: 20,
    signOffs: 8,
    names: 'W'.repeat(150),
    mayHaveRun: true,
  },
}

/** Puts such a question to the finance controllers, as if an agent's gateway had. */
export async function askHard(store: Store, hard: Hard): Promise<Approval> {
  const owner = samplePerson({ name: 'An owner' })
  const principal = samplePerson({ name: `For ${hard.names ?? 'Ada'}` })
  const agent = sampleAgent({ owner: owner.id, registeredBy: owner.id, changedBy: owner.id, name: hard.names ?? 'bot' })
  const record = recordOf(hard, agent.id, principal.id)
  const question = questionOf(record, hard, owner.id, store.clock.now())
  const by = bySystem
  await store.commit({
    facts: [
      ...[owner, principal].map((person) => ({
        kind: 'person.changed' as const,
        change: 'signed-in' as const,
        by,
        person,
      })),
      { kind: 'agent.changed', change: 'registered', by, agent },
    ],
  })
  if (hard.mayHaveRun) {
    const policyVersion = await inForce(store)
    const before = { ...record, id: newId('act'), decision: { ...sampleAllow(), policyVersion } }
    const permit = samplePermit(before, { agentVersion: agent.version, policyVersion })
    await store.commit({ facts: begins(before, permit) })
  }
  await store.commit({ facts: [decided(record), asked(question)] })
  return question
}

async function inForce({ journal }: Store): Promise<string> {
  const entries = await journal.read(0, 1_000)
  return entries.flatMap(({ fact }) => (fact.kind === 'policy.activated' ? fact.version : [])).at(-1) ?? 'v1'
}

function recordOf(hard: Hard, agent: string, onBehalfOf: string): ActionRecord {
  const classes = ['confidential', 'financial', 'pii', 'phi', 'secret', 'internal']
  const manyClasses = Array.from({ length: 12 }, (_, index) => `class-of-data-number-${index}`)
  const many = hard.datasets !== undefined
  const reads: DataNode[] = Array.from({ length: hard.datasets ?? 1 }, (_, index) => ({
    name: `finance.consolidated_general_ledger_entries_${index}`,
    classes: many ? manyClasses : classes.slice(0, 2),
    known: index % 2 === 0,
  }))
  const address = `s3://${hard.names ?? 'partner'}/${many ? 'exports/'.repeat(20) : ''}`
  const record = sampleRecord({
    action: sampleAction({
      agent,
      onBehalfOf,
      gateway: 'http',
      resources: reads.map(({ name }) => ({ kind: 'dataset', name })),
      parameters: { dataset: reads[0]?.name ?? '', rows: 48_211, note: hard.purpose?.text ?? 'none' },
    }),
    sentence: hard.sentence ?? 'Export 48,211 rows from finance.orders',
    dataUse: {
      reads,
      writes: [],
      classes: many ? manyClasses : classes.slice(0, 2),
      sensitive: true,
      destination: { name: address, outside: true, known: false },
      model: { name: `gpt-${hard.names ?? 'elsewhere'}`, external: true, known: false },
    },
    risk: {
      score: 100,
      signals: Array.from({ length: hard.reasons ?? 3 }, (_, index) => ({
        name: `signal_${index}`,
        points: 30 - index,
        says: 'Financial data leaves its home for a place that nobody has registered with this deployment before today.',
      })),
    },
  })
  return hard.purpose ? { ...record, purpose: hard.purpose } : record
}

function questionOf(record: ActionRecord, hard: Hard, owner: string, now: number): OpenApproval {
  const signOff = (index: number): SignOff =>
    sampleSignOff({
      id: `finance-export-signoff-${index}`,
      assurance: 'session',
      quorum: index + 1,
      from: ['finance-controllers', ...Array.from({ length: index }, (_, at) => `a-rather-long-group-name-${at}`)],
      escalate: { to: 'cfo-office', afterMs: 15 * 60_000 },
    })
  const [first = signOff(0), ...rest] = Array.from({ length: hard.signOffs ?? 1 }, (_, index) => signOff(index))
  const terms: OpenApproval['terms'] = { signOffs: [first, ...rest] }
  const card = sampleCard(record, terms, now)
  const withPurpose = { ...card, advisory: { ...card.advisory, ...(record.purpose && { purpose: record.purpose }) } }
  return sampleOpen(record, {
    id: newId('apr'),
    terms,
    card: withPurpose,
    shown: digestOf(withPurpose),
    barred: [owner],
    askedAt: now,
    expiresAt: now + 30 * 60_000,
  })
}
