import { lstat, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStops, type Store } from '@countersign/core'
import { createMemoryStore } from '@countersign/stores'
import {
  asked,
  createManualClock,
  decided,
  personChanged,
  sampleAction,
  sampleOpen,
  samplePerson,
  sampleRecord,
} from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAll } from '../opened.ts'
import { policySet } from '../api/rig/policy.ts'
import { openOperatorSocket } from './operator.ts'
import { createPeopleKeeping } from '../people/people-keeping.ts'
import { createRoster } from '../agents/roster.ts'
import { standingOf } from './standing.ts'

describe('the operator’s socket', () => {
  let opened: ReturnType<typeof openAll>
  let folder: string
  let store: Store
  let reloads: number
  const ana = { ...samplePerson(), email: 'ana@acme.example' }
  beforeEach(async () => {
    opened = openAll()
    folder = await mkdtemp(join(tmpdir(), 'cs-'))
    store = createMemoryStore({ clock: createManualClock() })
    await store.commit({ facts: [personChanged(ana)] })
    reloads = 0
    await opened.add(
      openOperatorSocket(folder, {
        store,
        stops: createStops({ store }),
        roster: createRoster({
          store,
          stops: createStops({ store }),
          groups: () => ['team'],
          agentGroups: () => ['reporters'],
        }),
        keeping: createPeopleKeeping(store),
        localPeople: undefined,
        addresses: [{ gateway: 'mcp', name: 'files', address: 'http://countersign/mcp/files' }],
        url: 'http://countersign',
        vkey: 'v',
        standing: () =>
          standingOf({
            store,
            active: () => policySet,
            policies: () => ({ version: 'v1', at: 0, by: 'start', files: ['site.cedar'] }),
            concerns: () => [{ key: 'mcp/files', says: 'It is away.', since: 1 }],
            gateways: [{ gateway: 'mcp', name: 'files', observes: false }],
            groupRoles: {},
            provider: true,
            version: 'test',
          }),
        async reload() {
          reloads += 1
          return { kind: 'active', version: 'v2', changed: true }
        },
      }),
    )
  })
  afterEach(async () => {
    await opened.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const json = { 'content-type': 'application/json' }
  const ask = (method: string, path: string, body?: unknown) =>
    new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      request({ socketPath: join(folder, 'countersign.sock'), method, path, headers: json }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
        })
      })
        .once('error', reject)
        .end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    })

  const bot = { id: 'bot', owner: 'ana@acme.example', team: 'team' }

  it('is for whoever may open the data directory', async () => {
    expect((await lstat(join(folder, 'countersign.sock'))).mode & 0o777).toBe(0o600)
  })

  it('tells how the instance stands', async () => {
    expect((await ask('GET', '/status')).body).toMatchObject({
      url: 'http://countersign',
      vkey: 'v',
      origin: store.ledger.origin,
      version: 'test',
      entries: 1,
      policies: { version: 'v1', by: 'start', count: 1 },
      concerns: [{ key: 'mcp/files', says: 'It is away.', since: 1 }],
      people: 1,
      administrators: 0,
      agents: { active: 0, stopped: 0 },
      openQuestions: 0,
    })
  })

  it('names the sign-offs that nobody could serve, and no more once somebody could', async () => {
    await store.commit({ facts: [personChanged({ ...ana, groups: [], version: ana.version + 1 })] })
    const { body } = await ask('GET', '/status')
    const [signOff] = policySet.policies
    expect(body).toMatchObject({ unserved: [{ policy: signOff?.id, people: 0, quorum: signOff?.signOff?.quorum }] })
    for (const index of [1, 2, 3]) {
      await store.commit({
        facts: [
          personChanged({ ...samplePerson(), groups: [...(signOff?.signOff?.from ?? [])], subject: `s${index}` }),
        ],
      })
    }
    expect((await ask('GET', '/status')).body).toMatchObject({ unserved: [] })
  })

  it('registers an agent, shows its key once, and gives it another', async () => {
    const added = await ask('POST', '/agents', bot)
    expect([added.status, added.body['key']]).toEqual([201, expect.stringMatching(/^csk_|^cs/)])
    const rotated = await ask('POST', '/agents/bot/keys', {})
    expect(rotated.body['key']).not.toBe(added.body['key'])
    const listed = JSON.stringify((await ask('GET', '/agents')).body)
    expect(listed).toContain('"id":"bot"')
    expect(listed).not.toContain('hash')
    expect(listed).not.toContain(added.body['key'])
  })

  it.each<[string, unknown, number, RegExp]>([
    ['an unknown owner', { ...bot, owner: 'nobody' }, 404, /no person nobody\. There are: ana@acme\.example/],
    ['a missing team', { id: 'bot', owner: ana.id }, 400, /team/],
    ['an unknown field', { ...bot, admin: true }, 400, /admin/],
    ['no JSON', 'bot', 400, /not JSON/],
    ['the same key twice', '{"id":"a","id":"b"}', 400, /the same key twice/],
  ])('refuses %s', async (_, body, status, says) => {
    const answer = await ask('POST', '/agents', body)
    expect([answer.status, answer.body['says']]).toEqual([status, expect.stringMatching(says)])
    expect(await store.agents.list()).toEqual([])
  })

  it.each<[string, object, RegExp]>([
    ['a team', { ...bot, team: 'taem' }, /no group taem\. There are: .*team/],
    ['an agent group', { ...bot, groups: ['reporters', 'reprters'] }, /no agent group reprters\. There are: reporters/],
    ['a team in other letters', { ...bot, team: 'Team' }, /no group Team/],
  ])('G4: agents add refuses %s that does not exist, and names those that do', async (_, body, says) => {
    const answer = await ask('POST', '/agents', body)
    expect([answer.status, answer.body['says']]).toEqual([400, expect.stringMatching(says)])
    expect(await store.agents.list()).toEqual([])
  })

  it('G4: everything but the id can be changed, to what there is', async () => {
    await ask('POST', '/agents', bot)
    const change = (body: object) => ask('POST', '/agents/bot/change', body)
    expect(await change({ name: 'The bot', groups: ['reporters'], mode: 'observe' })).toMatchObject({
      status: 200,
      body: { id: 'bot', name: 'The bot', groups: ['reporters'], mode: 'observe', team: 'team', changedBy: 'operator' },
    })
    const refusals = [{}, { id: 'other' }, { team: 'taem' }, { groups: ['x'] }, { status: 'active' }, { owner: 'x' }]
    for (const body of refusals) expect((await change(body)).status).toBeGreaterThanOrEqual(400)
    expect((await store.agents.get('bot'))?.version).toBe(2)
    expect((await ask('POST', '/agents/nobody/change', { name: 'x' })).status).toBe(404)
  })

  it('G4: a retired agent is out for good, and its id stays taken', async () => {
    await ask('POST', '/agents', bot)
    expect((await ask('POST', '/agents/bot/retire')).body).toMatchObject({ id: 'bot', status: 'retired' })
    expect((await ask('POST', '/agents/bot/retire')).status).toBe(200)
    const agent = await store.agents.get('bot')
    expect([agent?.status, agent?.version, agent?.keys[0]?.revokedAt]).toEqual(['stopped', 2, expect.any(Number)])
    for (const [path, body] of [
      ['/agents', bot],
      ['/agents/bot/keys', {}],
      ['/agents/bot/change', { name: 'x' }],
    ] as const) {
      expect((await ask('POST', path, body)).status).toBe(409)
    }
  })

  it('H6: the id of an erased agent stays taken, and that is said', async () => {
    await ask('POST', '/agents', bot)
    await store.journal.erase('bot')
    const answer = await ask('POST', '/agents', bot)
    expect([answer.status, answer.body]).toMatchObject([409, { says: expect.stringContaining('bot was taken before') }])
  })

  it('G6: a key comes with the lines that use it', async () => {
    for (const [path, body] of [
      ['/agents', bot],
      ['/agents/bot/keys', {}],
    ] as const) {
      const { key, ready } = (await ask('POST', path, body)).body as { key: string; ready: { text: string }[] }
      expect(ready[0]?.text).toBe(`export COUNTERSIGN_KEY=${key}`)
      expect(ready.slice(1).every(({ text }) => text.includes('http://countersign/mcp/files'))).toBe(true)
    }
  })

  it('says which agent is registered already', async () => {
    await ask('POST', '/agents', bot)
    expect(await ask('POST', '/agents', bot)).toMatchObject({
      status: 409,
      body: { says: expect.stringMatching(/^bot is registered already\./) },
    })
  })

  it('P15: stops one agent, or all, as often as asked', async () => {
    await ask('POST', '/agents', bot)
    await ask('POST', '/agents', { ...bot, id: 'other' })
    expect(await ask('POST', '/agents/bot/stop')).toMatchObject({ status: 200, body: { items: [{ id: 'bot' }] } })
    expect((await ask('POST', '/agents/bot/stop')).status).toBe(200)
    await ask('POST', '/agents/all/stop')
    expect((await store.agents.list()).map(({ status }) => status)).toEqual(['stopped', 'stopped'])
    expect((await ask('POST', '/agents/nobody/stop')).status).toBe(404)
  })

  it('shows what waits, without any parameter of it', async () => {
    const record = sampleRecord({ action: sampleAction({ parameters: { note: 'very private' } }) })
    const approval = sampleOpen(record)
    await store.commit({ facts: [decided(record), asked(approval)] })
    const { body } = await ask('GET', '/approvals')
    expect(body).toMatchObject({
      items: [
        {
          id: approval.id,
          state: 'open',
          groups: ['finance-controllers'],
          url: `http://countersign/approvals/${approval.id}`,
        },
      ],
    })
    expect(JSON.stringify(body)).not.toContain('very private')
    expect((await ask('GET', `/approvals/${approval.id}`)).body).toMatchObject({ secondsLeft: 1800 })
    expect((await ask('GET', '/approvals/apr_none')).status).toBe(404)
  })

  it.each([
    ['/lineage?dataset=finance.orders', 200],
    ['/lineage?kind=planet&name=mars', 400],
    ['/lineage', 400],
  ])('%s', async (path, status) => {
    expect((await ask('GET', path)).status).toBe(status)
  })

  it('reloads the policies', async () => {
    expect((await ask('POST', '/policies/reload')).body).toMatchObject({ kind: 'active' })
    expect(reloads).toBe(1)
  })

  it.each([
    ['POST', '/approvals/apr_1/signatures'],
    ['POST', '/approvals/apr_1'],
    ['POST', '/agents/bot/start'],
    ['PUT', '/agents/bot'],
    ['DELETE', '/agents/bot'],
    ['POST', '/people'],
  ])('P4, P15: it signs nothing, starts nothing, gives nobody a role: %s %s', async (method, path) => {
    await ask('POST', '/agents', bot)
    expect((await ask(method, path, method === 'DELETE' ? undefined : {})).status).toBe(404)
  })
})
