/**
 * What must not run or be seen, tried over the real doors: another's grant, an old key, a stopped agent.
 *
 * @module
 */
import { issueKey, revoke, rotate } from '@countersign/identity'
import { enrolAgent } from '@countersign/server'
import { steps } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, knock, openMcp } from './doors.ts'
import { codeOf, exportOf, openTestHouse, type TestHouse, until } from './house.ts'

let house: TestHouse
let rows = 2_000

beforeAll(async () => {
  house = await openTestHouse({
    policies: (text) => text.replace('@timeout("8s") @escalate("cfo-office after 2s")', '@timeout("1s")'),
  })
}, 60_000)
afterAll(() => house.close())

/** An export that nobody has asked for yet. */
const newExport = () => exportOf(++rows)
const exportsRun = () => house.demo.company.log().filter(({ did }) => did === 'finance.export.begun').length
const stateOf = async (id: string) => (await house.question(id)).state

describe('a grant', () => {
  async function granted() {
    const step = exportOf(++rows)
    const question = await house.question(await house.act(step))
    expect((await house.sign('ben', question)).status).toBe(200)
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
      const told = await house.act(exportOf(signed, change))
      expect([JSON.stringify(change), told.status === 200]).toEqual([JSON.stringify(change), false])
      expect(told.approval).not.toBe(question.id)
    }
    expect(exportsRun()).toBe(before)
    expect(await stateOf(question.id)).toBe('granted')
    expect((await house.act(step)).status).toBe(200)
  })

  it('is spent once, however many come for it at the same moment (P6)', async () => {
    const { step, question } = await granted()
    const before = exportsRun()
    const runs = await Promise.all(Array.from({ length: 12 }, () => house.act(step)))
    expect(runs.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(exportsRun()).toBe(before + 1)
    expect(await stateOf(question.id)).toBe('spent')
  })

  it('is nobody else’s: not another agent’s, not one of the same group, not one of the same owner (P1)', async () => {
    const { step, question } = await granted()
    const before = exportsRun()
    const ana = (await house.demo.house.store.people.list()).find(({ subject }) => subject === 'ana')
    const what = { name: 'Twin', owner: ana?.id ?? '', team: 'finance-controllers', groups: ['finance-agents'] }
    const twin = await enrolAgent(house.demo.house.store, { id: 'twin-bot', environment: 'prod', ...what }, 'house')

    expect(await house.act(step, { key: house.demo.keys['ml-bot'] })).toMatchObject({ status: 403 })
    const told = await house.act(step, { key: twin.secret })
    expect(told.status).toBe(428)
    expect(told.approval).not.toBe(question.id)
    expect(exportsRun()).toBe(before)
    expect(await stateOf(question.id)).toBe('granted')
  })

  it('is not given by a second person after a rejection, nor by the first one again (P7)', async () => {
    const step = newExport()
    const question = await house.question(await house.act(step))
    expect((await house.sign('ben', question, 'reject')).status).toBe(200)
    expect(codeOf(await house.sign('ben', question))).toBe('ERR_APPROVAL_SETTLED')
    expect(await house.act(step)).toMatchObject({ status: 403, approval: question.id })
    expect(await stateOf(question.id)).toBe('rejected')
  })

  it('is not given after the question has expired, and nothing runs (P7)', async () => {
    const told = await house.act(steps['grant-itself'])
    const question = await house.question(told, 'cleo')
    await until(
      () => house.question(told, 'cleo'),
      ({ state }) => state !== 'open',
    )
    const late = await house.sign('cleo', question)
    expect([late.status, codeOf(late)]).toEqual([409, 'ERR_APPROVAL_EXPIRED'])
    expect(house.demo.company.log().filter(({ did }) => did === 'role.granted')).toEqual([])
  })
})

describe('a question', () => {
  it('is nobody’s business but of the agent that asked it', async () => {
    const { approval = '' } = await house.act(newExport())
    const asked = (key: string) =>
      knock(`${house.demo.gatewayUrl}/.countersign/questions/${approval}`, {
        headers: { authorization: `Bearer ${key}` },
      })
    expect(await asked(house.demo.keys['finance-bot'])).toMatchObject({ status: 200, body: { state: 'open' } })
    const other = await asked(house.demo.keys['ml-bot'])
    expect(other.status).toBe(404)
    expect(other.text).not.toContain('finance')

    const mine = await openMcp(house.url, house.demo.keys['finance-bot'])
    expect(await mine.call('countersign_wait', { approval, seconds: 0 })).toContain('Still waiting')
    const stranger = await openMcp(house.url, house.demo.keys['ml-bot'])
    expect(await stranger.call('countersign_wait', { approval, seconds: 0 })).toBe('There is no such approval.')
  })

  it('is not shown to a person whom it does not concern', async () => {
    const { approval } = await house.act(steps['promote'])
    const heard = await knock(`${house.url}/api/approvals/${approval}`, {
      headers: { cookie: house.people.ben.cookies('/api/approvals') },
    })
    expect([heard.status, heard.body['code']]).toEqual([404, 'ERR_APPROVAL_UNKNOWN'])
  })
})

