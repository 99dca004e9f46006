/**
 * Finding an action among a million: each filter of the search, and several together, a page of fifty at a time.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ActionQuery, purposeKeywords, type Store } from '@countersign/core'
import { createPostgresStore } from '@countersign/stores'
import { openDb } from '../packages/stores/src/postgres/db.ts'
import { startEmbedded } from '../packages/stores/src/postgres/supervisor.ts'
import { type Aim, type Bench, type Figures, percentiles, type Row, spreadOf } from './measure.ts'
import { fillRecord, multiplyRecord } from './record.ts'

const aimMs = 50

/** Common and rare values of every filter, and what is only found together. */
const questions: Readonly<Record<string, ActionQuery>> = {
  'the newest': {},
  'a busy agent': { agent: 'agent-0' },
  'a quiet agent': { agent: 'agent-180' },
  'a common person': { people: ['per-0'] },
  'a rare person': { people: ['per-480'] },
  'a common dataset': { dataset: 'dataset-0' },
  'a rare dataset': { dataset: 'dataset-2950' },
  'a dataset of nobody': { dataset: 'nowhere' },
  'a model': { model: 'model-3' },
  'a verb': { verb: 'data.export' },
  'an operation': { operation: 'mcp.tools/call' },
  'a common environment': { environment: 'prod' },
  'a rare environment': { environment: 'recovery' },
  denied: { decision: 'deny' },
  failed: { outcome: 'failed' },
  running: { outcome: 'running' },
  'rejected by people': { question: 'rejected' },
  'an open question': { question: 'open' },
  'a signer': { signers: ['per-4-signer'] },
  'risk 90 or more': { riskAtLeast: 90 },
  'risk 99 or more': { riskAtLeast: 99 },
  'a common class': { keywords: ['class:financial'] },
  'a class of nobody': { keywords: ['class:internal'] },
  'a common word': { keywords: purposeKeywords('word0') },
  'a rare word': { keywords: purposeKeywords('word20011') },
  'a word of nobody': { keywords: purposeKeywords('billing') },
  'a work item': { keywords: purposeKeywords('OPS-4711') },
  'three common words': { keywords: purposeKeywords('word0 word1 word2') },
  'a common and a rare word': { keywords: purposeKeywords('word0 word20011') },
  'a word of an agent': { agent: 'agent-3', keywords: purposeKeywords('word7') },
  'a word, a dataset, an agent': { agent: 'agent-0', dataset: 'dataset-1', keywords: purposeKeywords('word5') },
  'a person and a dataset': { people: ['per-3'], dataset: 'dataset-5' },
  'a verb, an environment, a risk': { verb: 'data.write', environment: 'staging', riskAtLeast: 60 },
  'a quiet agent, denied': { agent: 'agent-150', decision: 'deny' },
}

/** Of each action that is recorded, so many more are copies. */
const copies = 19

export const search: Bench = {
  name: 'search',
  about: 'a page of fifty actions out of a million, by each filter and by several',
  pictures: [],

  async run({ quick, rounds, say }) {
    const recorded = quick ? 5_000 : 50_000
    const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
    await chmod(folder, 0o711)
    const server = await startEmbedded({ dataDir: join(folder, 'pg') })
    const { connection } = server
    const keys = { kek: randomBytes(32), tenant: randomBytes(32) }
    const store = await createPostgresStore({ connection, keys, origin: 'bench/default' })
    const db = openDb({ connection })
    try {
      await fillRecord(store, recorded, say)
      await multiplyRecord(db, copies, say)
      const asked = await withTimes(store, questions)
      const measured = new Map<string, Figures[]>()
      for (let round = 0; round < rounds; round += 1) {
        for (const [what, query] of Object.entries(asked)) {
          say(`${what}, round ${round + 1} of ${rounds}`)
          const figures = percentiles(await pages(store, query, quick ? 10 : 40))
          measured.set(what, [...(measured.get(what) ?? []), figures])
        }
      }
      const rows = [...measured].map(([what, figures]) => ({ what, side: 'search', rounds: figures }))
      return { rows, aims: [aimOf(rows, recorded * (copies + 1))] }
    } finally {
      await db.close()
      await store.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function aimOf(rows: readonly Row[], count: number): Aim {
  const slow = rows.filter((row) => (spreadOf(row, 'p99Ms')?.median ?? Number.NaN) >= aimMs)
  return {
    says: `every search answers within ${aimMs} ms, p99, among ${count.toLocaleString('en-US')} actions`,
    met: slow.length === 0,
    got: slow.map(({ what }) => what).join(', ') || 'all of them',
  }
}

/** The first pages, and pages deep down. */
async function pages(store: Store, query: ActionQuery, times: number): Promise<number[]> {
  const took: number[] = []
  let after: string | undefined
  for (let time = 0; time < times; time += 1) {
    const before = performance.now()
    const page = await store.actions.search({ ...query, limit: 50, after })
    took.push(performance.now() - before)
    after = page.next
  }
  return took
}

/** A range of time in the middle of the record, alone and with a filter. */
async function withTimes(store: Store, asked: typeof questions): Promise<typeof questions> {
  const { size } = await store.ledger.head()
  const [from, to] = await Promise.all(
    [0.5, 0.51].map(async (share) => (await store.journal.read(Math.floor(size * share), 1))[0]?.at),
  )
  return {
    ...asked,
    'a time': { from, to },
    'a time and a common agent': { from, to, agent: 'agent-0' },
    'a time and a common word': { from, to, keywords: purposeKeywords('word0') },
  }
}
