/**
 * PostgreSQL is killed under a running instance, and does not come back for a while.
 *
 * @module
 */
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { serveStdio } from '@countersign/gateways'
import type { ApprovalView } from '@countersign/schema'
import { openBrowser, steps, type Told } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, knock, type McpClient, openMcp } from './knock.ts'
import { codeOf, exportOf, openTestInstance, type TestInstance, until } from './instance.ts'

let instance: TestInstance
let mcp: McpClient
/** Asked before; signed before; asked before by someone who waits through it all. */
let open: ApprovalView
let granted: ApprovalView
let awaited: ApprovalView
let waiting: Promise<Told>
let ran: number

const openStep = exportOf(3_001)
const grantedStep = exportOf(3_002)
const waitingStep = exportOf(3_003)

const cluster = () => join(instance.dataDir, 'pg', 'cluster')
const settings = () => join(cluster(), 'postgresql.conf')
const ready = () => knock(`${instance.url}/readyz`)
const agent = () => ({ authorization: `Bearer ${instance.demo.keys['finance-bot']}` })

beforeAll(async () => {
  instance = await openTestInstance()
  mcp = await openMcp(instance.url, instance.demo.keys['ops-bot'])
  open = await instance.question(await instance.act(openStep))
  granted = await instance.question(await instance.act(grantedStep))
  await instance.sign('ben', granted)
  waiting = instance.act(waitingStep, { waitSeconds: 60 })
  awaited = await instance.question(await instance.act(waitingStep))
  ran = instance.demo.company.log().length

  // Without its settings it does not start again, until they are back.
  await rename(settings(), `${settings()}.away`)
  const [pid] = (await readFile(join(cluster(), 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
  await until(ready, ({ status }) => status === 503)
}, 60_000)

afterAll(() => instance.close())

describe('while the store is gone, everything is refused in the words of each protocol (P8)', () => {
  it('/readyz says so, and /healthz does not, since this instance runs', async () => {
    expect(await ready()).toMatchObject({ status: 503, body: { status: 'unavailable' } })
    expect((await knock(`${instance.url}/healthz`)).status).toBe(200)
  })

  it.each<[string, () => Promise<Heard>]>([
    ['a question', () => post({ ...steps.export.call.body, rows: 3_001 })],
    [
      'a read that needs no one',
      () => knock(`${instance.demo.gatewayUrl}/company/finance/orders`, { headers: agent() }),
    ],
    [
      'how a question stands',
      () => knock(`${instance.demo.gatewayUrl}/.countersign/approvals/${open.id}`, { headers: agent() }),
    ],
  ])('the HTTP gateway answers 503: %s', async (_, ask) => {
    const heard = await ask()
    expect([heard.status, heard.body['type']]).toEqual([503, 'urn:countersign:error:ERR_STORE_UNAVAILABLE'])
    expect(heard.headers['retry-after']).toBe('1')
  })

  it('a grant given before is not spent', async () => {
    expect((await instance.act(grantedStep)).status).toBe(503)
  })

  it('the MCP gateway says in band that nothing was executed: a 503 would end the agent’s run', async () => {
    expect(await mcp.call('write_file', {})).toMatch(/^NOT EXECUTED\. The record cannot be written now/)
    expect(await mcp.post({ id: 1, method: 'tools/list' })).toMatchObject({
      status: 200,
      body: { error: { message: expect.stringContaining('cannot be written now') } },
    })
  })

  it('so it does over stdio', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const bridge = serveStdio({ input, output, url: `${instance.url}/mcp/files`, key: instance.demo.keys['ops-bot'] })
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'write_file', arguments: {} } }
    input.end(`${JSON.stringify(message)}\n`)
    await bridge
    expect(JSON.parse(String(output.read()))).toMatchObject({
      id: 1,
      result: { isError: true, content: [{ text: expect.stringMatching(/^NOT EXECUTED\./) }] },
    })
  })

  it('a signature is refused, not lost in between', async () => {
    const answer = await instance.sign('ben', open)
    expect([answer.status, codeOf(answer)]).toEqual([503, 'ERR_STORE_UNAVAILABLE'])
  })

  it('the console says so', async () => {
    const heard = await knock(`${instance.url}/api/me`, { headers: { cookie: instance.people.ben.cookies('/api/') } })
    expect(heard).toMatchObject({ status: 503, body: { code: 'ERR_STORE_UNAVAILABLE' } })
  })

  it('signing in ends with an answer: the page is there, and the way back says why not', async () => {
    expect((await knock(`${instance.url}/sign-in`)).status).toBe(303)
    const late = openBrowser(instance.url)
    await late.signIn('cleo')
    expect((await knock(`${instance.url}/api/me`, { headers: { cookie: late.cookies('/api/') } })).status).not.toBe(200)
  })

  it('the operator’s socket says so', async () => {
    const heard = await knock('http://countersign/agents/finance-bot/stop', {
      socketPath: instance.socketPath,
      method: 'POST',
    })
    expect(heard).toMatchObject({ status: 503, body: { code: 'ERR_STORE_UNAVAILABLE' } })
  })

  it('nothing ran (P2)', () => {
    expect(instance.demo.company.log()).toHaveLength(ran)
  })
})

describe('when it is back', () => {
  beforeAll(async () => {
    await rename(`${settings()}.away`, settings())
    await until(ready, ({ status }) => status === 200)
  }, 30_000)

  it('the instance serves again by itself, and everyone is still signed in', async () => {
    expect((await instance.people.ben.get<{ person: { name: string } }>('/api/me')).person.name).toBe('Ben Okafor')
    const read = () => knock(`${instance.demo.gatewayUrl}/company/finance/orders`, { headers: agent() })
    expect(await until(read, ({ status }) => status === 200)).toMatchObject({ status: 200 })
    expect(await mcp.call('countersign_wait', { approval: 'apr_none' })).toBe('There is no such approval.')
  })

  it('open questions are still open, and can be signed (P10, P14)', async () => {
    expect(await instance.question(open.id)).toMatchObject({ state: 'open', signatures: [] })
    expect((await instance.sign('ben', open)).status).toBe(200)
    expect((await instance.act(openStep)).status).toBe(200)
  })

  it('the grant is still there, once (P6)', async () => {
    expect((await instance.question(granted.id)).state).toBe('granted')
    const runs = await Promise.all([instance.act(grantedStep), instance.act(grantedStep), instance.act(grantedStep)])
    expect(runs.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('who waited through it all is woken by the signature, and gets the answer (P10, P14)', async () => {
    expect((await instance.question(awaited.id)).state).toBe('open')
    expect((await instance.sign('ben', awaited)).status).toBe(200)
    expect(await waiting).toMatchObject({ status: 200 })
  })

  it('each of the three ran once, and the ledger adds up (P11)', async () => {
    const begun = instance.demo.company.log().filter(({ did }) => did === 'finance.export.begun')
    expect(new Set(begun.map(({ rows }) => rows))).toEqual(new Set([3_001, 3_002, 3_003]))
    expect(begun).toHaveLength(3)
    expect((await instance.verify()).problems).toEqual([])
  })
})

const post = (body: object) =>
  knock(`${instance.demo.gatewayUrl}/company/finance/exports`, {
    method: 'POST',
    headers: { ...agent(), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
