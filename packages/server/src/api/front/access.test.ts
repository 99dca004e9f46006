import { type Agent, type Approval, byPerson, type Person, Role } from '@countersign/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

/** Who comes: each role, and people without one. */
const visitors = [...Role.options, 'controller', 'team', 'owner', 'stranger', 'nobody'] as const
type Who = (typeof visitors)[number]

let rig: Rig
let agent: Agent
let question: Approval
const cookies = new Map<Who, string>()
const people = new Map<Who, Person>()

beforeAll(async () => {
  rig = await createRig()
  for (const who of visitors) {
    if (who === 'nobody') continue
    const groups = who === 'controller' ? ['finance-controllers'] : who === 'team' ? ['data-platform'] : []
    const role = Role.safeParse(who)
    const person = await rig.person(who, { groups, roles: role.success ? [role.data] : [] })
    people.set(who, person)
    cookies.set(who, await rig.cookieOf(person))
  }
  agent = await rig.agent(people.get('owner')!)
  question = await rig.ask(agent)
})
afterAll(() => rig.close())

type Row = [route: string, allowed: readonly Who[], refusal: number]
const everyone = visitors.filter((who) => who !== 'nobody')
const readers: readonly Who[] = ['policy', 'operations', 'auditor', 'privacy']
const concerned: readonly Who[] = [...readers, 'controller', 'owner']
const belonging = everyone.filter((who) => who !== 'stranger')

describe('who may read what', () => {
  it.each<Row>([
    ['/healthz', visitors, 0],
    ['/readyz', visitors, 0],
    ['/openapi.json', visitors, 0],
    ['/ledger/vkey', visitors, 0],
    ['/api/me', everyone, 403],
    ['/api/approvals', everyone, 403],
    ['/api/approvals/{question}', concerned, 404],
    ['/api/actions', everyone, 403],
    ['/api/actions/{action}', [...concerned, 'team'], 404],
    ['/api/policies/explain?action={action}', [...concerned, 'team'], 404],
    ['/api/agents', everyone, 403],
    ['/api/people', [...readers, 'identity'], 403],
    ['/api/system', ['operations', 'auditor'], 403],
    ['/api/policies', belonging, 403],
    ['/api/lineage?dataset=finance.orders', belonging, 403],
    ['/api/ledger', belonging, 403],
    ['/api/events', belonging, 403],
  ])('%s', async (route, allowed, refusal) => {
    const path = route.replace('{question}', question.id).replace('{action}', question.actionId)
    for (const who of visitors) {
      const response = await rig.get(path, cookies.get(who))
      await response.body?.cancel()
      const expected = allowed.includes(who) ? 200 : who === 'nobody' ? 401 : refusal
      expect([who, response.status]).toEqual([who, expected])
    }
  })

  it('lists hold only what concerns the one who looks', async () => {
    const seen = async (who: Who, path: string) => {
      const { items } = (await (await rig.get(path, cookies.get(who))).json()) as { items: { id: string }[] }
      return items.map(({ id }) => id)
    }
    for (const who of everyone) {
      const sees = (allowed: readonly Who[], id: string) => [who, allowed.includes(who) ? [id] : []]
      expect([who, await seen(who, '/api/approvals')]).toEqual(sees(concerned, question.id))
      expect([who, await seen(who, '/api/approvals?mine=true')]).toEqual(sees(['controller'], question.id))
      expect([who, await seen(who, '/api/actions')]).toEqual(sees([...concerned, 'team'], question.actionId))
      expect([who, await seen(who, '/api/agents')]).toEqual(sees([...readers, 'identity', 'team', 'owner'], agent.id))
    }
  })
})

