import { openFounding } from '@countersign/identity'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Role, type Me } from '@countersign/schema'
import { codeOf, createRig, origin, type Rig, startOfTime } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await createRig()
})
afterEach(() => rig.close())

/** Walks from a link of the house to the provider and back, as a browser does. */
async function walk(house: Rig, path: string, peer?: string) {
  const begun = await house.call(path, peer === undefined ? {} : { peer })
  const state = new URL(begun.headers.get('location') ?? origin).searchParams.get('state')
  const pending = begun.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
  const back = () => house.call(`/sign-in/callback?code=c&state=${state}`, { headers: { cookie: pending } })
  return { begun, back }
}

const sessionOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .find((cookie) => /^countersign=./.test(cookie)) ?? ''

const whoAmI = async (house: Rig, cookie: string) => (await (await house.get('/api/me', cookie)).json()) as Me

describe('signing in', () => {
  it('goes to the provider and comes back to where one was, with the groups of now', async () => {
    rig.provider.says = { subject: 'ann', name: 'Ann', groups: ['finance-controllers'] }
    const { begun, back } = await walk(rig, '/sign-in?return=/approvals/apr_1')
    expect(begun.headers.get('location')).toMatch(/^https:\/\/id\.example\//)
    const response = await back()
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toMatch(/^\/approvals\/apr_1#window=[A-Za-z0-9_-]{43}$/)
    const me = await whoAmI(rig, sessionOf(response))
    expect(me).toMatchObject({ person: { name: 'Ann' }, groups: ['finance-controllers'], roles: [] })
    expect((await rig.facts()).at(-1)).toMatchObject({ kind: 'person.changed', change: 'signed-in' })
  })

  it('again is the same person, one version later', async () => {
    rig.provider.says = { subject: 'ann', name: 'Ann' }
    const first = await whoAmI(rig, sessionOf(await (await walk(rig, '/sign-in')).back()))
    rig.provider.says = { subject: 'ann', name: 'Ann Other' }
    const second = await whoAmI(rig, sessionOf(await (await walk(rig, '/sign-in')).back()))
    expect([second.person.id, second.person.name]).toEqual([first.person.id, 'Ann Other'])
  })

  it('is fresh only where it was asked to be, whatever the provider says', async () => {
    rig.provider.says = { authTime: startOfTime }
    const plain = await whoAmI(rig, sessionOf(await (await walk(rig, '/sign-in')).back()))
    const fresh = await whoAmI(rig, sessionOf(await (await walk(rig, '/sign-in?fresh=1')).back()))
    expect([plain.session.assurance, fresh.session.assurance]).toEqual(['session', 'fresh'])
    expect(rig.provider.asked).toEqual([{ returnTo: '/' }, { returnTo: '/', maxAgeSeconds: 0 }])
  })

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/%5cevil.example/..//evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    ' //evil.example',
    '/.//evil.example',
    '/ok/..//evil.example',
  ])('does not send anyone to %j', async (wanted) => {
    const { back } = await walk(rig, `/sign-in?return=${encodeURIComponent(wanted)}`)
    const location = (await back()).headers.get('location') ?? ''
    expect(new URL(location, origin).origin).toBe(origin)
    expect(location.startsWith('//')).toBe(false)
  })

  it('answers a callback once, and only to the browser that began', async () => {
    const { begun, back } = await walk(rig, '/sign-in')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state')
    const other = await rig.call(`/sign-in/callback?code=c&state=${state}`)
    expect(other.headers.get('location')).toBe('/?problem=ERR_SIGN_IN_FAILED')
    expect(sessionOf(await back())).not.toBe('')
    expect(sessionOf(await back())).toBe('')
  })

  it('B3: is not ended by visitors who begin one and go away', async () => {
    const { back } = await walk(rig, '/sign-in')
    for (let visitor = 0; visitor < 300; visitor += 1) await rig.call('/sign-in')
    expect(sessionOf(await back())).not.toBe('')
  })

  it('lets nobody in who left', async () => {
    await rig.person('gone', { active: false })
    rig.provider.says = { subject: 'gone' }
    const response = await (await walk(rig, '/sign-in')).back()
    expect([sessionOf(response), response.headers.get('location')]).toEqual(['', '/?problem=ERR_SIGN_IN_FAILED'])
  })

  it('ends with signing out, which another site cannot do', async () => {
    const cookie = await rig.cookieOf(await rig.person('ann'))
    const out = (from: string) => rig.call('/sign-out', { method: 'POST', headers: { cookie, origin: from } })
    expect(await codeOf(await out('https://evil.example'))).toBe('ERR_ORIGIN')
    expect((await rig.get('/api/me', cookie)).status).toBe(200)
    expect((await out(origin)).status).toBe(204)
    expect((await rig.get('/api/me', cookie)).status).toBe(401)
    expect((await rig.facts()).at(-1)).toMatchObject({ kind: 'person.changed', change: 'signed-out' })
  })
})

describe('the founding link', () => {
  async function unfounded() {
    const { founding, token } = openFounding({ now: () => startOfTime })
    let house: Rig | undefined
    const founded = async () => ((await house?.facts()) ?? []).some(({ kind }) => kind === 'house.founded')
    house = await createRig({ founding: { link: founding, founded } })
    return { house, path: `/welcome/${token}` }
  }

  it('makes the first who signs in through it administrator, once, and that gives no signature', async () => {
    const { house, path } = await unfounded()
    const [one, two] = [await walk(house, path, '127.0.0.1'), await walk(house, path, '::1')]
    house.provider.says = { subject: 'first' }
    const founder = sessionOf(await one.back())
    house.provider.says = { subject: 'second' }
    const second = sessionOf(await two.back())
    expect((await whoAmI(house, founder)).roles).toEqual([...Role.options].toSorted())
    expect((await whoAmI(house, second)).roles).toEqual([])
    expect((await house.facts()).filter(({ kind }) => kind === 'house.founded')).toHaveLength(1)
    expect((await house.call(path, { peer: '127.0.0.1' })).status).toBe(404)
    await house.close()
  })

  it('opens only from this machine, in time, and with the right token', async () => {
    const { house, path } = await unfounded()
    for (const peer of [undefined, '10.1.2.3', '::ffff:10.0.0.1', '127.evil']) {
      expect((await house.call(path, peer === undefined ? {} : { peer })).status).toBe(404)
    }
    expect((await house.call(`${path.slice(0, -1)}_`, { peer: '127.0.0.1' })).status).toBe(404)
    house.clock.at += 15 * 60_000
    expect((await house.call(path, { peer: '127.0.0.1' })).status).toBe(404)
    await house.close()
  })

  it('B3: is not ended by whoever opens it again and again', async () => {
    const { house, path } = await unfounded()
    const { back } = await walk(house, path, '127.0.0.1')
    for (let other = 0; other < 20; other += 1) await house.call(path, { peer: '127.0.0.1' })
    expect((await whoAmI(house, sessionOf(await back()))).roles).toEqual([...Role.options].toSorted())
    await house.close()
  })

  it('does not make those administrators who sign in without it', async () => {
    const { house, path } = await unfounded()
    await house.call(path, { peer: '127.0.0.1' })
    expect((await whoAmI(house, sessionOf(await (await walk(house, '/sign-in')).back()))).roles).toEqual([])
    await house.close()
  })
})
