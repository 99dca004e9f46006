import { createIdentify, issueKey, register } from '@countersign/identity'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Approval, type ApprovalView, byPerson, bySystem, type Person } from '@countersign/schema'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let owner: Person
let controller: Person
let cookie: string
let question: Approval

beforeEach(async () => {
  rig = await createRig()
  owner = await rig.person('owner', { groups: ['finance-controllers'] })
  controller = await rig.person('controller', { groups: ['finance-controllers'] })
  cookie = await rig.cookieOf(controller)
  question = await rig.ask(await rig.agent(owner))
})
afterEach(() => rig.close())

const path = () => `/api/approvals/${question.id}/signatures`
const approve = () => ({ verdict: 'approve', shown: question.shown })
const state = async () => (await rig.store.approvals.get(question.id))?.state

describe('a countersignature from the console', () => {
  it('grants the question, with the session’s ID token as proof', async () => {
    const response = await rig.post(path(), cookie, { ...approve(), reason: 'month end' })
    expect(response.status).toBe(200)
    const view = (await response.json()) as ApprovalView
    expect(view.state).toBe('granted')
    expect(view.signatures).toMatchObject([
      { person: { name: 'controller' }, assurance: 'session', channel: 'console' },
    ])
    const stored = await rig.store.approvals.get(question.id)
    expect(stored?.signatures[0]?.proof).toEqual({ kind: 'id-token', token: 'e30.e30.sig', keys: '{"keys":[]}' })
  })

  it('is fresh only within five minutes of a sign-in that asked for it', async () => {
    const asks = await rig.ask((await rig.store.agents.get('reporter'))!, { assurance: 'fresh' })
    const sign = async (with_: string) =>
      rig.post(`/api/approvals/${asks.id}/signatures`, with_, { verdict: 'approve', shown: asks.shown })
    const late = await rig.cookieOf(controller, { authTime: rig.clock.now() - 5 * 60_000 - 1 })
    const ahead = await rig.cookieOf(controller, { authTime: rig.clock.now() + 3_600_000 })
    for (const stale of [cookie, late, ahead]) expect(await codeOf(await sign(stale))).toBe('ERR_ASSURANCE_TOO_LOW')
    expect((await sign(await rig.cookieOf(controller, { authTime: rig.clock.now() - 5 * 60_000 }))).status).toBe(200)
  })

  it('by the owner is refused and recorded (P3)', async () => {
    const response = await rig.post(path(), await rig.cookieOf(owner), approve())
    expect(await codeOf(response)).toBe('ERR_SELF_APPROVAL')
    expect((await rig.facts()).at(-1)).toEqual({
      kind: 'signature.refused',
      by: byPerson(owner.id),
      approval: question.id,
      code: 'ERR_SELF_APPROVAL',
      channel: 'console',
    })
    expect(await state()).toBe('open')
  })

  it('over another card than the one shown is refused (P9)', async () => {
    const response = await rig.post(path(), cookie, { ...approve(), shown: 'a'.repeat(64) })
    expect([response.status, await codeOf(response)]).toEqual([409, 'ERR_CARD_CHANGED'])
  })

  it('sent again changes nothing', async () => {
    await rig.post(path(), cookie, approve())
    const again = await rig.post(path(), cookie, approve())
    expect([again.status, await codeOf(again)]).toEqual([409, 'ERR_APPROVAL_SETTLED'])
    expect((await rig.store.approvals.get(question.id))?.signatures).toHaveLength(1)
  })

  it('after the time is up is refused (P7)', async () => {
    rig.clock.at = question.expiresAt
    const response = await rig.post(path(), await rig.cookieOf(controller), approve())
    expect(await codeOf(response)).toBe('ERR_APPROVAL_EXPIRED')
  })

  it('by someone whose question it is not finds nothing', async () => {
    const stranger = await rig.cookieOf(await rig.person('stranger', { groups: ['other'] }))
    const missing = await rig.post(path(), stranger, approve())
    expect([missing.status, await codeOf(missing)]).toEqual([404, 'ERR_APPROVAL_UNKNOWN'])
  })

  it('does not come from a role: administrators who are not asked are refused', async () => {
    const roles = ['policy', 'identity', 'operations', 'auditor', 'privacy'] as const
    const admin = await rig.cookieOf(await rig.person('admin', { roles: [...roles] }))
    expect(await codeOf(await rig.post(path(), admin, approve()))).toBe('ERR_APPROVER_NOT_ASKED')
  })
})

