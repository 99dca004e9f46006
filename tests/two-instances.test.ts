/**
 * Two instances in one process that know nothing of each other, and two instances that are one deployment.
 *
 * @module
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256, verifyEd25519 } from '@countersign/core'
import { verifyLedger } from '@countersign/core/verify'
import { type Browser, freePorts, openBrowser, send, type Step, steps, type Told } from '@countersign/demo'
import type { ApprovalView } from '@countersign/schema'
import { type StartedInstance, startInstance } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { knock, openMcp } from './knock.ts'
import { exportOf, openTestInstance, type TestInstance, until } from './instance.ts'

let instance: TestInstance
let ports: number[]
let rows = 5_000
const newExport = () => exportOf(++rows)
const exportsRun = () => instance.demo.company.log().filter(({ did }) => did === 'finance.export.begun').length

beforeAll(async () => {
  ports = await freePorts(2)
  instance = await openTestInstance({ alsoAt: [`http://localhost:${ports[0]}`] })
}, 60_000)
afterAll(() => instance.close())

describe('two instances in one process', () => {
  let other: TestInstance

  beforeAll(async () => {
    other = await openTestInstance()
  }, 60_000)
  afterAll(() => other.close())

  it('know neither each other’s agents nor each other’s people', async () => {
    const stranger = { authorization: `Bearer ${instance.demo.keys['finance-bot']}` }
    expect((await knock(`${other.demo.gatewayUrl}/company/finance/orders`, { headers: stranger })).status).toBe(401)
    expect((await knock(`${other.url}/mcp/files`, { method: 'POST', headers: stranger, body: '{}' })).status).toBe(401)
    const cookie = instance.people.ben.cookies('/api/')
    expect((await knock(`${other.url}/api/me`, { headers: { cookie } })).status).toBe(401)
  })

  it('ask about the same action separately, and a signature in one is worth nothing in the other', async () => {
    const step = newExport()
    const [here, there] = await Promise.all([instance.act(step), other.act(step)])
    expect([here.status, there.status]).toEqual([428, 428])
    expect(here.approval).not.toBe(there.approval)
    await expect(other.question(here)).rejects.toThrow('404')
    expect((await instance.sign('ben', await instance.question(here))).status).toBe(200)
    expect((await other.act(step)).status).toBe(428)
    expect((await instance.act(step)).status).toBe(200)
    expect(other.demo.company.log()).toEqual([])
  })

  it('stop each their own agents', async () => {
    expect((await other.people.ben.post('/api/agents/finance-bot/stop', {})).status).toBe(200)
    expect((await other.act(newExport())).status).toBe(403)
    expect((await instance.act(newExport())).status).toBe(428)
  })

  it('keep each their own ledger, under their own key (P11)', async () => {
    expect((await instance.verify()).problems).toEqual([])
    expect((await other.verify()).problems).toEqual([])
    const wrong = await verifyLedger(
      { read: async (path) => new Uint8Array(await (await fetch(`${instance.url}/ledger/${path}`)).arrayBuffer()) },
      { hash: sha256, verifySignature: verifyEd25519 },
      { vkey: other.demo.instance.vkey },
    )
    expect(wrong.problems).not.toEqual([])
  })
})

describe('two instances on one PostgreSQL', () => {
  let dataDir: string
  let second: StartedInstance
  let secondGateway: string
  let ben: Browser

  beforeAll(async () => {
    const [port = 0, httpPort = 0] = ports
    const { config } = instance.demo
    dataDir = await mkdtemp(join(tmpdir(), 'countersign-second-'))
    await cp(join(instance.dataDir, 'keys'), join(dataDir, 'keys'), { recursive: true })
    await cp(join(instance.dataDir, 'policies'), join(dataDir, 'policies'), { recursive: true })
    secondGateway = `http://127.0.0.1:${httpPort}`
    second = await startInstance({
      config: {
        ...config,
        policies: join(dataDir, 'policies'),
        listen: { ...config.listen, port },
        publicUrl: `http://localhost:${port}`,
        store: { url: `postgres://countersign@/postgres?host=${join(instance.dataDir, 'pg', 'socket')}` },
        gateways: {
          ...config.gateways,
          http: { ...(config.gateways['http'] as object), listen: `127.0.0.1:${httpPort}` },
        },
      },
      dataDir,
      baseDir: '/',
      consoleDir: dataDir,
      version: 'test',
      log: () => undefined,
    })
    ben = openBrowser(second.url)
    await ben.signIn('ben')
  }, 60_000)
  afterAll(async () => {
    await second.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  /** As the step's agent, at the second instance. */
  const actThere = (step: Step, how: { waitSeconds?: number; attempt?: string } = {}): Promise<Told> =>
    send(step, { publicUrl: second.url, gatewayUrl: secondGateway, key: instance.demo.keys[step.agent], ...how })
  /** Its head, as soon as that is there. */
  function begin({ call }: Step, signal: AbortSignal): Promise<Response> {
    if (call.over !== 'http') throw new TypeError('an export comes over HTTP')
    return fetch(`${instance.demo.gatewayUrl}${call.path}`, {
      method: call.method,
      headers: { authorization: `Bearer ${instance.demo.keys['finance-bot']}`, 'content-type': 'application/json' },
      body: JSON.stringify(call.body),
      signal,
    })
  }
  const questionThere = (id = '') => ben.get<ApprovalView>(`/api/approvals/${id}`)
  const signThere = ({ id, shown }: ApprovalView) =>
    ben.post(`/api/approvals/${id}/signatures`, { verdict: 'approve', shown })

  it('are one deployment: held by the one, signed at the other, run by the first, whose client waited (P10, P14)', async () => {
    const step = newExport()
    const { approval } = await instance.act(step)
    const waiting = instance.act(step, { waitSeconds: 60 })
    expect((await signThere(await questionThere(approval))).status).toBe(200)
    expect(await waiting).toMatchObject({ status: 200 })
  })

  it('hold a call over MCP in the same way', async () => {
    const waiting = instance.act(steps['write-file'])
    const cleo = openBrowser(second.url)
    await cleo.signIn('cleo')
    const { items } = await until(
      () => cleo.get<{ items: { id: string; verb: string }[] }>('/api/approvals?state=open'),
      (page) => page.items.some(({ verb }) => verb === 'file.write'),
    )
    const question = await cleo.get<ApprovalView>(
      `/api/approvals/${items.find(({ verb }) => verb === 'file.write')?.id}`,
    )
    await cleo.post(`/api/approvals/${question.id}/signatures`, { verdict: 'approve', shown: question.shown })
    expect((await waiting).text).toContain('Successfully wrote')
  })

  it('C4: serve one MCP session together, by its id alone, until its client ends it at either', async () => {
    const headers = {
      authorization: `Bearer ${instance.demo.keys['ops-bot']}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
    const clientInfo = { name: 'roamer', version: '1' }
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
    const rpc = (method: string, of: object = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: of })
    const hello = await knock(`${instance.url}/mcp/files`, { method: 'POST', headers, body: rpc('initialize', params) })
    const mine = { ...headers, 'mcp-session-id': String(hello.headers['mcp-session-id']) }
    const list = (url: string, as = mine) =>
      knock(`${url}/mcp/files`, { method: 'POST', headers: as, body: rpc('tools/list') })
    expect((await list(instance.url)).status).toBe(200)
    const there = await list(second.url)
    expect(there.status).toBe(200)
    expect(there.text).toContain('write_file')
    const other = { ...mine, authorization: `Bearer ${instance.demo.keys['finance-bot']}` }
    expect((await list(second.url, other)).status, 'it is its agent’s alone').toBe(404)
    expect((await knock(`${second.url}/mcp/files`, { method: 'DELETE', headers: mine })).status).toBe(204)
    expect((await list(instance.url)).status).toBe(404)
    expect((await list(second.url)).status).toBe(404)
  })

  it('ask once about what comes to both at the same moment', async () => {
    const step = newExport()
    const told = await Promise.all([instance.act(step), actThere(step), instance.act(step), actThere(step)])
    expect(new Set(told.map(({ status }) => status))).toEqual(new Set([428]))
    expect(new Set(told.map(({ approval }) => approval)).size).toBe(1)
  })

  it('spend a grant once between them (P6)', async () => {
    const step = newExport()
    await signThere(await questionThere((await instance.act(step)).approval))
    const before = exportsRun()
    const runs = await Promise.all([1, 2, 3].flatMap(() => [instance.act(step), actThere(step)]))
    expect(runs.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(exportsRun()).toBe(before + 1)
  })

  it('run one attempt once between them, and give its answer to whoever comes again (P10)', async () => {
    const step = newExport()
    await signThere(await questionThere((await instance.act(step)).approval))
    const before = exportsRun()
    const attempt = 'the same attempt'
    expect((await instance.act(step, { attempt })).status).toBe(200)
    const again = await actThere(step, { attempt })
    expect(again.status === 200 || (again.status === 409 && /not run again|running/.test(again.text)), again.text).toBe(
      true,
    )
    expect(exportsRun()).toBe(before + 1)
  })

  it('C1: find what the other runs for a client that gave up: the same again is neither asked about nor run (P10)', async () => {
    const step = exportOf(120_000, { dataset: 'finance.ledger' })
    await signThere(await questionThere((await instance.act(step)).approval))
    const [before, gone] = [exportsRun(), new AbortController()]
    const answer = await begin(step, gone.signal) // nobody reads it, so it goes on
    expect(answer.status).toBe(200)
    const again = [actThere(step, { waitSeconds: 30 }), instance.act(step, { waitSeconds: 30 })]
    const impatient = await actThere(step)
    expect([impatient.status, impatient.text]).toEqual([409, expect.stringContaining('running')])
    gone.abort()
    for (const { status, text } of await Promise.all(again)) {
      expect(status === 200 || (status === 409 && text.includes('not run again')), text).toBe(true)
    }
    expect(exportsRun()).toBe(before + 1)
    const { items } = await ben.get<{ items: { sentence: string }[] }>('/api/approvals?state=all&limit=200')
    expect(items.filter(({ sentence }) => sentence.includes('120'))).toHaveLength(1)
  })

  it('take the same signature once, however many windows send it at once (P5)', async () => {
    const { approval } = await instance.act(newExport())
    const question = await questionThere(approval)
    const clicks = await Promise.all([1, 2, 3].flatMap(() => [instance.sign('ben', question), signThere(question)]))
    expect(clicks.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await questionThere(approval)).signatures).toHaveLength(1)
  })

  it('write one ledger, under one key (P11)', async () => {
    expect(second.vkey).toBe(instance.demo.instance.vkey)
    expect((await instance.verify()).problems).toEqual([])
    const [here, there] = await Promise.all([instance.demo.instance.store.ledger.head(), second.store.ledger.head()])
    expect(there.size).toBeGreaterThanOrEqual(here.size)
  })

  it('stop an agent together: what the one stops, the other permits no more (P15)', async () => {
    const step = newExport()
    const question = await questionThere((await instance.act(step)).approval)
    await signThere(question)
    const mcp = await openMcp(instance.url, instance.demo.keys['finance-bot'])
    const asked = newExport()
    const { approval = '' } = await instance.act(asked)
    const waiting = instance.act(asked, { waitSeconds: 60 })
    const long = exportOf(120_001, { dataset: 'finance.ledger' })
    await signThere(await questionThere((await instance.act(long)).approval))
    const streaming = await begin(long, new AbortController().signal) // nobody reads it, so it goes on
    const before = exportsRun()
    expect((await ben.post('/api/agents/finance-bot/stop', {})).status).toBe(200)
    await expect(streaming.text(), 'what runs at the first ends where it stands').rejects.toThrow()
    expect((await instance.act(step)).status).toBe(403)
    expect(await mcp.call('write_file', { path: 'x', content: 'x' })).toMatch(/^NOT EXECUTED.*stopped/)
    expect((await instance.question(question.id)).state).toBe('voided')
    expect((await waiting).status).toBe(403)
    expect((await instance.question(approval)).state).toBe('cancelled')
    expect(exportsRun()).toBe(before)
  })

  it('judge by the policies that were brought in force last: by older ones nothing runs, whoever has them (P15)', async () => {
    const [here, there] = [join(instance.dataDir, 'policies'), join(dataDir, 'policies')]
    const extra = join(there, 'extra.cedar')
    await instance.people.cleo.post('/api/agents/finance-bot/start', {})
    const [step, another] = [newExport(), newExport()]
    await signThere(await questionThere((await instance.act(step)).approval))
    await signThere(await questionThere((await instance.act(another)).approval))
    const { version } = await ben.get<{ version: string }>('/api/policies')
    await writeFile(
      extra,
      '@id("extra") @owner("o") @doc("d")\nforbid (principal, action == Action::"schema.change", resource);\n',
    )
    await until(
      () => ben.get<{ version: string }>('/api/policies'),
      (set) => set.version !== version,
    )
    const refused = await instance.act(step)
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('Other policies are in force')])
    expect((await actThere(another)).status, 'who has them goes on').toBe(200)
    const { concerns } = await instance.people.cleo.get<{ concerns: { key: string }[] }>('/api/system')
    expect(concerns.map(({ key }) => key)).toContain('policies/outdated')

    await cp(extra, join(here, 'extra.cedar'))
    await until(
      () => instance.act(step),
      ({ status }) => status === 200,
    )
    await signThere(await questionThere((await instance.act(another)).approval))
    expect((await actThere(another)).status, 'and still does').toBe(200)
  })

  it('do without each other: what the second asked is still open when it is gone (P14)', async () => {
    expect((await instance.people.cleo.post('/api/agents/finance-bot/start', {})).status).toBe(200)
    const step = newExport()
    const { approval } = await actThere(step)
    await second.close()
    const all = ['checkpoints', 'deadlines', 'follower:search']
    const { leases } = instance.demo.instance.store
    const nodeOf = ({ holder = '' }) => holder.split('/')[0] // a node's own lease says its version as well
    const held = await until(
      () => leases.list(),
      (list) => new Set(list.map(nodeOf)).size === 1 && all.every((duty) => list.some(({ name }) => name === duty)),
    )
    expect(new Set(held.map(nodeOf)).size).toBe(1) // whatever the second did, the first does now
    expect(held.map(({ name }) => name)).toEqual(expect.arrayContaining(all))
    expect((await instance.act(step)).approval).toBe(approval)
    expect((await instance.sign('ben', await instance.question(approval ?? ''))).status).toBe(200)
    expect((await instance.act(step)).status).toBe(200)
  })
})