describe('a key', () => {
  const read = (key: string): Promise<Heard> =>
    knock(`${house.demo.gatewayUrl}/company/finance/orders?limit=1`, { headers: { authorization: `Bearer ${key}` } })
  const hello = (key: string) =>
    knock(`${house.url}/mcp/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    })

  it.each<[string, () => Promise<string> | string]>([
    ['never issued', () => `csk_${'A'.repeat(43)}`],
    ['cut short', () => house.demo.keys['ml-bot'].slice(0, -1)],
    ['not a key', () => 'admin'],
    ['expired', () => keyThatExpired()],
    ['revoked', () => keyThatWasRevoked()],
    ['replaced, its overlap over', () => keyThatWasReplaced()],
  ])('opens nothing: %s', async (_, keyOf) => {
    const key = await keyOf()
    const http = await read(key)
    expect([http.status, http.body['type']]).toEqual([401, 'urn:countersign:error:ERR_AGENT_UNKNOWN'])
    expect((await hello(key)).status).toBe(401)
    expect(http.text + JSON.stringify(house.lines)).not.toContain(key)
  })

  const what = async (id: string) => {
    const ana = (await house.demo.house.store.people.list()).find(({ subject }) => subject === 'ana')
    return { id, name: id, owner: ana?.id ?? '', team: 'security-admins', groups: [], environment: 'prod' }
  }

  async function keyThatExpired(): Promise<string> {
    const { secret } = await enrolAgent(house.demo.house.store, await what('old-bot'), 'house', 1)
    return secret
  }

  async function keyThatWasRevoked(): Promise<string> {
    const { store } = house.demo.house
    const { agent, secret } = await enrolAgent(store, await what('revoked-bot'), 'house')
    expect((await read(secret)).status).toBe(200)
    const revoked = revoke(agent, { keyId: agent.keys[0]?.id ?? '', now: store.clock.now() }, 'house')
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'key-revoked', by: 'house', agent: revoked }] })
    return secret
  }

  async function keyThatWasReplaced(): Promise<string> {
    const { store } = house.demo.house
    const { agent, secret } = await enrolAgent(store, await what('rotated-bot'), 'house')
    const { key, secret: next } = issueKey(store.clock, { expiresInMs: 60_000 })
    const rotated = rotate(agent, { key, overlapMs: 0, now: store.clock.now() }, 'house')
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'key-issued', by: 'house', agent: rotated }] })
    expect((await read(next)).status).toBe(200)
    return secret
  }
})

describe('an agent that was stopped (P15)', () => {
  it('does nothing at any door, its grant is void, and whoever stopped it cannot start it', async () => {
    const step = newExport()
    const question = await house.question(await house.act(step))
    await house.sign('ben', question)
    const mcp = await openMcp(house.url, house.demo.keys['finance-bot'])
    const before = exportsRun()

    expect((await house.people.ben.post('/api/agents/finance-bot/stop', { because: 'odd' })).status).toBe(200)
    expect((await house.act(step)).status).toBe(403)
    expect((await house.act(newExport())).text).toContain('stopped')
    expect(await mcp.call('write_file', { path: 'x', content: 'x' })).toMatch(/^NOT EXECUTED.*stopped/)
    expect(await stateOf(question.id)).toBe('voided')
    expect(exportsRun()).toBe(before)

    expect((await house.people.ben.post('/api/agents/finance-bot/start', {})).status).toBe(403)
    expect((await house.people.ana.post('/api/agents/finance-bot/start', {})).status).toBe(403)
    const { socketPath } = house
    const byHand = await knock('http://house/agents/finance-bot/start', { socketPath, method: 'POST', body: '{}' })
    expect(byHand.status).toBe(404)
    expect((await house.act(step)).status).toBe(403)

    expect((await house.people.cleo.post('/api/agents/finance-bot/start', {})).status).toBe(200)
    const again = await house.act(step)
    expect(again.status).toBe(428)
    expect(again.approval).not.toBe(question.id)
  })

  it('G16: stopping as Cleo is no dead end in the demo: another person can start it again', async () => {
    const post = (who: 'cleo' | 'eve', what: string) => house.people[who].post(`/api/agents/ops-bot/${what}`, {})
    expect((await post('cleo', 'stop')).status).toBe(200)
    expect((await post('cleo', 'start')).status).toBe(403)
    expect((await post('eve', 'start')).status).toBe(200)
  })
})

it('all of it stands in a ledger that adds up (P11)', async () => {
  expect((await house.verify()).problems).toEqual([])
  expect(house.lines.filter(({ level }) => level === 'error')).toEqual([])
})
