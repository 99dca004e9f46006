import { expect, it } from 'vitest'
import { createSessions } from './session.ts'

it('one credential cannot take every connection of the house, however many sessions it opens', () => {
  const sessions = createSessions({ clock: { now: () => 0 }, idleMs: 1000 })
  const open = (credential: string, calls: number) => {
    const session = sessions.open({ server: 's', credential, client: { name: 'c', version: '1' } })
    for (let call = 0; call < calls; call += 1) session?.attempts.set(`number:${call}`, new AbortController())
  }
  for (let each = 0; each < 9; each += 1) open('key_1', 100)
  open('key_2', 100)
  expect([sessions.full('key_1'), sessions.full('key_2')]).toEqual([false, false])
  open('key_1', 100)
  expect([sessions.full('key_1'), sessions.full('key_2')]).toEqual([true, false])
})
