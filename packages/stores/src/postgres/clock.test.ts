import { expect, it } from 'vitest'
import { createDatabaseClock } from './clock.ts'
import type { Db } from './db.ts'

it('the store’s clock is the database’s, and goes on by a count that nobody can set', async () => {
  let elapsedMs = 5_000
  const answers = { query: async () => [{ now: 1_700_000_000_000 }] } as unknown as Pick<Db, 'query'>
  const clock = await createDatabaseClock(answers, () => elapsedMs)
  expect(clock.now()).toBe(1_700_000_000_000)
  elapsedMs += 1_500
  expect(clock.now()).toBe(1_700_000_001_500)
  clock.close()
})
