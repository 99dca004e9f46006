import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type AgentList,
  type AgentView,
  byPerson,
  type IssuedKey,
  type Person,
  type Problem,
} from '@countersign/schema'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let owner: Person
let admin: Person
let cookie: string

beforeEach(async () => {
  rig = await createRig()
  owner = await rig.person('owner')
  admin = await rig.person('admin', { roles: ['identity'], groups: ['finance-controllers'] })
  cookie = await rig.cookieOf(admin)
})
afterEach(() => rig.close())

const input = (more: object = {}) => ({
  id: 'new-agent',
  name: 'New',
  owner: owner.id,
  team: 'data-platform',
  environment: 'prod',
  ...more,
})

describe('G4: an agent has a team and groups that there are', () => {
  it.each<[string, object, RegExp]>([
    ['a team', { team: 'data-platfrom' }, /no group data-platfrom\. There are: data-platform, finance-controllers/],
    ['a group', { groups: ['reporter'] }, /no agent group reporter\. There are: reporters\./],
    ['a person', { owner: 'per_nobody' }, /known|knows/],
  ])('registering refuses %s that nobody knows, and says who is', async (_, wrong, says) => {
    const response = await rig.post('/api/agents', cookie, input(wrong))
    const { detail } = (await response.json()) as Problem
    expect([response.status >= 400, detail]).toEqual([true, expect.stringMatching(says)])
    expect(await rig.store.agents.list()).toEqual([])
  })

  it('a group that someone signed in with is one', async () => {
    await rig.person('clerk', { groups: ['clerks'] })
    expect((await rig.post('/api/agents', cookie, input({ team: 'clerks' }))).status).toBe(200)
  })

  it('the list tells those who may register one what there is, and nobody else', async () => {
    const known = async (who: string) => ((await (await rig.get('/api/agents', who)).json()) as AgentList).known
    expect(await known(cookie)).toEqual({ teams: ['data-platform', 'finance-controllers'], agentGroups: ['reporters'] })
    expect(await known(await rig.cookieOf(owner))).toEqual({ teams: [], agentGroups: [] })
  })
})

describe('G4: an id is for good, the rest can be changed', () => {
  const change = (what: object, who = cookie) => rig.post('/api/agents/reporter/change', who, what)

  it('name, owner, team, groups, environment; as a fact of its own', async () => {
    const made = await rig.agent(owner)
    const other = await rig.person('other owner')
    const what = {
      name: 'Nightly',
      owner: other.id,
      groups: ['reporters'],
      environment: 'dev',
      team: 'finance-controllers',
    }
    const view = (await (await change(what)).json()) as AgentView
    expect(view).toMatchObject({ ...what, id: made.id, owner: { id: other.id }, changedBy: { id: admin.id } })
    expect((await rig.facts()).at(-1)).toMatchObject({
      kind: 'agent.changed',
      change: 'changed',
      by: byPerson(admin.id),
    })
  })

  it.each<object>([
    {},
    { id: 'other' },
    { status: 'active' },
    { team: 'nobody' },
    { groups: ['x'] },
    { mode: 'observe' },
  ])('not %j', async (what) => {
    await rig.agent(owner)
    expect((await change(what)).status).toBe(400)
    expect((await rig.store.agents.get('reporter'))?.version).toBe(1)
  })

  it('P3: whoever changes it cannot sign for it any more', async () => {
    const asked = await rig.ask(await rig.agent(owner))
    const sign = () =>
      rig.post(`/api/approvals/${asked.id}/signatures`, cookie, { verdict: 'approve', shown: asked.shown })
    expect((await change({ name: 'Renamed by whom it asks' })).status).toBe(200)
    expect(await codeOf(await sign())).toBe('ERR_SELF_APPROVAL')
  })

  it('P3: nor when another administrator changes something else after that', async () => {
    const other = await rig.cookieOf(await rig.person('another admin', { roles: ['identity'] }))
    const made = await rig.agent(owner)
    expect((await change({ groups: ['reporters'] })).status).toBe(200)
    expect((await change({ name: 'Renamed', groups: ['reporters'] }, other)).status).toBe(200)
    const asked = await rig.ask((await rig.store.agents.get(made.id)) ?? made)
    const signing = rig.post(`/api/approvals/${asked.id}/signatures`, cookie, {
      verdict: 'approve',
      shown: asked.shown,
    })
    expect(await codeOf(await signing)).toBe('ERR_SELF_APPROVAL')
  })
})

describe('G4: retiring', () => {
  it('ends an agent for good: its questions, its keys, every way back', async () => {
    const { key } = (await (await rig.post('/api/agents', cookie, input())).json()) as IssuedKey
    const asked = await rig.ask((await rig.store.agents.get('new-agent'))!)
    const view = await (await rig.post('/api/agents/new-agent/retire', cookie, { because: 'done' })).json()
    expect(view).toMatchObject({
      status: 'retired',
      keys: [{ state: 'revoked' }],
      you: { mayChange: false, mayStop: false, mayStart: false, mayRetire: false },
    })
    expect((await rig.store.approvals.get(asked.id))?.state).toBe('cancelled')
    expect(await rig.facts()).toContainEqual(
      expect.objectContaining({ kind: 'agent.changed', change: 'retired', by: byPerson(admin.id), because: 'done' }),
    )
    const ops = await rig.cookieOf(await rig.person('ops', { roles: ['operations'] }))
    expect((await rig.post('/api/agents/new-agent/start', ops, {})).status).toBeGreaterThanOrEqual(403)
    for (const [path, body] of [
      ['/api/agents/new-agent/change', { name: 'Back' }],
      ['/api/agents/new-agent/keys', {}],
      ['/api/agents', input()],
    ] as const) {
      expect((await rig.post(path, cookie, body)).status).toBe(409)
    }
    expect(key).toMatch(/^csk_/)
  })
})

describe('G6: the key comes with lines that use it', () => {
  it('once, and in no fact', async () => {
    const { key, ready } = (await (await rig.post('/api/agents', cookie, input())).json()) as IssuedKey
    expect(ready[0]).toMatchObject({ where: 'terminal', text: `export COUNTERSIGN_KEY=${key}` })
    expect(JSON.stringify(await rig.facts())).not.toContain(key)
  })
})