describe('machines never approve (P4)', () => {
  const headers = (more: Record<string, string | undefined>): Headers => {
    const all = { ...rig.ofConsole(cookie), ...more }
    return new Headers(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined))
  }

  it.each<[string, () => Record<string, string | undefined>, number, string]>([
    ['a bearer token', () => ({ cookie: undefined, authorization: 'Bearer abc' }), 401, 'ERR_TOKEN_REFUSED'],
    ['a bearer token beside a good cookie', () => ({ authorization: 'Bearer abc' }), 401, 'ERR_TOKEN_REFUSED'],
    ['basic credentials', () => ({ authorization: 'Basic YTpi' }), 401, 'ERR_TOKEN_REFUSED'],
    ['an empty authorization', () => ({ authorization: '' }), 401, 'ERR_TOKEN_REFUSED'],
    ['no session', () => ({ cookie: undefined }), 401, 'ERR_SIGNED_OUT'],
    ['a forged session', () => ({ cookie: `countersign=${'A'.repeat(43)}` }), 401, 'ERR_SIGNED_OUT'],
    ['the session twice', () => ({ cookie: `${cookie}; ${cookie}` }), 401, 'ERR_SIGNED_OUT'],
    ['a session id that is an account', () => ({ cookie: `countersign=${controller.id}` }), 401, 'ERR_SIGNED_OUT'],
    ['the cookie without the window’s key', () => ({ 'countersign-browser': undefined }), 403, 'ERR_WINDOW'],
    ['the key of another window', () => ({ 'countersign-browser': 'A'.repeat(43) }), 403, 'ERR_WINDOW'],
    ['another site', () => ({ origin: 'https://evil.example' }), 403, 'ERR_ORIGIN'],
    ['another port', () => ({ origin: 'http://localhost:4601' }), 403, 'ERR_ORIGIN'],
    ['another scheme', () => ({ origin: 'https://localhost:4600' }), 403, 'ERR_ORIGIN'],
    ['an opaque origin', () => ({ origin: 'null' }), 403, 'ERR_ORIGIN'],
    ['no origin', () => ({ origin: undefined }), 403, 'ERR_ORIGIN'],
    ['no origin, and a friendly site', () => ({ origin: undefined, 'sec-fetch-site': 'none' }), 403, 'ERR_ORIGIN'],
    ['a sister site', () => ({ 'sec-fetch-site': 'same-site' }), 403, 'ERR_ORIGIN'],
    ['a form', () => ({ 'content-type': 'text/plain' }), 415, 'ERR_INPUT_TYPE'],
    ['no type', () => ({ 'content-type': undefined }), 415, 'ERR_INPUT_TYPE'],
  ])('%s does not sign', async (_, more, status, code) => {
    const body = new TextEncoder().encode(JSON.stringify(approve()))
    const response = await rig.call(path(), { method: 'POST', headers: headers(more()), body })
    expect([response.status, await codeOf(response)]).toEqual([status, code])
    expect(await state()).toBe('open')
  })

  it('an agent’s own key, good as it is elsewhere, opens nothing under /api', async () => {
    const { key, secret } = issueKey(rig.clock, { expiresInMs: 60_000 })
    const agent = register(
      { id: 'robot', name: 'R', owner: owner.id, team: 't', groups: [], environment: 'dev', key },
      owner.id,
    )
    await rig.store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by: byPerson(owner.id), agent }] })
    const identify = createIdentify(rig.store, rig.clock)
    const at = { resource: 'https://mcp.example', source: undefined }
    expect((await identify({ kind: 'bearer', token: secret }, at)).agent.id).toBe('robot')
    for (const route of ['/api/me', '/api/approvals', path(), '/api/no-such-thing']) {
      const response = await rig.call(route, { headers: { authorization: `Bearer ${secret}` } })
      expect([response.status, await codeOf(response)]).toEqual([401, 'ERR_TOKEN_REFUSED'])
    }
    expect((await rig.get('/api/me', `countersign=${secret}`)).status).toBe(401)
  })

  it('someone who left is signed out everywhere at once (P5)', async () => {
    const left = { ...controller, version: 2, active: false }
    await rig.store.commit({ facts: [{ kind: 'person.changed', change: 'roles', by: bySystem, person: left }] })
    expect(await codeOf(await rig.post(path(), cookie, approve()))).toBe('ERR_SIGNED_OUT')
  })
})

