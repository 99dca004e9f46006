/**
 * What must not run or be seen, tried over the real gateways: another's grant, an old key, a stopped agent.
 *
 * @module
 */
import { bySystem } from '@countersign/schema'
import { issueKey, revoke, rotate } from '@countersign/identity'
import { enrolAgent } from '@countersign/server'
import { steps } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, knock, openMcp } from './knock.ts'
import { codeOf, exportOf, openTestInstance, type TestInstance, until } from './instance.ts'

let instance: TestInstance
let rows = 2_000

beforeAll(async () => {
  instance = await openTestInstance({
    policies: (text) => text.replace('@timeout("8s") @escalate("cfo-office after 2s")', '@timeout("1s")'),
  })
}, 60_000)
afterAll(() => instance.close())

/** An export that nobody has asked for yet. */
const newExport = () => exportOf(++rows)
const exportsRun = () => instance.demo.company.log().filter(({ did }) => did === 'finance.export.begun').length
const stateOf = async (id: string) => (await instance.question(id)).state

describe('a grant', () => {
  async function granted() {
    const step = exportOf(++rows)
    const question = await instance.question(await instance.act(step))
    expect((await instance.sign('ben', question)).status).toBe(200)
    return { step, question, rows }
  }

  it('is for the very arguments that were signed (P1)', async () => {
    const { step, question, rows: signed } = await granted()
    const before = exportsRun()
    const changed = [
      { rows: ++rows },
      { destination: 'partner-drive.example' },
      { format: 'ndjson' },
      { dataset: 'finance.ledger' },
    ]
    for (const change of changed) {
      const told = await instance.act(exportOf(signed, change))
      expect([JSON.stringify(change), told.status === 200]).toEqual([JSON.stringify(change), false])
      expect(told.approval).not.toBe(question.id)
    }
    expect(exportsRun()).toBe(before)
    expect(await stateOf(question.id)).toBe('granted')
    expect((await instance.act(step)).status).toBe(200)
  })

  it('is spent once, however many come for it at the same moment (P6)', async () => {
    const { step, question } = await granted()
    const before = exportsRun()
    const runs = await Promise.all(Array.from({ length: 12 }, () => instance.act(step)))
    expect(runs.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(exportsRun()).toBe(before + 1)
    expect(await stateOf(question.id)).toBe('spent')
  })

  it('is nobody else’s: not another agent’s, not one of the same group, not one of the same owner (P1)', async () => {
    const { step, question } = await granted()
    const before = exportsRun()
    const ana = (await instance.demo.instance.store.people.list()).find(({ subject }) => subject === 'ana')
    const what = { name: 'Twin', owner: ana?.id ?? '', team: 'finance-controllers', groups: ['finance-agents'] }
    const twin = await enrolAgent(
      instance.demo.instance.store,
      { id: 'twin-bot', environment: 'prod', ...what },
      bySystem,
    )

    expect(await instance.act(step, { key: instance.demo.keys['ml-bot'] })).toMatchObject({ status: 403 })
    const told = await instance.act(step, { key: twin.secret })
    expect(told.status).toBe(428)
    expect(told.approval).not.toBe(question.id)
    expect(exportsRun()).toBe(before)
    expect(await stateOf(question.id)).toBe('granted')
  })

  it('is not given by a second person after a rejection, nor by the first one again (P7)', async () => {
    const step = newExport()
    const question = await instance.question(await instance.act(step))
    expect((await instance.sign('ben', question, 'reject')).status).toBe(200)
    expect(codeOf(await instance.sign('ben', question))).toBe('ERR_APPROVAL_SETTLED')
    expect(await instance.act(step)).toMatchObject({ status: 403, approval: question.id })
    expect(await stateOf(question.id)).toBe('rejected')
  })

  it('is not given after the question has expired, and nothing runs (P7)', async () => {
    const told = await instance.act(steps['grant-itself'])
    const question = await instance.question(told, 'cleo')
    await until(
      () => instance.question(told, 'cleo'),
      ({ state }) => state !== 'open',
    )
    const late = await instance.sign('cleo', question)
    expect([late.status, codeOf(late)]).toEqual([409, 'ERR_APPROVAL_EXPIRED'])
    expect(instance.demo.company.log().filter(({ did }) => did === 'role.granted')).toEqual([])
  })
})

describe('a question', () => {
  it('is nobody’s business but of the agent that asked it', async () => {
    const { approval = '' } = await instance.act(newExport())
    const asked = (key: string) =>
      knock(`${instance.demo.gatewayUrl}/.countersign/approvals/${approval}`, {
        headers: { authorization: `Bearer ${key}` },
      })
    expect(await asked(instance.demo.keys['finance-bot'])).toMatchObject({ status: 200, body: { state: 'open' } })
    const other = await asked(instance.demo.keys['ml-bot'])
    expect(other.status).toBe(404)
    expect(other.text).not.toContain('finance')

    const mine = await openMcp(instance.url, instance.demo.keys['finance-bot'])
    expect(await mine.call('countersign_wait', { approval, seconds: 0 })).toContain('Still waiting')
    const stranger = await openMcp(instance.url, instance.demo.keys['ml-bot'])
    expect(await stranger.call('countersign_wait', { approval, seconds: 0 })).toBe('There is no such approval.')
  })

  it('is not shown to a person whom it does not concern', async () => {
    const { approval } = await instance.act(steps['promote'])
    const heard = await knock(`${instance.url}/api/approvals/${approval}`, {
      headers: { cookie: instance.people.ben.cookies('/api/approvals') },
    })
    expect([heard.status, heard.body['code']]).toEqual([404, 'ERR_APPROVAL_UNKNOWN'])
  })
})

describe('a key', () => {
  const read = (key: string): Promise<Heard> =>
    knock(`${instance.demo.gatewayUrl}/company/finance/orders?limit=1`, { headers: { authorization: `Bearer ${key}` } })
  const hello = (key: string) =>
    knock(`${instance.url}/mcp/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    })

  it.each<[string, () => Promise<string> | string]>([
    ['never issued', () => `csk_${'A'.repeat(43)}`],
    ['cut short', () => instance.demo.keys['ml-bot'].slice(0, -1)],
    ['not a key', () => 'admin'],
    ['expired', () => keyThatExpired()],
    ['revoked', () => keyThatWasRevoked()],
    ['replaced, its overlap over', () => keyThatWasReplaced()],
  ])('opens nothing: %s', async (_, keyOf) => {
    const key = await keyOf()
    const http = await read(key)
    expect([http.status, http.body['type']]).toEqual([401, 'urn:countersign:error:ERR_AGENT_UNKNOWN'])
    expect((await hello(key)).status).toBe(401)
    expect(http.text + JSON.stringify(instance.lines)).not.toContain(key)
  })

  const what = async (id: string) => {
    const ana = (await instance.demo.instance.store.people.list()).find(({ subject }) => subject === 'ana')
    return { id, name: id, owner: ana?.id ?? '', team: 'security-admins', groups: [], environment: 'prod' }
  }

  async function keyThatExpired(): Promise<string> {
    const { secret } = await enrolAgent(instance.demo.instance.store, await what('old-bot'), bySystem, 1)
    return secret
  }

  async function keyThatWasRevoked(): Promise<string> {
    const { store } = instance.demo.instance
    const { agent, secret } = await enrolAgent(store, await what('revoked-bot'), bySystem)
    expect((await read(secret)).status).toBe(200)
    const revoked = revoke(agent, { keyId: agent.keys[0]?.id ?? '', now: store.clock.now() }, 'system')
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'key-revoked', by: bySystem, agent: revoked }] })
    return secret
  }

  async function keyThatWasReplaced(): Promise<string> {
    const { store } = instance.demo.instance
    const { agent, secret } = await enrolAgent(store, await what('rotated-bot'), bySystem)
    const { key, secret: next } = issueKey(store.clock, { expiresInMs: 60_000 })
    const rotated = rotate(agent, { key, overlapMs: 0, now: store.clock.now() }, 'system')
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'key-issued', by: bySystem, agent: rotated }] })
    expect((await read(next)).status).toBe(200)
    return secret
  }
})

describe('an agent that was stopped (P15)', () => {
  it('does nothing at any gateway, its grant is void, and whoever stopped it cannot start it', async () => {
    const step = newExport()
    const question = await instance.question(await instance.act(step))
    await instance.sign('ben', question)
    const mcp = await openMcp(instance.url, instance.demo.keys['finance-bot'])
    const before = exportsRun()

    expect((await instance.people.ben.post('/api/agents/finance-bot/stop', { because: 'odd' })).status).toBe(200)
    expect((await instance.act(step)).status).toBe(403)
    expect((await instance.act(newExport())).text).toContain('stopped')
    expect(await mcp.call('write_file', { path: 'x', content: 'x' })).toMatch(/^NOT EXECUTED.*stopped/)
    expect(await stateOf(question.id)).toBe('voided')
    expect(exportsRun()).toBe(before)

    expect((await instance.people.ben.post('/api/agents/finance-bot/start', {})).status).toBe(403)
    expect((await instance.people.ana.post('/api/agents/finance-bot/start', {})).status).toBe(403)
    const { socketPath } = instance
    const byHand = await knock('http://countersign/agents/finance-bot/start', {
      socketPath,
      method: 'POST',
      body: '{}',
    })
    expect(byHand.status).toBe(404)
    expect((await instance.act(step)).status).toBe(403)

    expect((await instance.people.cleo.post('/api/agents/finance-bot/start', {})).status).toBe(200)
    const again = await instance.act(step)
    expect(again.status).toBe(428)
    expect(again.approval).not.toBe(question.id)
  })

  it('G16: stopping as Cleo is no dead end in the demo: another person can start it again', async () => {
    const post = (who: 'cleo' | 'eve', what: string) => instance.people[who].post(`/api/agents/ops-bot/${what}`, {})
    expect((await post('cleo', 'stop')).status).toBe(200)
    expect((await post('cleo', 'start')).status).toBe(403)
    expect((await post('eve', 'start')).status).toBe(200)
  })
})

it('all of it stands in a ledger that adds up (P11)', async () => {
  expect((await instance.verify()).problems).toEqual([])
  expect(instance.lines.filter(({ level }) => level === 'error')).toEqual([])
})
