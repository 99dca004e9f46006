/**
 * From a person's click to the client that waits for it, with few and with many questions open; and what it costs to
 * hold them all.
 *
 * @module
 */
import { rm } from 'node:fs/promises'
import { freePorts } from '@countersign/demo'
import { type Clients, holdClients, overHttp, overMcp } from './held.ts'
import { type BenchInstance, makeFolder, openInstance } from './instance.ts'
import { startBare } from './http.ts'
import { type Aim, at, type Bench, type Figures, percentiles, type Row, type Settings } from './measure.ts'
import { cpuOf, memoryOf } from './processes.ts'
import { digits } from './report.ts'

export const wake: Bench = {
  name: 'wake',
  about: 'from the click to the waiting client, and the memory of the instance, by the number of open questions',
  pictures: [{ title: 'From the click to the waiting client (ms, p99)', figure: 'p99Ms' }],

  async run(settings) {
    const rows: Row[] = []
    for (const side of sides) {
      settings.say(side.name)
      rows.push(...(await heldOn(side, settings)))
    }
    return { rows, aims: sides.flatMap(({ name }) => aimsOf(rows.filter((row) => row.side === name))) }
  },
}

interface Side {
  readonly name: string
  /** Of an instance in front of an upstream, which is HTTP and an MCP server. */
  gateways(upstream: string, httpPort: number): object
  openOne(instance: BenchInstance): Parameters<typeof holdClients>[0]
}

const sides: readonly Side[] = [
  { name: 'HTTP', gateways: gatewayTo, openOne: overHttp },
  { name: 'MCP', gateways: serverAt, openOne: overMcp },
]

async function heldOn({ name, gateways, openOne }: Side, settings: Settings): Promise<Row[]> {
  const folder = await makeFolder()
  const [port = 0] = await freePorts(1)
  const upstream = startBare('http', port)
  const instance = await openInstance((httpPort) => gateways(`http://127.0.0.1:${port}`, httpPort))
  const clients = holdClients(openOne(instance))
  try {
    const rows: Row[] = []
    await clients.open(1)
    await clickAround(instance, clients, 20) // warm
    for (const questions of settings.quick ? [1, 1_000] : [1, 1_000, 10_000]) {
      await openUpTo(clients, questions, settings)
      const held = await costOf(instance, settings)
      const clicks = settings.quick ? 50 : 200
      settings.say(`${clicks} clicks among ${clients.held()} questions`)
      const figures = { ...held, ...(await clickAround(instance, clients, clicks)) }
      rows.push({ what: `${thousands(questions)} open`, side: name, rounds: [figures] })
    }
    return rows
  } finally {
    clients.close()
    await instance.close()
    await upstream.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const last = rows.at(-1)
  const figure = (name: string) => last?.rounds[0]?.[name] ?? Number.NaN
  const memory = figure('nodeMegabytes') + figure('postgresMegabytes')
  const idle = figure('idleNodePercent') + figure('idlePostgresPercent')
  const where = `${last?.what}, ${last?.side}`
  return [
    {
      says: `the waiting client has its answer within 100 ms of the click, p99, ${where}`,
      met: figure('p99Ms') < 100,
      got: `${digits(figure('p99Ms'))} ms`,
    },
    { says: `less than 300 MB in all, ${where}`, met: memory < 300, got: `${digits(memory)} MB` },
    { says: `less than 1 % of a core while nobody does anything, ${where}`, met: idle < 1, got: `${digits(idle)} %` },
  ]
}

async function openUpTo(clients: Clients, questions: number, { say }: Settings): Promise<void> {
  while (clients.held() < questions) {
    say(`${clients.held()} of ${questions} questions`)
    await clients.open(Math.min(500, questions - clients.held()))
  }
}

/**
 * How long nobody does anything before it is counted: what followers have to write is written, and PostgreSQL has
 * cleared up after a crowd.
 */
const restMs = 15_000

/** Nobody does anything for a while: as long as signs of life take to come round (`progressEveryMs`). */
async function costOf({ pid }: BenchInstance, { quick, say }: Settings): Promise<Figures> {
  say('idle')
  const seconds = quick ? 2 : 15
  if (!quick) await new Promise((resolve) => setTimeout(resolve, restMs))
  const before = await cpuOf(pid)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const after = await cpuOf(pid)
  const memory = await memoryOf(pid)
  const percent = (spent: number) => (spent / seconds) * 100
  return {
    nodeMegabytes: memory.ownMegabytes,
    postgresMegabytes: memory.belowMegabytes,
    idleNodePercent: percent(after.ownSeconds - before.ownSeconds),
    idlePostgresPercent: percent(after.belowSeconds - before.belowSeconds),
  }
}

/** One after the other; each on a question that was not signed yet, which another takes the place of. */
async function clickAround({ ben }: BenchInstance, clients: Clients, clicks: number): Promise<Figures> {
  const took: number[] = []
  const signing: number[] = []
  for (let click = 0; click < clicks; click += 1) {
    const one = clients.take()
    const path = `/api/approvals/${one.approval}`
    const { shown } = await ben.get<{ shown: string }>(path)
    const before = performance.now()
    const signed = ben.post(`${path}/signatures`, { verdict: 'approve', shown }).then((answer) => {
      signing.push(performance.now() - before)
      return answer
    })
    const isAnswered = await one.answered
    took.push(performance.now() - before)
    if (!isAnswered || (await signed).status !== 200) throw new Error('The client was not answered by the upstream.')
    await clients.open(1)
  }
  return {
    ...percentiles(took),
    signP50Ms: at(
      signing.toSorted((a, b) => a - b),
      0.5,
    ),
  }
}

const thousands = (count: number) => count.toLocaleString('en-US')

function gatewayTo(origin: string, httpPort: number) {
  return {
    http: {
      listen: `127.0.0.1:${httpPort}`,
      maxWaitSeconds: 3_600,
      maxConnections: 20_000,
      maxConnectionsPerCredential: 20_000,
      maxConnectionsPerSource: 20_000,
      upstreams: {
        bench: {
          origin,
          private: true,
          environment: 'prod',
          routes: {
            'POST /exports': {
              verb: 'data.export',
              resources: [{ kind: 'dataset', name: 'finance.orders' }],
              sentence: { cel: '"Export " + string(body.rows) + " orders, " + body.ref' },
              reads: [{ name: 'finance.orders' }],
              writes: [],
              destination: 's3://own-reports',
              rows: { cel: 'body.rows' },
              rowsFrom: 'request',
            },
          },
        },
      },
    },
  }
}

/** The same question, asked by a tool. */
function serverAt(origin: string) {
  const echo = {
    verb: 'data.export',
    resources: [{ kind: 'dataset', name: 'finance.orders' }],
    sentence: { cel: '"Export " + string(arguments.rows) + " orders, " + arguments.text' },
    reads: [{ name: 'finance.orders' }],
    writes: [],
    destination: 's3://own-reports',
    rows: { cel: 'arguments.rows' },
  }
  return { mcp: { servers: { bench: { url: `${origin}/mcp`, private: true, tools: { echo } } } } }
}
