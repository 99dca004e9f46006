/**
 * The gate alone: an allowed action with its durable record, at several concurrencies, on the embedded store.
 *
 *   npm run bench [-- --json]
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Attempt, createDesk, createGate, createJudge } from '@countersign/core'
import { createPolicyEngine, policyDirectory } from '@countersign/policy'
import { type Agent, Registry } from '@countersign/schema'
import { openEmbeddedStore } from '@countersign/stores'
import { parse } from 'yaml'

const rounds = 3
const perRoundMs = 2_000
const json = process.argv.includes('--json')

const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
await chmod(folder, 0o711)
const store = await openEmbeddedStore({
  dataDir: join(folder, 'pg'),
  keys: { kek: randomBytes(32), tenant: randomBytes(32) },
  origin: 'bench/default',
})
const registry = Registry.parse(parse(await readFile('policies/registry.yaml', 'utf8')))
const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']
const { engine, close } = await createPolicyEngine({ ...policyDirectory('policies'), registry, agentGroups })
const log = () => undefined
const gate = createGate({
  store,
  desk: createDesk({ store }),
  judge: createJudge({ store, policy: engine, registry: () => registry, clock: store.clock }),
  policy: engine,
  node: { id: 'nod_bench', epoch: () => 1 },
  publicUrl: 'http://localhost:4600',
  log,
})
const agent: Agent = {
  id: 'bench-bot',
  version: 1,
  name: 'Bench bot',
  owner: 'per_nobody',
  team: 'team',
  groups: ['finance-agents'],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [],
  registeredBy: 'house',
  changedBy: 'house',
}
await store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by: 'house', agent }] })

interface Figures {
  readonly concurrency: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicrosPerAction: number
}

const results: Figures[] = []
await measure(8, 1_000) // warm
for (const concurrency of [1, 8, 64, 256]) {
  const runs: Figures[] = []
  for (let round = 0; round < rounds; round++) runs.push(await measure(concurrency, perRoundMs))
  runs.sort((a, b) => a.perSecond - b.perSecond)
  const median = runs[Math.floor(rounds / 2)]
  if (median) results.push(median)
}
if (json) process.stdout.write(`${JSON.stringify(results)}\n`)
else for (const each of results) process.stdout.write(`${line(each)}\n`)
close()
await store.close()
await rm(folder, { recursive: true, force: true })

async function measure(concurrency: number, forMs: number): Promise<Figures> {
  const took: number[] = []
  const started = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(Array.from({ length: concurrency }, work))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - started) / 1000
  took.sort((a, b) => a - b)
  return {
    concurrency,
    perSecond: Math.round(took.length / seconds),
    p50Ms: at(took, 0.5),
    p99Ms: at(took, 0.99),
    cpuMicrosPerAction: Math.round((user + system) / took.length),
  }

  async function work(): Promise<void> {
    while (performance.now() - started < forMs) {
      const before = performance.now()
      await gate.pass(attempt(took.length))
      took.push(performance.now() - before)
    }
  }
}

function attempt(row: number): Attempt {
  return {
    caller: { agent, credential: 'key_bench', onBehalfOf: undefined, startedBy: undefined },
    action: {
      gateway: 'http',
      door: 'enforcing',
      verb: 'data.read',
      operation: 'http.request',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      parameters: { method: 'GET', target: `/finance/orders/${row % 100}` },
      environment: 'prod',
    },
    context: {
      sentence: 'Read an order',
      effect: 'read',
      lineage: { reads: [{ name: 'finance.orders' }], writes: [] },
      measures: {},
      purpose: undefined,
      attemptId: undefined,
      session: 'bench',
      trace: undefined,
      client: 'bench',
      destructive: false,
    },
    patienceMs: 0,
    signal: new AbortController().signal,
    run: async (permit) => {
      permit.begin()
      return { outcome: { kind: 'done', summary: 'ok' }, delivered: true, result: undefined }
    },
    replay: async () => undefined,
    refuse: async (refusal) => {
      throw new Error(`refused: ${refusal.kind}`)
    },
  }
}

function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100
}

function line({ concurrency, perSecond, p50Ms, p99Ms, cpuMicrosPerAction }: Figures): string {
  const rate = `${String(concurrency).padStart(4)} at once  ${String(perSecond).padStart(6)} actions/s`
  return `${rate}  p50 ${p50Ms} ms  p99 ${p99Ms} ms  ${cpuMicrosPerAction} µs CPU each`
}
