import { describe, expect, it } from 'vitest'
import type { SignedIn } from './oidc.ts'
import { createMemorySessionStore } from './session-store.ts'
import { createSessions } from './sessions.ts'

const minuteMs = 60_000
const signedIn: SignedIn = {
  issuer: 'https://sso.example',
  subject: 'ben',
  name: 'Ben',
  groups: [],
  groupsPresent: true,
  acr: 'pwd',
  authTime: 5,
  issuedAt: 5,
  idToken: 'a.b.c',
  keys: '{"keys":[]}',
}

function atTheConsole({ secure = false, most = 100, mostPerPerson = 20 } = {}) {
  let nowMs = 1_800_000_000_000
  const clock = { now: () => nowMs }
  const sessions = createSessions({ store: createMemorySessionStore({ most, mostPerPerson }), clock, secure })
  return { sessions, pass: (ms: number) => void (nowMs += ms) }
}
const sent = (setCookie: string) => setCookie.split(';')[0] ?? ''

describe('a session’s cookie', () => {
  it.each([
    [true, /^__Host-countersign=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/],
    [false, /^countersign=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/],
  ])('is bound to host and browser (https: %s)', async (secure, form) => {
    const { sessions } = atTheConsole({ secure })
    expect(await sessions.open('per_ben', signedIn, undefined)).toMatch(form)
  })

  it('P4: gives its window a key that the cookie does not tell, another for every session, and none without one', async () => {
    const { sessions } = atTheConsole()
    const one = sent(await sessions.open('per_ben', signedIn, undefined))
    const two = sent(await sessions.open('per_ben', signedIn, undefined))
    expect(sessions.browserBinding(one)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(sessions.browserBinding(one)).toBe(sessions.browserBinding(one))
    expect(sessions.browserBinding(one)).not.toBe(sessions.browserBinding(two))
    expect(one).not.toContain(sessions.browserBinding(one))
    expect(sessions.browserBinding(undefined)).toBeUndefined()
    expect(sessions.browserBinding('countersign=short')).toBeUndefined()
  })

  it('is never one that the browser brought along (fixation)', async () => {
    const { sessions } = atTheConsole()
    const planted = `countersign=${'A'.repeat(43)}`
    const cookie = sent(await sessions.open('per_ben', signedIn, planted))
    expect(cookie).not.toBe(planted)
    expect(await sessions.current(planted)).toBeUndefined()
    expect(await sessions.current(cookie)).toMatchObject({ person: 'per_ben' })
  })

  it('is new with every sign-in, and the one before is over', async () => {
    const { sessions } = atTheConsole()
    const first = sent(await sessions.open('per_ben', signedIn, undefined))
    const second = sent(await sessions.open('per_cleo', signedIn, first))
    expect(await sessions.current(first)).toBeUndefined()
    expect(await sessions.current(second)).toMatchObject({ person: 'per_cleo' })
  })

  it('counts for nothing when there are two of them', async () => {
    const { sessions } = atTheConsole()
    const cookie = sent(await sessions.open('per_ben', signedIn, undefined))
    expect(await sessions.current(`theme=dark; ${cookie}; a=b`)).toBeDefined()
    expect(await sessions.current(`${cookie}; countersign=${'A'.repeat(43)}`)).toBeUndefined()
  })

  it.each([
    '',
    'countersign=',
    'countersign=x',
    `countersign=${'A'.repeat(43)}`,
    `xcountersign=${'A'.repeat(43)}`,
    undefined,
  ])('opens nothing when it is %j', async (cookie) => {
    expect(await atTheConsole().sessions.current(cookie)).toBeUndefined()
  })
})

describe('a session', () => {
  it.each<[string, number[], boolean]>([
    ['lasts half an hour without a request', [30 * minuteMs], true],
    ['ends after that', [30 * minuteMs + 1], false],
    ['lasts while it is used', Array.from({ length: 30 }, () => 20 * minuteMs), true],
    ['ends after twelve hours however much it is used', Array.from({ length: 37 }, () => 20 * minuteMs), false],
  ])('%s', async (_, pauses, lives) => {
    const { sessions, pass } = atTheConsole()
    const cookie = sent(await sessions.open('per_ben', signedIn, undefined))
    let session = await sessions.current(cookie)
    for (const pauseMs of pauses) {
      pass(pauseMs)
      session = await sessions.current(cookie)
    }
    expect(session !== undefined).toBe(lives)
  })

  it('holds how the person was proven, and the proof', async () => {
    const { sessions } = atTheConsole()
    const session = await sessions.current(sent(await sessions.open('per_ben', signedIn, undefined)))
    expect(session).toMatchObject({
      acr: 'pwd',
      authTime: 5,
      proof: { kind: 'id-token', token: 'a.b.c', keys: '{"keys":[]}' },
    })
  })

  it('ends with signing out, here or everywhere', async () => {
    const { sessions } = atTheConsole()
    const open = async () => sent(await sessions.open('per_ben', signedIn, undefined))
    const [one, two, three] = [await open(), await open(), await open()]
    expect(await sessions.close(one)).toMatch(/^countersign=; .*Max-Age=0/)
    expect(await sessions.current(one)).toBeUndefined()
    expect(await sessions.current(two)).toBeDefined()
    await sessions.closePerson('per_ben')
    expect([await sessions.current(two), await sessions.current(three)]).toEqual([undefined, undefined])
  })
})

describe('memory', () => {
  it('B3: is bounded per person: the one used longest ago gives way, and nobody else’s', async () => {
    const { sessions } = atTheConsole({ mostPerPerson: 3 })
    const open = async (person: string) => sent(await sessions.open(person, signedIn, undefined))
    const cleo = await open('per_cleo')
    const ben = [await open('per_ben'), await open('per_ben'), await open('per_ben'), await open('per_ben')]
    const lives = await Promise.all([cleo, ...ben].map(async (one) => (await sessions.current(one)) !== undefined))
    expect(lives).toEqual([true, false, true, true, true])
  })

  it('B3: is bounded for all, and those in use stay', async () => {
    const { sessions, pass } = atTheConsole({ most: 2 })
    const open = async (person: string) => sent(await sessions.open(person, signedIn, undefined))
    const [ann, ben] = [await open('per_ann'), await open('per_ben')]
    pass(2 * minuteMs)
    await sessions.current(ann)
    const cleo = await open('per_cleo')
    const lives = await Promise.all([ann, ben, cleo].map(async (one) => (await sessions.current(one)) !== undefined))
    expect(lives).toEqual([true, false, true])
  })
})
