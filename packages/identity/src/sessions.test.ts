import { describe, expect, it } from 'vitest'
import type { PendingSignIn, SignedIn } from './oidc.ts'
import { createMemorySessionStore } from './session-store.ts'
import { createSessions } from './sessions.ts'

const minuteMs = 60_000
const state = (letter: string) => letter.repeat(43)
const pendingWith = (letter: string, startedAt: number): PendingSignIn => ({
  state: state(letter),
  nonce: 'n',
  verifier: 'v',
  startedAt,
  returnTo: '/',
})
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

function atTheConsole({ secure = false, most = 100 } = {}) {
  let nowMs = 1_800_000_000_000
  const clock = { now: () => nowMs }
  const sessions = createSessions({ store: createMemorySessionStore(clock, { most }), clock, secure })
  return { sessions, now: clock.now, pass: (ms: number) => void (nowMs += ms) }
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
    expect(sessions.windowKey(one)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(sessions.windowKey(one)).toBe(sessions.windowKey(one))
    expect(sessions.windowKey(one)).not.toBe(sessions.windowKey(two))
    expect(one).not.toContain(sessions.windowKey(one))
    expect(sessions.windowKey(undefined)).toBeUndefined()
    expect(sessions.windowKey('countersign=short')).toBeUndefined()
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

describe('a sign-in under way', () => {
  const callback = (letter: string) => `https://house.example/auth/callback?code=c&state=${state(letter)}`

  it('is found by the browser that began it, once', async () => {
    const { sessions, now } = atTheConsole()
    const cookie = await sessions.begin(pendingWith('s', now()))
    expect(cookie).toMatch(/^countersign-sign-in-ssssssss=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/)
    const resumed = await sessions.resume(sent(cookie), callback('s'))
    expect(resumed.pending.state).toBe(state('s'))
    expect(resumed.cookie).toMatch(/^countersign-sign-in-ssssssss=; .*Max-Age=0/)
    await expect(sessions.resume(sent(cookie), callback('s'))).rejects.toMatchObject({ code: 'ERR_SIGN_IN_FAILED' })
  })

  it('is one per tab', async () => {
    const { sessions, now } = atTheConsole()
    const cookies = [await sessions.begin(pendingWith('s', now())), await sessions.begin(pendingWith('t', now()))]
    const all = cookies.map(sent).join('; ')
    expect((await sessions.resume(all, callback('s'))).pending.state).toBe(state('s'))
    expect((await sessions.resume(all, callback('t'))).pending.state).toBe(state('t'))
  })

  it.each<[string, (mine: string) => string | undefined, string]>([
    ['without its cookie', () => undefined, callback('s')],
    ['with another browser’s cookie', (mine) => mine.replace(/=.*/, `=${'B'.repeat(43)}`), callback('s')],
    ['with the state of another', (mine) => mine.replace('ssssssss', 'tttttttt'), callback('t')],
    ['without a state', (mine) => mine, 'https://house.example/auth/callback?code=c'],
    ['with a state that is none', (mine) => mine, `${callback('s')}x`],
  ])('is not found %s', async (_, cookie, url) => {
    const { sessions, now } = atTheConsole()
    const mine = sent(await sessions.begin(pendingWith('s', now())))
    await expect(sessions.resume(cookie(mine), url)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_FAILED' })
  })

  it('is over after ten minutes', async () => {
    const { sessions, now, pass } = atTheConsole()
    const cookie = sent(await sessions.begin(pendingWith('s', now())))
    pass(10 * minuteMs + 1)
    await expect(sessions.resume(cookie, callback('s'))).rejects.toMatchObject({ detail: { why: 'took too long' } })
  })

  it('cannot fill the memory: the oldest gives way', async () => {
    const { sessions, now } = atTheConsole({ most: 2 })
    const cookies: string[] = []
    for (const letter of 'stu') cookies.push(sent(await sessions.begin(pendingWith(letter, now()))))
    await expect(sessions.resume(cookies[0], callback('s'))).rejects.toMatchObject({ code: 'ERR_SIGN_IN_FAILED' })
    expect((await sessions.resume(cookies[2], callback('u'))).pending.state).toBe(state('u'))
  })
})
