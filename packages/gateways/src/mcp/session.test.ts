import { describe, expect, it } from 'vitest'
import { graveyard } from './fixture.ts'
import { createSessions, type Session } from './session.ts'

const who = (credential: string, server = 's') => ({
  server,
  credential,
  client: { name: 'c', version: '1' },
  version: '2025-06-18',
})
const open = { cancel: () => undefined, close: async () => undefined }

/** Instances of one deployment, on one clock. */
function deployment({ idleMs = 100, key = new Uint8Array(32).fill(1) } = {}) {
  const clock = { at: 0, now: () => clock.at }
  const tombstones = graveyard()
  return { clock, instance: () => createSessions({ clock, idleMs, key, tombstones }) }
}

describe('a session', () => {
  it('C4: is known to an instance that never saw it, as after a restart, with all that it was opened with', async () => {
    const { instance } = deployment()
    const { token, id } = instance().open(who('key_1'))
    expect(await instance().find(token, who('key_1'))).toMatchObject({ id, token, ...who('key_1') })
  })

  it('C4: is nobody’s but its credential’s, at its server, in its deployment', async () => {
    const { instance } = deployment()
    const { token } = instance().open(who('key_1'))
    expect(await instance().find(token, who('key_2'))).toBeUndefined()
    expect(await instance().find(token, who('key_1', 'other'))).toBeUndefined()
    const elsewhere = deployment({ key: new Uint8Array(32).fill(2) }).instance()
    expect(await elsewhere.find(token, who('key_1'))).toBeUndefined()
  })

  it.each<[string, (token: string) => string]>([
    ['one that was changed', (token) => `${token.slice(0, 60)}${token[60] === 'A' ? 'B' : 'A'}${token.slice(61)}`],
    ['a piece of one', (token) => token.slice(0, -4)],
    ['one with an end of its own', (token) => `${token}AAAA`],
    ['nothing', () => ''],
    ['something', () => 'x'.repeat(40)],
    ['something long', (token) => token.repeat(100)],
    ['what is no Base64url', (token) => `${token}=`],
  ])('C4: %s is none', async (_, change) => {
    const { instance } = deployment()
    const { token } = instance().open(who('key_1'))
    expect(await instance().find(change(token), who('key_1'))).toBeUndefined()
  })

  it('C4: that was ended is over on every instance, also one that has it in use', async () => {
    const { instance } = deployment()
    const [first, second] = [instance(), instance()]
    const session = first.open(who('key_1'))
    expect(await second.find(session.token, who('key_1'))).toBeDefined()
    await first.end(session)
    for (const each of [first, second, instance()]) expect(await each.find(session.token, who('key_1'))).toBeUndefined()
  })

  it('C4: is short enough for a header, whatever its client calls itself', () => {
    const client = { name: '"'.repeat(100), version: '\\'.repeat(100) }
    expect(
      deployment()
        .instance()
        .open({ ...who('key_1'), client }).token.length,
    ).toBeLessThan(1_000)
  })

  it('ends when nobody uses it for a while, unless something is running', async () => {
    const { clock, instance } = deployment()
    const sessions = instance()
    const [idle, busy] = [sessions.open(who('a')), sessions.open(who('a'))]
    busy.attempts.set('1', open)
    clock.at = 101
    expect(await sessions.find(idle.token, who('a'))).toBeUndefined()
    expect(await sessions.find(idle.token, who('a')), 'and does not come back').toBeUndefined()
    expect(await sessions.find(busy.token, who('a'))).toBe(busy)
  })

  it('B6: leaves memory when there are many, the one that was idle longest first, and is found again', async () => {
    const { clock, instance } = deployment({ idleMs: 1_000_000 })
    const sessions = instance()
    const other = sessions.open(who('b'))
    const first = sessions.open(who('a'))
    for (let at = 0; at < 250; at += 1) {
      clock.at += 1
      sessions.open(who('a'))
    }
    expect(sessions.of('s')).toHaveLength(201)
    expect(sessions.of('s')).toContain(other)
    expect(sessions.of('s')).not.toContain(first)
    expect(await sessions.find(first.token, who('a'))).toMatchObject({ id: first.id })
  })

  it('B6: of one credential cannot take every connection, however many of them it opens', () => {
    const sessions = deployment().instance()
    const use = (credential: string, calls: number): Session => {
      const session = sessions.open(who(credential))
      for (let call = 0; call < calls; call += 1) session.attempts.set(`number:${call}`, open)
      return session
    }
    for (let each = 0; each < 9; each += 1) use('key_1', 100)
    use('key_2', 100)
    expect([sessions.full('key_1'), sessions.full('key_2')]).toEqual([false, false])
    const last = use('key_1', 100)
    expect([sessions.full('key_1'), sessions.full('key_2')]).toEqual([true, false])
    sessions.drop(last)
    expect([sessions.full('key_1'), sessions.full('key_2')]).toEqual([false, false])
  })
})
