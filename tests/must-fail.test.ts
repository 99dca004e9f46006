/**
 * Everything that must not count as a signature, tried over the real gateways.
 *
 * @module
 */
import { createAsk, createProgram, type Terminal, product, Stopped } from '@countersign/cli'
import { openBrowser, type Told } from '@countersign/demo'
import type { ApprovalView } from '@countersign/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { knock, openMcp } from './knock.ts'
import { exportOf, openTestInstance, type TestInstance, until } from './instance.ts'

let instance: TestInstance
let rows = 2_000

beforeAll(async () => {
  instance = await openTestInstance()
}, 60_000)
afterAll(() => instance.close())

/** An export that nobody has asked for yet. */
const newExport = () => exportOf(++rows)
const exportsRun = () => instance.demo.company.log().filter(({ did }) => did === 'finance.export.begun').length
const stateOf = async (id: string) => (await instance.question(id)).state

describe('a signature that is not given by a person who was asked, in their own browser (P3, P4)', () => {
  let question: ApprovalView
  let told: Told
  let before: number
  const step = newExport()

  beforeAll(async () => {
    before = exportsRun()
    told = await instance.act(step)
    question = await instance.question(told)
  })
  afterAll(async () => {
    expect(await stateOf(question.id)).toBe('open')
    expect((await instance.question(question.id)).signatures).toEqual([])
    expect(await instance.act(step)).toMatchObject({ status: 428, approval: told.approval })
    expect(exportsRun()).toBe(before)
  })

  const ours = (person: 'ana' | 'ben' | 'eve' = 'ben') => ({
    origin: instance.url,
    'sec-fetch-site': 'same-origin',
    'countersign-browser': instance.people[person].browserBinding(),
  })
  const cookieOf = (person: 'ana' | 'ben' | 'eve' = 'ben') => instance.people[person].cookies('/api/approvals')
  const key = () => ({ authorization: `Bearer ${instance.demo.keys['finance-bot']}` })

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
    [
      'Ben’s cookie, as another program on his machine would get it from his browser',
      403,
      'ERR_WINDOW',
      () => ({ headers: { origin: instance.url, 'sec-fetch-site': 'same-origin', cookie: cookieOf() } }),
    ],
    [
      'Ben’s cookie with the key of Eve’s window',
      403,
      'ERR_WINDOW',
      () => ({ headers: { ...ours('eve'), cookie: cookieOf() } }),
    ],
    ['no Origin', 403, 'ERR_ORIGIN', () => ({ headers: { cookie: cookieOf() } })],
    [
      'another name for this deployment (DNS rebinding)',
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
        headers: { ...ours('eve'), cookie: cookieOf('eve') },
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
    ['the agent’s owner', 403, 'ERR_SELF_APPROVAL', () => ({ headers: { ...ours('ana'), cookie: cookieOf('ana') } })],
    [
      'someone whom nobody asked',
      403,
      'ERR_APPROVER_NOT_ASKED',
      () => ({ headers: { ...ours('eve'), cookie: cookieOf('eve') } }),
    ],
  ])('is refused: %s', async (_, status, code, how) => {
    const { headers = {}, body = { verdict: 'approve', shown: question.shown } } = how()
    const heard = await knock(`${instance.url}/api/approvals/${question.id}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    expect([heard.status, heard.body['code']]).toEqual([status, code])
    expect(heard.headers['content-type']).toBe('application/problem+json')
  })

  it('is refused: a session that was signed out', async () => {
    const ben = openBrowser(instance.url)
    await ben.signIn('ben')
    const cookie = ben.cookies('/api/approvals')
    await ben.post('/sign-out', {})
    const heard = await knock(`${instance.url}/api/approvals/${question.id}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ours(), cookie },
      body: JSON.stringify({ verdict: 'approve', shown: question.shown }),
    })
    expect([heard.status, heard.body['code']]).toEqual([401, 'ERR_SIGNED_OUT'])
  })

  it('is refused: a request that only looks', async () => {
    const cookie = cookieOf()
    const path = `${instance.url}/api/approvals/${question.id}/signatures`
    const query = new URLSearchParams({ verdict: 'approve', shown: question.shown }).toString()
    expect((await knock(`${path}?${query}`, { headers: { cookie } })).status).toBe(404)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const headers = { 'content-type': 'application/json', ...ours(), cookie }
      expect((await knock(path, { method, headers, body: '{}' })).status).toBe(404)
    }
  })

  it.each(['POST', 'PUT', 'PATCH'])('is not on offer at the operator’s socket: %s', async (method) => {
    const { socketPath } = instance
    const body = JSON.stringify({ verdict: 'approve', shown: question.shown, person: 'ben' })
    const headers = { 'content-type': 'application/json' }
    const actions = ['', '/signatures', '/sign', '/approve', '/escalate', '/grant']
    for (const action of actions) {
      const path = `http://countersign/approvals/${question.id}${action}`
      expect((await knock(path, { socketPath, method, headers, body })).status).toBe(404)
    }
  })

  it('is not made by `countersign approve`, which waits for a person and says what they said', async () => {
    const ask = await instance.act(newExport())
    const asked = await instance.question(ask)
    const said: string[] = []
    const muttered: string[] = []
    const program = createProgram(handOf(said, muttered))
    const done = program.parseAsync(['node', 'countersign', 'approve', asked.id, '--data', instance.dataDir]).then(
      () => 0,
      (error: unknown) => (error instanceof Stopped ? error.exitCode : error),
    )
    await until(
      () => muttered.length,
      (count) => count > 0,
    )
    expect(muttered.join('')).toContain(`${instance.url}/approvals/${asked.id}`)
    expect(await stateOf(asked.id)).toBe('open')
    await instance.sign('ben', asked, 'reject')
    expect(await done).toBe(3)
    expect(said.join('')).toContain('rejected')
  })

  it('is not on offer to agents over MCP', async () => {
    const mcp = await openMcp(instance.url, instance.demo.keys['finance-bot'])
    const { body } = await mcp.post({ id: 'tools', method: 'tools/list' })
    const names = (body['result'] as { tools: { name: string }[] }).tools.map(({ name }) => name)
    expect(names.filter((name) => /countersign/.test(name))).toEqual(['countersign_wait'])
    expect(await mcp.call('countersign_approve', { approval: question.id })).toMatch(/^NOT EXECUTED/)
  })
})

it('all of it stands in a ledger that adds up (P11)', async () => {
  expect((await instance.verify()).problems).toEqual([])
  expect(instance.lines.filter(({ level }) => level === 'error')).toEqual([])
})

function handOf(said: string[], muttered: string[]): Terminal {
  return {
    env: {},
    cwd: instance.dataDir,
    root: false,
    watched: false,
    product,
    say: (text) => void said.push(text),
    mutter: (text) => void muttered.push(text),
    ask: createAsk,
    stopped: () => Promise.resolve(),
  }
}
