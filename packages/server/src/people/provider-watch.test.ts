import { createConcerns, CountersignError } from '@countersign/core'
import { expect, it, vi } from 'vitest'
import { watchProvider } from './provider-watch.ts'

it('D6: a provider that is away at the start is a concern, until it is there', async () => {
  const concerns = createConcerns({ clock: { now: () => 0 }, log: () => undefined })
  let there = false
  const reach = async () => {
    if (!there) throw new CountersignError('ERR_SIGN_IN_FAILED', { kind: 'away', why: 'it does not answer' })
  }
  const watch = watchProvider({ reach }, concerns, 1)
  await vi.waitFor(() =>
    expect(concerns.list()).toMatchObject([
      { key: 'sign-in/provider', says: 'Signing in does not work: it does not answer.' },
    ]),
  )
  there = true
  await vi.waitFor(() => expect(concerns.list()).toEqual([]))
  await watch.close()
})