describe('reject and stop this agent (P15)', () => {
  it('does both in one click', async () => {
    const response = await rig.post(path(), cookie, {
      verdict: 'reject',
      reason: 'no',
      shown: question.shown,
      stop: true,
    })
    expect(response.status).toBe(200)
    expect((await rig.store.agents.get('reporter'))?.status).toBe('stopped')
    expect(await state()).toBe('rejected')
  })

  it('stops first, so that whoever sees it rejected finds the agent stopped, and takes back the rest', async () => {
    const other = await rig.ask((await rig.store.agents.get('reporter'))!)
    await rig.post(path(), cookie, { verdict: 'reject', shown: question.shown, stop: true })
    expect((await rig.facts()).slice(-3)).toMatchObject([
      { kind: 'agent.changed', change: 'stopped', by: byPerson(controller.id) },
      { kind: 'approval.changed', change: 'rejected', by: byPerson(controller.id), approval: { id: question.id } },
      { kind: 'approval.changed', change: 'cancelled', by: byPerson(controller.id), approval: { id: other.id } },
    ])
  })

  it('stops even if someone else answered first', async () => {
    await rig.post(path(), cookie, approve())
    const response = await rig.post(path(), cookie, { verdict: 'reject', shown: question.shown, stop: true })
    expect(await response.json()).toMatchObject({ code: 'ERR_APPROVAL_SETTLED', detail: 'The agent is stopped.' })
    expect((await rig.store.agents.get('reporter'))?.status).toBe('stopped')
    expect(await state()).toBe('voided')
  })

  it('does not go with an approval', async () => {
    expect((await rig.post(path(), cookie, { ...approve(), stop: true })).status).toBe(400)
    expect((await rig.store.agents.get('reporter'))?.status).toBe('active')
  })
})

describe('escalation', () => {
  it('H8: to the agent’s team: whoever is in it sees the question, before and after', async () => {
    const agent = (await rig.store.agents.get('reporter'))!
    const mate = await rig.cookieOf(await rig.person('mate', { groups: [agent.team] }))
    const asks = await rig.ask(agent, { escalate: { to: 'agent-team', afterMs: 900_000 } })
    expect((await rig.get(`/api/approvals/${asks.id}`, mate)).status).toBe(200)
    await rig.post(`/api/approvals/${asks.id}/escalate`, cookie, {})
    const view = (await (await rig.get(`/api/approvals/${asks.id}`, mate)).json()) as ApprovalView
    expect([view.groups.includes(agent.team), view.maySign.map(({ name }) => name).includes('mate')]).toEqual([
      true,
      true,
    ])
  })

  it('adds the further group, once', async () => {
    const agent = (await rig.store.agents.get('reporter'))!
    const asks = await rig.ask(agent, { escalate: { to: 'cfo-office', afterMs: 900_000 } })
    const to = `/api/approvals/${asks.id}/escalate`
    expect(await codeOf(await rig.post(to, cookie, { version: 7 }))).toBe('ERR_STORE_CONFLICT')
    const view = (await (await rig.post(to, cookie, { version: 1 })).json()) as ApprovalView
    expect(view.signOffs[0]?.from).toEqual(['finance-controllers', 'cfo-office'])
    expect(view.mayEscalate).toBe(false)
    expect(await codeOf(await rig.post(to, cookie, {}))).toBe('ERR_NO_ESCALATION')
  })
})
