import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { PendingSignIn } from './oidc.ts'
import { createUnderWay } from './under-way.ts'

const minuteMs = 60_000
const encryptionKey = randomBytes(32)
const state = (letter: string) => letter.repeat(43)
const callback = (letter: string) => `https://countersign.example/auth/callback?code=c&state=${state(letter)}`
const sent = (setCookie: readonly string[]) => setCookie[0]?.split(';')[0] ?? ''

function atTheConsole({ secure = false, most = 100, key = encryptionKey } = {}) {
  let nowMs = 1_800_000_000_000
  const underWay = createUnderWay({ clock: { now: () => nowMs }, secure, encryptionKey: key, most })
  const begin = (letter: string, more: Partial<PendingSignIn> = {}, cookies?: string) =>
    underWay.begin(
      { state: state(letter), nonce: 'n', verifier: 'v', startedAt: nowMs, returnTo: '/', ...more },
      cookies,
    )
  return { ...underWay, begin, pass: (ms: number) => void (nowMs += ms) }
}

describe('a sign-in under way', () => {
  it('is found by the browser that began it, once', async () => {
    const { begin, resume } = atTheConsole()
    const cookies = await begin('s', { maxAgeSeconds: 0, founding: true, returnTo: '/inbox' })
    expect(cookies).toEqual([
      expect.stringMatching(/^countersign-sign-in-ssssssss=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/),
    ])
    const resumed = await resume(sent(cookies), callback('s'))
    expect(resumed.pending).toMatchObject({ state: state('s'), maxAgeSeconds: 0, founding: true, returnTo: '/inbox' })
    expect(resumed.cookie).toMatch(/^countersign-sign-in-ssssssss=; .*Max-Age=0/)
    await expect(resume(sent(cookies), callback('s'))).rejects.toMatchObject({ detail: { why: 'used before' } })
  })

  it('B3: is not ended by anyone else’s, however many', async () => {
    const { begin, resume } = atTheConsole({ most: 10 })
    const mine = sent(await begin('s'))
    for (let other = 0; other < 200; other += 1) await begin('t')
    expect((await resume(mine, callback('s'))).pending.state).toBe(state('s'))
  })

  it('B3: is not ended by those that come back either, and of those a bounded number is remembered', async () => {
    const { begin, resume } = atTheConsole({ most: 3 })
    const mine = sent(await begin('s'))
    const first = sent(await begin('a'))
    await resume(first, callback('a'))
    for (const other of 'bcdefgh') await resume(sent(await begin(other)), callback(other))
    expect((await resume(first, callback('a'))).pending.state).toBe(state('a')) // its code is used up at the provider
    expect((await resume(mine, callback('s'))).pending.state).toBe(state('s'))
    await expect(resume(mine, callback('s'))).rejects.toMatchObject({ detail: { why: 'used before' } })
  })

  it('can be finished by another instance, and by one with another key not', async () => {
    const mine = sent(await atTheConsole().begin('s'))
    expect((await atTheConsole().resume(mine, callback('s'))).pending.state).toBe(state('s'))
    const foreign = atTheConsole({ key: randomBytes(32) })
    await expect(foreign.resume(mine, callback('s'))).rejects.toMatchObject({ code: 'ERR_SIGN_IN_FAILED' })
  })

  it('tells the browser nothing of what it keeps', async () => {
    const cookie = sent(await atTheConsole().begin('s', { verifier: 'the-verifier', nonce: 'the-nonce' }))
    const readable = cookie.split(/[=.]/).map((part) => Buffer.from(part, 'base64url').toString())
    expect(readable.join(' ')).not.toMatch(/the-verifier|the-nonce/)
  })

  it('is one per tab', async () => {
    const { begin, resume } = atTheConsole()
    const all = [await begin('s'), await begin('t')].map(sent).join('; ')
    expect((await resume(all, callback('s'))).pending.state).toBe(state('s'))
    expect((await resume(all, callback('t'))).pending.state).toBe(state('t'))
  })

  it.each([false, true])('fills no browser with cookies: the oldest give way (https: %s)', async (secure) => {
    const { begin, resume } = atTheConsole({ secure })
    const jar = new Map<string, string>()
    const returnTo = `/${'x'.repeat(1999)}`
    for (const letter of 'abcdefghijkl') {
      const cookies = [...jar].map((pair) => pair.join('=')).join('; ')
      expect(cookies.length).toBeLessThan(12_000)
      for (const line of await begin(letter, { returnTo }, cookies)) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
    }
    const newest = [...jar].map((pair) => pair.join('=')).join('; ')
    expect((await resume(newest, callback('l'))).pending.returnTo).toBe(returnTo)
  })

  it.each<[string, (mine: string) => string | undefined, string]>([
    ['without its cookie', () => undefined, callback('s')],
    ['with another browser’s cookie', (mine) => mine.replace(/=.*/, `=${'B'.repeat(43)}`), callback('s')],
    [
      'with one letter changed',
      (mine) => mine.slice(0, -3) + (mine.at(-3) === 'A' ? 'B' : 'A') + mine.slice(-2),
      callback('s'),
    ],
    ['with more than a browser keeps', (mine) => `${mine}${'A'.repeat(5000)}`, callback('s')],
    ['with the state of another', (mine) => mine.replace('ssssssss', 'tttttttt'), callback('t')],
    ['with the cookie twice', (mine) => `${mine}; ${mine}`, callback('s')],
    ['without a state', (mine) => mine, 'https://countersign.example/auth/callback?code=c'],
    ['with a state that is none', (mine) => mine, `${callback('s')}x`],
  ])('is not found %s', async (_, cookie, url) => {
    const { begin, resume } = atTheConsole()
    const mine = sent(await begin('s'))
    await expect(resume(cookie(mine), url)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_FAILED' })
  })

  it('is over after ten minutes', async () => {
    const { begin, resume, pass } = atTheConsole()
    const cookie = sent(await begin('s'))
    pass(10 * minuteMs + 1)
    await expect(resume(cookie, callback('s'))).rejects.toMatchObject({ detail: { why: 'took too long' } })
  })
})
