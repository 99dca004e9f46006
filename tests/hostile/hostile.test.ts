/**
 * One message, or one stranger, stops nobody: while each attack goes on, a person who is signed in signs, and an agent
 * is stopped. Both within a second.
 */
import { bySystem } from '@countersign/schema'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

import { openBrowser } from '@countersign/demo'
import { enrolAgent } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf, openTestInstance, type TestInstance } from '../instance.ts'
import type { Order, Report } from './attacker.ts'
import { attacks } from './attacks.ts'
import { openOddUpstream } from './odd-upstream.ts'
import type { Counts } from './send.ts'

let odd: Awaited<ReturnType<typeof openOddUpstream>>
let instance: TestInstance
let attacker: ChildProcess
let rows = 50_000

beforeAll(async () => {
  ofItsOwn()
  odd = await openOddUpstream()
  instance = await openTestInstance({ http: { upstreams: { odd: oddlyBehind(odd.url) } }, policies: unhurried })
  attacker = fork(fileURLToPath(new URL('attacker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx', '--conditions=countersign-source'],
  })
  await heard((report) => report === 'ready')
})
afterAll(async () => {
  attacker.disconnect()
  await instance.close()
  await odd.close()
})

describe('while it goes on, a person signs and an agent is stopped', () => {
  it.each(Object.keys(attacks))('%s', async (attack) => {
    const told = await instance.act(exportOf((rows += 1)))
    const question = await instance.question(told)
    const victim = await anAgent()

    const counted = heard((report) => typeof report === 'object')
    order({ attack, target: await target(question.id) })
    await heard((report) => report === 'begun')
    const signed = await timed(() => instance.sign('ben', question))
    const stopped = await timed(() => instance.people.cleo.post(`/api/agents/${victim.id}/stop`, {}))
    if (attack.startsWith('B3')) await Promise.race([counted, pause(15_000)])
    order('stop')
    const { counts } = (await counted) as { counts: Counts }

    expect([signed.answer.status, stopped.answer.status], JSON.stringify(signed.answer.body)).toEqual([200, 200])
    expect(Object.keys(counts).filter((each) => !attacks[attack]?.mayHear.includes(each))).toEqual([])
    expect(await read(victim.secret)).toBe(403)
    expect(Math.max(signed.ms, stopped.ms), 'milliseconds to sign and to stop').toBeLessThan(1_000)
  })
})

describe('when all of it is over', () => {
  it('agents are served, people sign in, and the record is whole', async () => {
    await expect.poll(() => read(instance.demo.keys['ml-bot'])).toBe(200)
    await openBrowser(instance.url).signIn('eve')
    expect((await instance.verify()).problems).toEqual([])
  })
})

/**
 * What is attacked has a machine of its own as well, as far as this account may ask for it: its neighbours are not
 * measured.
 */
function ofItsOwn(): void {
  try {
    setPriority(-10)
  } catch {
    // An account that may not: then its neighbours count.
  }
}

async function target(question: string) {
  const { url, people, demo } = instance
  const barred = {
    cookie: people.ana.cookies('/api/'),
    origin: url,
    'sec-fetch-site': 'same-origin',
    'countersign-browser': people.ana.browserBinding(),
  }
  return { url, gatewayUrl: demo.gatewayUrl, key: (await anAgent(['finance-agents'])).secret, barred, question }
}

async function anAgent(groups: string[] = []) {
  const id = `agent-${randomBytes(6).toString('hex')}`
  const owner = (await instance.demo.instance.store.people.list()).find(({ subject }) => subject === 'ana')?.id ?? ''
  const team = 'finance-controllers'
  const { secret } = await enrolAgent(
    instance.demo.instance.store,
    { id, name: id, owner, team, groups, environment: 'prod' },
    bySystem,
  )
  return { id, secret }
}

async function read(key: string): Promise<number> {
  const url = `${instance.demo.gatewayUrl}/company/finance/orders?limit=1`
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
  await response.arrayBuffer()
  return response.status
}

const order = (what: Order) => void attacker.send(what)

async function heard(which: (report: Report) => boolean): Promise<Report> {
  for (;;) {
    const [report] = (await once(attacker, 'message')) as [Report]
    if (which(report)) return report
  }
}

async function timed<Answer>(does: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const began = performance.now()
  const answer = await does()
  return { answer, ms: performance.now() - began }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Whatever it is asked for counts as reading orders, so that policy lets it pass. */
const oddlyBehind = (url: string) => ({
  origin: url,
  private: true,
  environment: 'staging',
  routes: {
    'GET /{way}': {
      verb: 'data.read',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      effect: 'read',
      reads: [{ name: 'finance.orders' }],
      writes: [],
    },
  },
})

const unhurried = (text: string) =>
  text.replace('@timeout("8s") @escalate("cfo-office after 2s")', '@timeout("1h") @escalate("cfo-office after 30m")')
