import { expect, it } from 'vitest'
import { lastExpiry } from './expiry.ts'

const key = (expiresAt: string, state: 'active' | 'expired' | 'revoked' = 'active') => ({
  id: 'k',
  createdAt: expiresAt,
  expiresAt,
  state,
})
const now = Date.parse('2026-03-01T00:00:00.000Z')

it('says when an agent is left without a key', () => {
  expect(lastExpiry([], now)).toBeUndefined()
  expect(lastExpiry([key('2026-09-01T00:00:00.000Z', 'revoked')], now)).toBeUndefined()
  expect(lastExpiry([key('2026-03-02T00:00:00.000Z'), key('2026-05-01T00:00:00.000Z')], now)).toEqual({
    at: '2026-05-01T00:00:00.000Z',
    soon: false,
  })
  expect(lastExpiry([key('2026-03-02T00:00:00.000Z')], now)?.soon).toBe(true)
})
