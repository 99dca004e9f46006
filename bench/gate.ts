/**
 * The gate alone: an allowed action with its durable record on the embedded store, and the decision alone by the number
 * of policies.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { seal } from '@countersign/core'
import { createPolicyEngine } from '@countersign/policy'
import { type Action, type Registry, Verb } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { agent, agentGroups, attempt, judgeOf, openAllowed, sampleRegistry } from './allowed.ts'
import {
  type Aim,
  type Bench,
  type Figures,
  load,
  percentiles,
  type Row,
  rowOf,
  spreadOf,
  takeTurns,
} from './measure.ts'
import { costOf } from './processes.ts'
import { bytesOf, openInsert } from './insert.ts'
import { digits } from './report.ts'
import { openServer } from './server.ts'

export const gate: Bench = {
  name: 'gate',
  about: 'an allowed action with its durable record, at several concurrencies; a decision by the number of policies',
  pictures: [
    { title: 'Recorded actions a second, by how many come at once', figure: 'perSecond' },
    { title: 'CPU time of one decision (µs), by the number of policies', figure: 'cpuMicros' },
  ],

  async run(settings) {
    const registry = await sampleRegistry()
    const recorded: Row[] = []
    const server = await openServer()
    try {
      const connection = await server.freshDatabase()
      const store = await server.openStore(connection)
      const gate = await openAllowed({ store, registry })
      const { took } = await load({ atOnce: 64, forMs: settings.warmMs }, gate.pass)
      const insert = await openInsert(connection, await bytesOf(connection, took.length))
      await load({ atOnce: 64, forMs: settings.warmMs / 4 }, insert.once)
      for (const atOnce of [1, 8, 64, 256]) {
        const sides = [
          { name: 'gate', measure: () => costOf(atOnce, settings.forMs, gate.pass) },
          { name: 'the insert alone', measure: () => costOf(atOnce, settings.forMs, insert.once) },
        ]
        recorded.push(...(await takeTurns(`${atOnce} at once`, sides, settings)))
      }
      const disk = { name: 'gate', measure: () => flushTwice(server.folder, settings.forMs) }
      recorded.push(...(await takeTurns('two flushes of the disk, and nothing else', [disk], settings)))
      await insert.close()
      gate.close()
      await store.close()
    } finally {
      await server.close()
    }

    const decided: Row[] = []
    for (const count of [10, 100, 1_000]) {
      const { sides, close } = await openJudge(registry, count, settings.forMs / 2)
      decided.push(...(await takeTurns(`${count} policies`, sides, settings)))
      close()
    }
    return { rows: [...recorded, ...decided], aims: aimsOf(recorded) }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const median = (atOnce: number, figure: string, side = 'gate') => {
    const row = rowOf(rows, `${atOnce} at once`, side)
    return (row && spreadOf(row, figure)?.median) ?? Number.NaN
  }
  const [p50, p99, perSecond] = [median(1, 'p50Ms'), median(8, 'p99Ms'), median(64, 'perSecond')]
  const [cpu, bare] = [median(64, 'cpuMicros'), median(64, 'cpuMicros', 'the insert alone')]
  return [
    { says: 'one alone, p50 at most 0.6 ms', met: p50 <= 0.6, got: `${digits(p50)} ms` },
    { says: '8 at once, p99 under 5 ms', met: p99 < 5, got: `${digits(p99)} ms` },
    { says: 'at least 8,000 recorded actions a second, 64 at once', met: perSecond >= 8_000, got: digits(perSecond) },
    { says: 'at most 110 µs of CPU, 64 at once', met: cpu <= 110, got: `${digits(cpu)} µs` },
    { says: 'at most 4 times the CPU of the insert alone', met: cpu / bare <= 4, got: `${digits(cpu / bare)}×` },
  ]
}

/** What no durable record is faster than, one at once: two pages of a log, the second once the first is on disk. */
async function flushTwice(folder: string, forMs: number): Promise<Figures> {
  const file = await open(join(folder, 'flushed'), 'w')
  try {
    const page = randomBytes(8_192)
    const pages = 2_048
    for (let at = 0; at < pages; at += 1) await file.write(page, 0, page.length, at * page.length)
    await file.sync()
    let at = 0
    const { took } = await load({ atOnce: 1, forMs }, async () => {
      for (const _ of [1, 2]) {
        await file.write(page, 0, page.length, (at++ % pages) * page.length)
        await file.datasync()
      }
    })
    return percentiles(took)
  } finally {
    await file.close()
  }
}

/**
 * From an attempt to a decision, without any record: `cached` asks the same again, `cold` what was never asked before.
 */
async function openJudge(registry: Registry, count: number, forMs: number) {
  const { engine, close } = await createPolicyEngine({
    files: [{ name: 'many.cedar', text: manyPolicies(count) }],
    registry,
    agentGroups,
  })
  const judge = judgeOf(createMemoryStore({ clock: Date }), engine, registry)
  let asked = 0
  const measure = (datasetOf: () => string) => async (): Promise<Figures> => {
    const cpu = process.cpuUsage()
    const { took } = await load({ atOnce: 1, forMs }, async () => {
      const { action, caller, context } = attempt(1, datasetOf())
      await judge(
        seal({ ...action, tenant: 'default', agent: agent.id } as Action),
        { caller, context },
        { agent, onBehalfOf: undefined },
      )
    })
    const { user, system } = process.cpuUsage(cpu)
    return { cpuMicros: (user + system) / took.length, ...percentiles(took) }
  }
  const sides = [
    { name: 'cached', measure: measure(() => 'finance.orders') },
    { name: 'cold', measure: measure(() => `finance.orders_${(asked += 1)}`) },
  ]
  return { sides, close }
}

/** One that allows the reading, and many more about every verb. */
function manyPolicies(count: number): string {
  const verbs = Verb.options
  const filler = Array.from(
    { length: count - 1 },
    (_, index) => `@id("filler-${index}") @owner("bench") @doc("One of many.")
permit (principal in AgentGroup::"ml-agents", action in Action::"${verbs[index % verbs.length]}", resource in Domain::"finance")
when { context.risk < ${index % 100} };`,
  )
  return [
    '@id("reads") @owner("bench") @doc("Reads.") permit (principal, action in Action::"reads", resource);',
    ...filler,
  ].join('\n')
}