describe('who may change what', () => {
  it.each<[string, readonly Who[]]>([
    ['/api/agents', ['identity', 'operations']],
    ['/api/agents/reporter/keys', ['identity', 'operations']],
    ['/api/agents/reporter/change', ['identity', 'operations']],
    ['/api/agents/reporter/retire', ['identity', 'operations', 'owner']],
    ['/api/agents/reporter/stop', ['operations', 'controller', 'team', 'owner']],
    ['/api/agents/reporter/start', ['operations']],
  ])('POST %s', async (route, allowed) => {
    const fresh = await createRig()
    try {
      for (const who of visitors) {
        const role = Role.safeParse(who)
        const groups = who === 'controller' ? ['finance-controllers'] : who === 'team' ? ['data-platform'] : []
        const me = await fresh.person(who, { groups, roles: role.success ? [role.data] : [] })
        const owner = who === 'owner' ? me : await fresh.person(`owner for ${who}`)
        const other = await fresh.person(`other for ${who}`)
        const id = `agent-of-${who}`
        const made = await fresh.agent(owner, { id })
        await fresh.ask(made)
        if (route.endsWith('start')) await fresh.parts.stops.stop(id, byPerson(other.id), 'test')
        const input = { id: `${id}-2`, name: 'New', owner: owner.id, team: 'data-platform', environment: 'prod' }
        const cookie = who === 'nobody' ? '' : await fresh.cookieOf(me)
        const body = route === '/api/agents' ? input : route.endsWith('change') ? { name: 'Another' } : {}
        const response = await fresh.post(route.replace('reporter', id), cookie, body)
        const expected = allowed.includes(who) ? 200 : who === 'nobody' ? 401 : 403
        expect([who, response.status]).toEqual([who, expected])
      }
    } finally {
      await fresh.close()
    }
  })
})

describe('agents', () => {
  it('are registered with a key that is shown once and kept as a hash', async () => {
    const input = {
      id: 'new-agent',
      name: 'New',
      owner: people.get('owner')!.id,
      team: 'data-platform',
      environment: 'prod',
    }
    const response = await rig.post('/api/agents', cookies.get('identity')!, input)
    const said = (await response.json()) as { key: string; agent: { registeredBy: { id: string } } }
    expect(said.key).toMatch(/^csk_/)
    expect(said.agent.registeredBy.id).toBe(people.get('identity')!.id)
    expect(JSON.stringify(await rig.facts())).not.toContain(said.key)
    expect(await (await rig.get('/api/agents', cookies.get('auditor'))).text()).not.toContain(said.key)
    expect((await rig.post('/api/agents', cookies.get('identity')!, input)).status).toBe(409)
  })

  it('start again by another person than the one who stopped them, and not by their owner (P15)', async () => {
    const [one, two] = [
      await rig.person('ops one', { roles: ['operations'] }),
      await rig.person('ops two', { roles: ['operations'] }),
    ]
    await rig.agent(two, { id: 'switched' })
    const start = async (who: Person) => rig.post('/api/agents/switched/start', await rig.cookieOf(who), {})
    expect((await rig.post('/api/agents/switched/stop', await rig.cookieOf(one), { because: 'odd' })).status).toBe(200)
    expect(await codeOf(await start(one))).toBe('ERR_NOT_ALLOWED')
    expect(await codeOf(await start(two))).toBe('ERR_NOT_ALLOWED')
    expect((await start(await rig.person('ops three', { roles: ['operations'] }))).status).toBe(200)
    expect((await rig.store.agents.get('switched'))?.status).toBe('active')
  })

  it('keep an old key for the overlap alone', async () => {
    const { identity } = Object.fromEntries(cookies)
    const rotate = (body: object) => rig.post('/api/agents/new-agent/keys', identity!, body)
    expect((await rotate({ overlapHours: 1 })).status).toBe(200)
    const keys = (await rig.store.agents.get('new-agent'))?.keys ?? []
    expect(keys.map(({ expiresAt }) => expiresAt - rig.clock.now())).toEqual([3_600_000, 90 * 86_400_000])
    expect((await rotate({ overlapHours: -1 })).status).toBe(400)
  })
})
