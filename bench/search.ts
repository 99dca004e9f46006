/**
 * Finding an action among a million: each filter of the search, and several together, a page of fifty at a time.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ActionQuery, isError, purposeKeywords, stepOf, type Store } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { createPostgresStore } from '@countersign/stores'
import { openDb } from '../packages/stores/src/postgres/db.ts'
import { startEmbedded } from '../packages/stores/src/postgres/supervisor.ts'
import { type Aim, type Bench, type Figures, percentiles, type Row, spreadOf } from './measure.ts'
import { cpuOf } from './processes.ts'
import { drawnEntries, fillRecord, formerAgent, multiplyRecord, onlyWord } from './record.ts'
import { digits } from './report.ts'

const aimMs = 25
const aimMicros = 25

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
  'two common ones that never meet': { agent: 'agent-1', verb: 'data.export' },
  'an agent that was busy long ago': { agent: formerAgent },
  'the same, in a common environment': { agent: formerAgent, environment: 'prod' },
  'a word of one action': { keywords: purposeKeywords(onlyWord(4_711)) },
}

/** From a place deep down in the record on. */
const deep: Readonly<Record<string, ActionQuery>> = {
  'deep, a common agent': { agent: 'agent-0' },
  'deep, a common word': { keywords: purposeKeywords('word0') },
  'deep, two words': { keywords: purposeKeywords('word3 word4') },
}

/** Actions that are recorded as any deployment records them; for the index there are others, as many times. */
const recorded = 5_000
/** Entries that the follower is told of at a time, as it is where there is plenty. */
const perPage = 1_000

export const search: Bench = {
  name: 'search',
  about:
    'a page of fifty actions out of a million (--large: five), by each filter and by several; what it costs to be found',
  pictures: [],

  async run({ quick, large, rounds, say }) {
    const sizes = quick ? [20] : large ? [200, 1_000] : [200]
    const most = Math.max(...sizes)
    const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
    await chmod(folder, 0o711)
    const server = await startEmbedded({ dataDir: join(folder, 'pg') })
    const { connection } = server
    const keys = { kek: randomBytes(32), tenant: randomBytes(32) }
    const store = await createPostgresStore({ connection, keys, origin: 'bench/default' })
    const db = openDb({ connection })
    const rows: Row[] = []
    const aims: Aim[] = []
    try {
      const facts = await fillRecord(store, recorded, say)
      await multiplyRecord(db, most - 1, say)
      const write = indexing(store, drawnEntries(facts, most, perPage), say)
      for (const times of sizes) {
        const count = recorded * times
        const among = `${(count / 1_000_000).toLocaleString('en-US')} M`
        const writing = { what: `writing, to ${among}`, side: 'search', rounds: [await write(times * facts.length)] }
        const asked = await withTimes(store, { ...questions, ...deep }, times * facts.length)
        const found = new Map<string, Figures[]>()
        for (let round = 0; round < rounds; round += 1) {
          say(`pages among ${among}, round ${round + 1} of ${rounds}`)
          for (const [what, query] of Object.entries(asked)) {
            const from = what in deep ? String(Math.round(times * facts.length * 0.15)) : undefined
            const figures = percentiles(await pages(store, query, quick ? 10 : 40, from))
            found.set(what, [...(found.get(what) ?? []), figures])
          }
        }
        const searching = [...found].map(([what, figures]) => {
          return { what: large ? `${what}, ${among}` : what, side: 'search', rounds: figures }
        })
        rows.push(...searching, writing)
        aims.push(aimOf(searching, count), aimOfWriting(writing, count))
      }
      return { rows, aims }
    } finally {
      await db.close()
      await store.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Tells the index of entries up to a place, and what that costs for each action. */
function indexing(store: Store, entries: Iterator<Entry[], void>, say: (progress: string) => void) {
  let actions = 0
  let reached = 0
  let before: readonly Entry[] = []
  return async (until: number): Promise<Figures> => {
    await store.actions.index.cursor('search', 'beginning')
    const start = { actions, postgres: (await cpuOf(process.pid)).belowSeconds }
    let nodeMicros = 0
    let longestBatchMs = 0
    while (reached < until) {
      const { value: page } = entries.next()
      if (!page) break
      const [cpu, started] = [process.cpuUsage(), performance.now()]
      await tell(page)
      before = page
      const { user, system } = process.cpuUsage(cpu)
      nodeMicros += user + system
      longestBatchMs = Math.max(longestBatchMs, performance.now() - started)
      actions += page.filter(({ fact }) => stepOf(fact, 'action.decided')).length
      reached = (page.at(-1)?.index ?? until) + 1
      if (reached % 100_000 === 0) say(`${actions} actions in the index`)
    }
    const written = actions - start.actions
    const postgresMicros = ((await cpuOf(process.pid)).belowSeconds - start.postgres) * 1e6
    return {
      nodeCpuMicros: nodeMicros / written,
      postgresCpuMicros: postgresMicros / written,
      longestBatchMs,
    }
  }

  /** On a busy machine a transaction may fall silent for too long, and be ended: then it is told again, from the cursor on. */
  async function tell(page: readonly Entry[], tries = 20): Promise<void> {
    try {
      const cursor = tries === 20 ? 0 : await store.actions.index.cursor('search', 'beginning')
      const left = tries === 20 ? page : [...before, ...page].filter(({ index }) => index >= cursor)
      await store.actions.index.add('search', left)
    } catch (error) {
      if (tries === 0 || !isError(error, 'ERR_STORE_UNAVAILABLE', 'ERR_STORE_CONFLICT')) throw error
      await pause(500)
      await tell(page, tries - 1)
    }
  }
}

function aimOfWriting(row: Row, count: number): Aim {
  const micros = spreadOf(row, 'postgresCpuMicros')?.median ?? Number.NaN
  return {
    says: `to be found costs PostgreSQL at most ${aimMicros} µs an action, up to ${count.toLocaleString('en-US')}`,
    met: micros <= aimMicros,
    got: `${digits(micros)} µs`,
  }
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
async function pages(store: Store, query: ActionQuery, times: number, from?: string): Promise<number[]> {
  const took: number[] = []
  let after = from
  for (let time = 0; time < times; time += 1) {
    const before = performance.now()
    const page = await store.actions.search({ ...query, limit: 50, after })
    took.push(performance.now() - before)
    after = page.next ?? from
  }
  return took
}

/** A range of time in the middle of the record, alone and with a filter. */
async function withTimes(store: Store, asked: typeof questions, size: number): Promise<typeof questions> {
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
