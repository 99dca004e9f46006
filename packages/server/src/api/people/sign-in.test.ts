import { CountersignError } from '@countersign/core'
import { openFounding, type SignInTrouble } from '@countersign/identity'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Role, type Me, type PersonList } from '@countersign/schema'
import { codeOf, createRig, origin, type Rig, startOfTime } from '../rig/rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await createRig()
})
afterEach(() => rig.close())

/** Walks from a link of Countersign to the provider and back, as a browser does. */
async function walk(instance: Rig, path: string, peer?: string) {
  const begun = await instance.call(path, peer === undefined ? {} : { peer })
  const state = new URL(begun.headers.get('location') ?? origin).searchParams.get('state')
  const pending = begun.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
  const back = () => instance.call(`/sign-in/callback?code=c&state=${state}`, { headers: { cookie: pending } })
  return { begun, back }
}

const sessionOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .find((cookie) => /^countersign=./.test(cookie)) ?? ''

const whoAmI = async (instance: Rig, cookie: string) => (await (await instance.get('/api/me', cookie)).json()) as Me

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

  it('G15: "Switch person" asks who you want to be, not for yourself again', async () => {
    await rig.call('/sign-in?switch=1')
    expect(rig.provider.asked).toEqual([{ returnTo: '/', prompt: 'select_account' }])
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
    expect([other.status, await codeOf(other)]).toEqual([401, 'ERR_SIGN_IN_FAILED'])
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
    expect([sessionOf(response), response.status]).toEqual(['', 401])
  })

  it.each<[SignInTrouble, number, RegExp, boolean]>([
    ['away', 503, /Nobody can sign in right now/, true],
    ['misconfigured', 503, /do not fit each other/, true],
    ['token', 401, /answer cannot be used/, true],
    ['clock', 401, /Two clocks do not agree/, true],
    ['cancelled', 401, /You were not signed in/, false],
    ['again', 401, /This sign-in is over/, false],
    ['left', 403, /may not come in any more/, false],
  ])(
    'D6: that fails (%s) is a page that says what to do, a line in the log, and stands on System',
    async (kind, status, title, concerns) => {
      const failure = { kind, why: 'it is <b>so</b>', cause: 'ECONNREFUSED 10.0.0.7' }
      rig.provider.fails = new CountersignError('ERR_SIGN_IN_FAILED', failure)
      const response = await rig.call('/sign-in', { headers: { accept: 'text/html' } })
      const page = await response.text()
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
      expect(page).toMatch(title)
      expect(page).toContain('It is &lt;b&gt;so&lt;/b&gt;.')
      expect(page).not.toContain('10.0.0.7')
      expect(rig.told).toContainEqual(expect.objectContaining({ says: 'a sign-in failed', detail: failure }))
      const standing = [
        { key: 'sign-in/provider', says: 'Signing in does not work: it is <b>so</b> (ECONNREFUSED 10.0.0.7).' },
      ]
      expect(rig.concerns.list()).toMatchObject(concerns ? standing : [])
      rig.provider.fails = undefined
      await (await walk(rig, '/sign-in')).back()
      expect(rig.concerns.list()).toEqual([])
    },
  )

  it('D6: that fails tells a program in its own words, and the reason', async () => {
    rig.provider.fails = new CountersignError('ERR_SIGN_IN_FAILED', { kind: 'away', why: 'it does not answer' })
    const said = await (await rig.call('/sign-in')).json()
    expect(said).toMatchObject({ code: 'ERR_SIGN_IN_FAILED', detail: 'It does not answer.' })
  })

  it('D1: without readable groups is in the log, on the person and on System until they can be read', async () => {
    const trouble = {
      groups: [],
      groupsPresent: false,
      groupsMissing: 'unreadable',
      groupsTrouble: 'the claim groups is a number',
    } as const
    rig.provider.says = { subject: 'ann', name: 'Ann', ...trouble }
    await (await walk(rig, '/sign-in')).back()
    expect(rig.told).toContainEqual(expect.objectContaining({ says: 'groups could not be read' }))
    expect(rig.concerns.list()).toMatchObject([
      { key: 'sign-in/groups', says: expect.stringContaining('Ann: the claim groups is a number.') },
    ])
    const auditor = await rig.cookieOf(await rig.person('eve', { roles: ['auditor'] }))
    const people = (await (await rig.get('/api/people', auditor)).json()) as PersonList
    expect(people.items.find(({ name }) => name === 'Ann')).toMatchObject({
      groupsTrouble: 'the claim groups is a number',
    })
    rig.provider.says = { subject: 'ann', name: 'Ann', groups: ['all'] }
    await (await walk(rig, '/sign-in')).back()
    expect(rig.concerns.list()).toEqual([])
    expect((await rig.store.people.list()).find(({ name }) => name === 'Ann')).not.toHaveProperty('groupsTrouble')
  })

  it('D1: without the claim is no concern where others have it', async () => {
    const absent = {
      groupsPresent: false,
      groupsMissing: 'absent',
      groupsTrouble: 'the ID token has no claim groups',
    } as const
    rig.provider.says = { subject: 'ann', ...absent }
    await (await walk(rig, '/sign-in')).back()
    expect(rig.concerns.list()).toMatchObject([{ key: 'sign-in/groups' }])
    rig.provider.says = { subject: 'ben', groups: ['all'] }
    await (await walk(rig, '/sign-in')).back()
    expect(rig.concerns.list()).toEqual([])
  })

  it('D4: with odd claims leaves a word in the log', async () => {
    rig.provider.says = { subject: 'ann', remarks: ['the claim acr is a number, not text'] }
    expect(sessionOf(await (await walk(rig, '/sign-in')).back())).not.toBe('')
    expect(rig.told).toContainEqual(expect.objectContaining({ says: 'a claim was left out' }))
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
    let instance: Rig | undefined
    const founded = async () => ((await instance?.facts()) ?? []).some(({ kind }) => kind === 'deployment.founded')
    instance = await createRig({ founding: { link: founding, founded } })
    return { instance, path: `/welcome/${token}` }
  }

  it('makes the first who signs in through it administrator, once, and that gives no signature', async () => {
    const { instance, path } = await unfounded()
    const [one, two] = [await walk(instance, path, '127.0.0.1'), await walk(instance, path, '::1')]
    instance.provider.says = { subject: 'first' }
    const founder = sessionOf(await one.back())
    instance.provider.says = { subject: 'second' }
    const second = sessionOf(await two.back())
    expect((await whoAmI(instance, founder)).roles).toEqual([...Role.options].toSorted())
    expect((await whoAmI(instance, second)).roles).toEqual([])
    expect((await instance.facts()).filter(({ kind }) => kind === 'deployment.founded')).toHaveLength(1)
    expect((await instance.call(path, { peer: '127.0.0.1' })).status).toBe(404)
    await instance.close()
  })

  it('opens only from this machine, in time, and with the right token', async () => {
    const { instance, path } = await unfounded()
    for (const peer of [undefined, '10.1.2.3', '::ffff:10.0.0.1', '127.evil']) {
      expect((await instance.call(path, peer === undefined ? {} : { peer })).status).toBe(404)
    }
    expect((await instance.call(`${path.slice(0, -1)}_`, { peer: '127.0.0.1' })).status).toBe(404)
    instance.clock.at += 15 * 60_000
    expect((await instance.call(path, { peer: '127.0.0.1' })).status).toBe(404)
    await instance.close()
  })

  it('B3: is not ended by whoever opens it again and again', async () => {
    const { instance, path } = await unfounded()
    const { back } = await walk(instance, path, '127.0.0.1')
    for (let other = 0; other < 20; other += 1) await instance.call(path, { peer: '127.0.0.1' })
    expect((await whoAmI(instance, sessionOf(await back()))).roles).toEqual([...Role.options].toSorted())
    await instance.close()
  })

  it('G1: that opens nothing, and one whose provider is away, are pages, never JSON', async () => {
    const { instance, path } = await unfounded()
    const headers = { accept: 'text/html' }
    const wrong = await instance.call('/welcome/wrong', { peer: '127.0.0.1', headers })
    const outside = await instance.call(path, { peer: '10.1.2.3', headers })
    for (const response of [wrong, outside]) {
      expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
      expect(await response.text()).toMatch(/opens nothing/)
    }
    instance.provider.fails = new CountersignError('ERR_SIGN_IN_FAILED', { kind: 'away', why: 'it does not answer' })
    const away = await instance.call(path, { peer: '127.0.0.1', headers })
    expect([away.status, await away.text()]).toEqual([503, expect.stringMatching(/Nobody can sign in right now/)])
    await instance.close()
  })

  it('does not make those administrators who sign in without it', async () => {
    const { instance, path } = await unfounded()
    await instance.call(path, { peer: '127.0.0.1' })
    expect((await whoAmI(instance, sessionOf(await (await walk(instance, '/sign-in')).back()))).roles).toEqual([])
    await instance.close()
  })
})
