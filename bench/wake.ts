/**
 * From a person's click to the client that waits for it, with few and with many questions open; and what it costs to
 * hold them all.
 *
 * @module
 */
import { setMaxListeners } from 'node:events'
import { rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { freePorts } from '@countersign/demo'
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
    const folder = await makeFolder()
    const [port = 0] = await freePorts(1)
    const upstream = startBare('http', port)
    const instance = await openInstance((httpPort) => gatewayTo(`http://127.0.0.1:${port}`, httpPort))
    const clients = holdClients(instance)
    try {
      const rows: Row[] = []
      await clients.open(1)
      await clickAround(instance, clients, 20) // warm
      for (const questions of settings.quick ? [1, 1_000] : [1, 1_000, 10_000]) {
        await openUpTo(clients, questions, settings)
        const held = await costOf(instance, settings)
        const clicks = settings.quick ? 50 : 200
        settings.say(`${clicks} clicks among ${clients.held()} questions`)
        rows.push({
          what: `${thousands(questions)} open`,
          side: 'instance',
          rounds: [{ ...held, ...(await clickAround(instance, clients, clicks)) }],
        })
      }
      return { rows, aims: aimsOf(rows) }
    } finally {
      clients.close()
      await instance.close()
      await upstream.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const last = rows.at(-1)
  const figures = last?.rounds[0] ?? {}
  const [p99, memory] = [
    figures['p99Ms'] ?? Number.NaN,
    (figures['nodeMegabytes'] ?? Number.NaN) + (figures['postgresMegabytes'] ?? Number.NaN),
  ]
  return [
    {
      says: `the waiting client has its answer within 100 ms of the click, p99, ${last?.what}`,
      met: p99 < 100,
      got: `${digits(p99)} ms`,
    },
    { says: `less than 300 MB in all, ${last?.what}`, met: memory < 300, got: `${digits(memory)} MB` },
  ]
}

async function openUpTo(clients: Clients, questions: number, { say }: Settings): Promise<void> {
  while (clients.held() < questions) {
    say(`${clients.held()} of ${questions} questions`)
    await clients.open(Math.min(500, questions - clients.held()))
  }
}

/** Nobody does anything for a while. */
async function costOf({ pid }: BenchInstance, { quick, say }: Settings): Promise<Figures> {
  say('idle')
  const seconds = quick ? 2 : 8
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
    const status = await one.answered
    took.push(performance.now() - before)
    if (status !== 200 || (await signed).status !== 200) throw new Error(`The client was answered ${status}.`)
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

interface Held {
  readonly approval: string
  /** The status that the client was answered in the end. */
  readonly answered: Promise<number>
}

interface Clients {
  held(): number
  open(count: number): Promise<void>
  take(): Held
  close(): void
}

/** Each keeps a connection of its own, and waits on it for people. */
function holdClients({ gatewayUrl, key }: BenchInstance): Clients {
  const asking = new Agent({ keepAlive: true })
  const waiting: Held[] = []
  let opened = 0
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)

  return {
    held: () => waiting.length,
    async open(count) {
      let left = count
      const worker = async () => {
        while (left-- > 0) await openOne(`ref-${(opened += 1)}`)
      }
      await Promise.all(Array.from({ length: 16 }, worker))
    },
    take() {
      const one = waiting.shift()
      if (!one) throw new Error('Nobody waits.')
      return one
    },
    close() {
      closing.abort()
      asking.destroy()
    },
  }

  /** Asked first without waiting, to know the question; then the same again, which joins it and waits. */
  async function openOne(ref: string): Promise<void> {
    const { status, text } = await send(ref, 0, asking)
    if (status !== 428) throw new Error(`The question was not opened: ${status} ${text}`)
    const { approval } = JSON.parse(text) as { approval: string }
    const answered = send(ref, 3_600, undefined).then((answer) => answer.status)
    answered.catch(() => undefined) // cut off at the end
    waiting.push({ approval, answered })
  }

  function send(ref: string, waitSeconds: number, agent: Agent | undefined): Promise<{ status: number; text: string }> {
    const body = JSON.stringify({ ref, rows: 2_000 })
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': body.length,
      prefer: `wait=${waitSeconds}`,
    }
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers, agent: agent ?? false, signal: closing.signal }
      const sent = request(`${gatewayUrl}/bench/exports`, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.once('error', reject).once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.once('error', reject).end(body)
    })
  }
}

const thousands = (count: number) => count.toLocaleString('en-US')

const gatewayTo = (origin: string, httpPort: number) => ({
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
})
