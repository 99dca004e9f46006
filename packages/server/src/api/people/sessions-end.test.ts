import { byPerson, type Person, type PersonList, type PersonView } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let cleo: Person
let ben: Person
beforeEach(async () => {
  rig = await createRig()
  cleo = await rig.person('cleo', { roles: ['identity'] })
  ben = await rig.person('ben', { groups: ['finance-controllers'] })
})
afterEach(() => rig.close())

const end = (who: string, whose: Person) => rig.post(`/api/people/${whose.id}/end-sessions`, who, {})
const switchTo = (active: boolean, who: string, whose: Person) =>
  rig.post(`/api/people/${whose.id}/activity`, who, { active })
const statusOf = async (cookie: string) => (await rig.get('/api/me', cookie)).status

/** As a browser that goes to the provider and back. */
async function signInAs(subject: string): Promise<Response> {
  rig.provider.says = { subject, name: subject }
  const begun = await rig.call('/sign-in')
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state')
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return rig.call(`/sign-in/callback?code=c&state=${state}`, { headers: { cookie } })
}

describe('H9: ending sessions', () => {
  it('signs a person out everywhere at once, as a fact, and they can come in again', async () => {
    const [one, two, admin] = [await rig.cookieOf(ben), await rig.cookieOf(ben), await rig.cookieOf(cleo)]
    expect((await end(admin, ben)).status).toBe(200)
    expect([await statusOf(one), await statusOf(two), await statusOf(admin)]).toEqual([401, 401, 200])
    expect((await rig.facts()).at(-1)).toMatchObject({
      kind: 'person.changed',
      change: 'sessions-ended',
      by: byPerson(cleo.id),
    })
    rig.clock.at += 1
    expect(await statusOf(await rig.cookieOf(ben))).toBe(200)
    expect((await signInAs('ben')).status).toBe(303)
    expect(await statusOf(two)).toBe(401) // also after the person changed again
  })

  it('ends them at instances that only read the store', async () => {
    const his = await rig.cookieOf(ben)
    const person = { ...ben, version: 2, sessionsEndedAt: rig.clock.at }
    await rig.store.commit({
      facts: [{ kind: 'person.changed', change: 'sessions-ended', by: byPerson(cleo.id), person }],
    })
    expect(await statusOf(his)).toBe(401)
  })

  it('of oneself keeps the one that one looks through', async () => {
    const [here, there] = [await rig.cookieOf(ben), await rig.cookieOf(ben)]
    expect((await end(here, ben)).status).toBe(200)
    expect([await statusOf(here), await statusOf(there)]).toEqual([200, 401])
    expect((await end(here, ben)).status).toBe(200)
    expect(await statusOf(here)).toBe(200)
  })

  it('of others takes the role identity, and a window', async () => {
    const [his, admin] = [await rig.cookieOf(ben), await rig.cookieOf(cleo)]
    expect(await codeOf(await end(his, cleo))).toBe('ERR_NOT_ALLOWED')
    const bare = await rig.post(`/api/people/${ben.id}/end-sessions`, admin, {}, { 'countersign-browser': 'x' })
    expect(await codeOf(bare)).toBe('ERR_WINDOW')
    expect(await codeOf(await end(admin, { ...ben, id: 'per_nobody' }))).toBe('ERR_PERSON_MISSING')
    expect([await statusOf(his), await statusOf(admin)]).toEqual([200, 200])
  })
})

describe('H9: switching a person off', () => {
  it('signs them out, keeps them out, and says so; on again they can come in, and their old sessions stay over', async () => {
    const [his, admin] = [await rig.cookieOf(ben), await rig.cookieOf(cleo)]
    const off = await switchTo(false, admin, ben)
    expect((await off.json()) as PersonView).toMatchObject({ active: false })
    expect(await statusOf(his)).toBe(401)
    expect((await rig.facts()).at(-1)).toMatchObject({
      change: 'switched-off',
      by: byPerson(cleo.id),
      person: { active: false },
    })
    const refused = await signInAs('ben')
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'ERR_SIGN_IN_FAILED'])
    rig.clock.at += 1
    expect((await switchTo(true, admin, ben)).status).toBe(200)
    expect(await statusOf(his)).toBe(401)
    rig.clock.at += 1
    expect((await signInAs('ben')).status).toBe(303)
    expect((await rig.facts()).at(-1)).toMatchObject({ change: 'signed-in', person: { active: true } })
  })

  it('signs them out at instances that only read the store', async () => {
    const his = await rig.cookieOf(ben)
    const person = { ...ben, version: 2, active: false }
    await rig.store.commit({
      facts: [{ kind: 'person.changed', change: 'switched-off', by: byPerson(cleo.id), person }],
    })
    expect(await statusOf(his)).toBe(401)
  })

  it('is never for oneself, and takes the role identity', async () => {
    const [his, admin] = [await rig.cookieOf(ben), await rig.cookieOf(cleo)]
    expect(await codeOf(await switchTo(false, his, cleo))).toBe('ERR_NOT_ALLOWED')
    expect(await codeOf(await switchTo(false, admin, cleo))).toBe('ERR_NOT_ALLOWED')
    const people = (await (await rig.get('/api/people', admin)).json()) as PersonList
    expect(people.items.map(({ name, you }) => [name, you.mayEndSessions, you.maySwitch])).toEqual([
      ['ben', true, true],
      ['cleo', true, false],
    ])
  })

  it('twice is one fact', async () => {
    const admin = await rig.cookieOf(cleo)
    await switchTo(false, admin, ben)
    const before = (await rig.facts()).length
    expect((await switchTo(false, admin, ben)).status).toBe(200)
    expect(await rig.facts()).toHaveLength(before)
  })
})
