import type { Obligation } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { enforces } from './ceilings.ts'
import { openInstance } from './fixture.ts'

const mask: Obligation = { kind: 'mask', fields: ['email'] }
const limit: Obligation = { kind: 'limit', rows: 1000 }

describe('H10: which duties can be kept is known before anybody is asked', () => {
  it.each<[string, Obligation, Parameters<typeof enforces>[1], number | undefined, boolean]>([
    ['a mask', mask, {}, undefined, true],
    ['a mask on a WebSocket', mask, { websocket: true }, undefined, false],
    ['a limit where rows are counted', limit, { rowsFrom: 'csv' }, undefined, true],
    ['a limit where nobody counts', limit, {}, undefined, false],
    ['a limit where the request asks for less', limit, { rowsFrom: 'request' }, 1000, true],
    ['a limit where the request asks for more', limit, { rowsFrom: 'request' }, 48_211, false],
    ['a limit where nobody knows what the request asks for', limit, { rowsFrom: 'request' }, undefined, false],
    ['a limit on a WebSocket', limit, { websocket: true, rowsFrom: 'csv' }, undefined, false],
  ])('%s', (_, duty, route, rows, kept) => {
    expect(enforces(duty, route, rows)).toBe(kept)
  })
})

const asking = { rows: { cel: 'int(query.n)' }, rowsFrom: 'request' }

describe('H10: an attempt tells which duties it can keep', () => {
  it.each<[string, object, string, Obligation, boolean]>([
    ['a limit where nobody counts', {}, '', { kind: 'limit', rows: 10 }, false],
    ['a limit where rows are counted', { rowsFrom: 'csv' }, '', { kind: 'limit', rows: 10 }, true],
    ['a mask', {}, '', { kind: 'mask', fields: ['a.b'] }, true],
    ['a limit that the request keeps', asking, '?n=10', { kind: 'limit', rows: 10 }, true],
    ['a limit that it does not', asking, '?n=11', { kind: 'limit', rows: 10 }, false],
    ['a limit of which it says nothing', asking, '', { kind: 'limit', rows: 10 }, false],
  ])('%s', async (_, more, query, duty, expected) => {
    const route = { verb: 'data.read', resources: [{ kind: 'dataset', name: 'd' }], ...more }
    const instance = await openInstance({ upstream: { routes: { 'GET /x': route } } })
    try {
      await instance.ask(`/crm/x${query}`)
      expect(instance.attempts[0]?.enforces?.(duty)).toBe(expected)
      await instance.ask('/crm/unmapped')
      expect(instance.attempts[1]?.enforces?.({ kind: 'limit', rows: 10 })).toBe(false)
    } finally {
      await instance.close()
    }
  })
})
