/**
 * What must not happen, tried over the real doors.
 *
 * @module
 */
import { createAsk, createProgram, type Hand, product, Stopped } from '@countersign/cli'
import { issueKey, revoke, rotate } from '@countersign/identity'
import { enrolAgent } from '@countersign/server'
import { openBrowser, steps, type Told } from '@countersign/demo'
import type { QuestionView } from '@countersign/schema'
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

describe('a signature that is not given by a person who was asked, in their own browser (P3, P4)', () => {
  let question: QuestionView
  let told: Told
  let before: number
  const step = newExport()

  beforeAll(async () => {
    before = exportsRun()
    told = await house.act(step)
    question = await house.question(told)
  })
  afterAll(async () => {
    expect(await stateOf(question.id)).toBe('open')
    expect((await house.question(question.id)).signatures).toEqual([])
    expect(await house.act(step)).toMatchObject({ status: 202, approval: told.approval })
    expect(exportsRun()).toBe(before)
  })

  const ours = () => ({ origin: house.url, 'sec-fetch-site': 'same-origin' })
  const cookieOf = (person: 'ana' | 'ben' | 'eve' = 'ben') => house.people[person].cookies('/api/approvals')
  const key = () => ({ authorization: `Bearer ${house.demo.keys['finance-bot']}` })

  /** Everything is right but what the row says. */
  it.each<[string, number, string, () => { headers?: Record<string, string>; body?: object }]>([
    ['no cookie', 401, 'ERR_SIGNED_OUT', () => ({ headers: ours() })],
    ['the agent’s own key', 401, 'ERR_TOKEN_REFUSED', () => ({ headers: { ...ours(), ...key() } })],
    [
      'a good cookie with the agent’s key beside it',
      401,
      'ERR_TOKEN_REFUSED',
      () => ({ headers: { ...ours(), ...key(), cookie: cookieOf() } }),
    ],
    [
      'a token of another kind beside a good cookie',
      401,
      'ERR_TOKEN_REFUSED',
      () => ({ headers: { ...ours(), authorization: 'Basic YmVuOmJlbg==', cookie: cookieOf() } }),
    ],
    [
      'a session that nobody opened',
      401,
      'ERR_SIGNED_OUT',
      () => ({ headers: { ...ours(), cookie: cookieOf().replace(/[^=;]+(?=;|$)/g, (id) => 'A'.repeat(id.length)) } }),
    ],
    ['a cookie cut short', 401, 'ERR_SIGNED_OUT', () => ({ headers: { ...ours(), cookie: cookieOf().slice(0, -1) } })],
    [
      'a cookie with more at its end',
      401,
      'ERR_SIGNED_OUT',
      () => ({ headers: { ...ours(), cookie: `${cookieOf()}A` } }),
    ],
    [
      'a page of another site',
      403,
      'ERR_ORIGIN',
      () => ({ headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', cookie: cookieOf() } }),
    ],
    [
      'another port of this machine',
      403,
      'ERR_ORIGIN',
      () => ({ headers: { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site', cookie: cookieOf() } }),
    ],
    ['a page without an origin', 403, 'ERR_ORIGIN', () => ({ headers: { origin: 'null', cookie: cookieOf() } })],
    ['no Origin', 403, 'ERR_ORIGIN', () => ({ headers: { cookie: cookieOf() } })],
    [
      'another name for this house (DNS rebinding)',
      421,
      'ERR_HOST',
      () => ({ headers: { ...ours(), host: 'evil.example', cookie: cookieOf() } }),
    ],
    [
      'the hash of another card',
      409,
      'ERR_CARD_CHANGED',
      () => ({ headers: { ...ours(), cookie: cookieOf() }, body: { verdict: 'approve', shown: 'ab'.repeat(32) } }),
    ],
    [
      'another signer named in the body',
      400,
      'ERR_INPUT_INVALID',
      () => ({
        headers: { ...ours(), cookie: cookieOf('eve') },
        body: { verdict: 'approve', shown: question.shown, person: 'ben' },
      }),
    ],
    [
      'a better assurance named in the body',
      400,
      'ERR_INPUT_INVALID',
      () => ({
        headers: { ...ours(), cookie: cookieOf() },
        body: { verdict: 'approve', shown: question.shown, assurance: 'passkey' },
      }),
    ],
    ['the agent’s owner', 403, 'ERR_SELF_APPROVAL', () => ({ headers: { ...ours(), cookie: cookieOf('ana') } })],
    [
      'someone whom nobody asked',
      403,
      'ERR_APPROVER_NOT_ASKED',
      () => ({ headers: { ...ours(), cookie: cookieOf('eve') } }),
    ],
  ])('is refused: %s', async (_, status, code, how) => {
    const { headers = {}, body = { verdict: 'approve', shown: question.shown } } = how()
    const heard = await knock(`${house.url}/api/approvals/${question.id}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    expect([heard.status, heard.body['code']]).toEqual([status, code])
    expect(heard.headers['content-type']).toBe('application/problem+json')
  })

  it('is refused: a session that was signed out', async () => {
    const ben = openBrowser(house.url)
    await ben.signIn('ben')
    const cookie = ben.cookies('/api/approvals')
    await ben.post('/sign-out', {})
    const heard = await knock(`${house.url}/api/approvals/${question.id}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ours(), cookie },
      body: JSON.stringify({ verdict: 'approve', shown: question.shown }),
    })
    expect([heard.status, heard.body['code']]).toEqual([401, 'ERR_SIGNED_OUT'])
  })

  it('is refused: a request that only looks', async () => {
    const cookie = cookieOf()
    const path = `${house.url}/api/approvals/${question.id}/signatures`
    const query = new URLSearchParams({ verdict: 'approve', shown: question.shown }).toString()
    expect((await knock(`${path}?${query}`, { headers: { cookie } })).status).toBe(404)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const headers = { 'content-type': 'application/json', ...ours(), cookie }
      expect((await knock(path, { method, headers, body: '{}' })).status).toBe(404)
    }
  })

  it.each(['POST', 'PUT', 'PATCH'])('is not on offer at the operator’s socket: %s', async (method) => {
    const { socketPath } = house
    const body = JSON.stringify({ verdict: 'approve', shown: question.shown, person: 'ben' })
    const headers = { 'content-type': 'application/json' }
    const actions = ['', '/signatures', '/sign', '/approve', '/escalate', '/grant']
    for (const action of actions) {
      const path = `http://house/approvals/${question.id}${action}`
      expect((await knock(path, { socketPath, method, headers, body })).status).toBe(404)
    }
  })

  it('is not made by `countersign approve`, which waits for a person and says what they said', async () => {
    const ask = await house.act(newExport())
    const asked = await house.question(ask)
    const said: string[] = []
    const muttered: string[] = []
    const program = createProgram(handOf(said, muttered))
    const done = program.parseAsync(['node', 'countersign', 'approve', asked.id, '--data', house.dataDir]).then(
      () => 0,
      (error: unknown) => (error instanceof Stopped ? error.exitCode : error),
    )
    await until(
      () => muttered.length,
      (count) => count > 0,
    )
    expect(muttered.join('')).toContain(`${house.url}/approvals/${asked.id}`)
    expect(await stateOf(asked.id)).toBe('open')
    await house.sign('ben', asked, 'reject')
    expect(await done).toBe(3)
    expect(said.join('')).toContain('rejected')
  })

  it('is not on offer to agents over MCP', async () => {
    const mcp = await openMcp(house.url, house.demo.keys['finance-bot'])
    const { body } = await mcp.post({ id: 'tools', method: 'tools/list' })
    const names = (body['result'] as { tools: { name: string }[] }).tools.map(({ name }) => name)
    expect(names.filter((name) => /countersign/.test(name))).toEqual(['countersign_wait'])
    expect(await mcp.call('countersign_approve', { approval: question.id })).toMatch(/^NOT EXECUTED/)
  })
})

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
    expect(told.status).toBe(202)
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
    expect(again.status).toBe(202)
    expect(again.approval).not.toBe(question.id)
  })
})

it('all of it stands in a ledger that adds up (P11)', async () => {
  expect((await house.verify()).problems).toEqual([])
  expect(house.lines.filter(({ level }) => level === 'error')).toEqual([])
})

function handOf(said: string[], muttered: string[]): Hand {
  return {
    env: {},
    cwd: house.dataDir,
    root: false,
    watched: false,
    product,
    say: (text) => void said.push(text),
    mutter: (text) => void muttered.push(text),
    ask: createAsk,
    stopped: () => Promise.resolve(),
  }
}
