import { byPerson, type Person, type PersonList, type PersonView } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let cleo: Person
let ben: Person
let cookie: string
beforeEach(async () => {
  rig = await createRig({ groupRoles: { auditor: ['internal-audit'] } })
  cleo = await rig.person('cleo', { roles: ['identity'] })
  ben = await rig.person('ben', { groups: ['internal-audit'] })
  cookie = await rig.cookieOf(cleo)
})
afterEach(() => rig.close())

const change = (who: string, to: Person, what: 'give' | 'take', role = 'operations') =>
  rig.post(`/api/people/${to.id}/roles`, who, { role, change: what })
const rolesOf = async ({ id }: Person) => (await rig.store.people.get(id))?.roles

describe('a role', () => {
  it('is given to a second person, as a fact, and works at their next request', async () => {
    const his = await rig.cookieOf(ben)
    expect((await rig.get('/api/system', his)).status).toBe(200) // his group carries auditor
    expect(await codeOf(await rig.post('/api/agents', his, sampleAgent(ben)))).toBe('ERR_NOT_ALLOWED')
    const given = await change(cookie, ben, 'give')
    expect(given.status).toBe(200)
    expect(((await given.json()) as PersonView).roles).toEqual([
      { role: 'operations', given: true, groups: [] },
      { role: 'auditor', given: false, groups: ['internal-audit'] },
    ])
    expect((await rig.facts()).at(-1)).toMatchObject({ kind: 'person.changed', change: 'roles', by: byPerson(cleo.id) })
    expect((await rig.post('/api/agents', his, sampleAgent(ben))).status).toBe(200)
  })

  it('is taken again, and is gone at their next request', async () => {
    await change(cookie, ben, 'give', 'policy')
    expect(await rolesOf(ben)).toEqual(['policy'])
    expect((await change(cookie, ben, 'take', 'policy')).status).toBe(200)
    expect(await rolesOf(ben)).toEqual([])
  })

  it('that a group carries is never written down as given', async () => {
    const his = await rig.cookieOf(ben)
    await rig.post('/sign-out', his, {})
    expect(await rolesOf(ben)).toEqual([])
  })

  it('given twice is one fact', async () => {
    await change(cookie, ben, 'give')
    const before = (await rig.facts()).length
    expect((await change(cookie, ben, 'give')).status).toBe(200)
    expect(await rig.facts()).toHaveLength(before)
  })

  it.each(['give', 'take'] as const)('is never for oneself to %s (P3)', async (what) => {
    expect(await codeOf(await change(cookie, cleo, what, what === 'take' ? 'identity' : 'policy'))).toBe(
      'ERR_NOT_ALLOWED',
    )
    expect(await rolesOf(cleo)).toEqual(['identity'])
  })

  it.each(['policy', 'operations', 'auditor', 'privacy'] as const)('is not for the role %s to give', async (role) => {
    const other = await rig.cookieOf(await rig.person('other', { roles: [role] }))
    expect(await codeOf(await change(other, ben, 'give'))).toBe('ERR_NOT_ALLOWED')
  })

  it('needs somebody to give it to, and a name there is', async () => {
    expect(await codeOf(await change(cookie, { ...ben, id: 'per_nobody' }, 'give'))).toBe('ERR_PERSON_MISSING')
    expect(await codeOf(await change(cookie, ben, 'give', 'approver'))).toBe('ERR_INPUT_INVALID')
  })

  it('identity is left to one of two who take it from each other at once', async () => {
    const eve = await rig.person('eve', { roles: ['identity'] })
    const hers = await rig.cookieOf(eve)
    await Promise.all([change(cookie, eve, 'take', 'identity'), change(hers, cleo, 'take', 'identity')])
    await Promise.all([change(cookie, eve, 'take', 'identity'), change(hers, cleo, 'take', 'identity')])
    expect([await rolesOf(cleo), await rolesOf(eve)].flat()).toEqual(['identity'])
  })
})

describe('the list of people', () => {
  it('says who came in when, with which groups, and whether you may change their roles', async () => {
    const { items } = (await (await rig.get('/api/people', cookie)).json()) as PersonList
    expect(items.map(({ name, groups, you }) => ({ name, groups, you }))).toEqual([
      {
        name: 'ben',
        groups: ['internal-audit'],
        you: { same: false, mayChangeRoles: true, mayEndSessions: true, mayLink: true, maySwitch: true },
      },
      {
        name: 'cleo',
        groups: [],
        you: { same: true, mayChangeRoles: false, mayEndSessions: true, mayLink: true, maySwitch: false },
      },
    ])
    expect((await rig.facts()).at(-1)).toEqual({
      kind: 'record.read',
      by: byPerson(cleo.id),
      what: 'people',
      query: '',
    })
  })
})

describe('a key of an agent', () => {
  it('is revoked alone, and proves nobody from then on', async () => {
    await rig.post(
      '/api/agents',
      await rig.cookieOf(await rig.person('ops', { roles: ['operations'] })),
      sampleAgent(ben),
    )
    const [first] = (await rig.store.agents.get('reader'))?.keys ?? []
    await rig.post('/api/agents/reader/keys', cookie, { overlapHours: 24 })
    const answer = await rig.post(`/api/agents/reader/keys/${first?.id}/revoke`, cookie, {})
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { keys: { state: string }[] }).keys.map(({ state }) => state)).toEqual([
      'revoked',
      'active',
    ])
    expect((await rig.facts()).at(-1)).toMatchObject({
      kind: 'agent.changed',
      change: 'key-revoked',
      by: byPerson(cleo.id),
    })
    expect(await codeOf(await rig.post('/api/agents/reader/keys/key_of-nobody/revoke', cookie, {}))).toBe(
      'ERR_NOT_FOUND',
    )
  })
})

const sampleAgent = (owner: Person) => ({
  id: 'reader',
  name: 'Reader',
  owner: owner.id,
  team: 'data-platform',
  environment: 'prod',
})
