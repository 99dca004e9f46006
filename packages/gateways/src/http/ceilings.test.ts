import type { Obligation } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { keeps } from './ceilings.ts'

const mask: Obligation = { kind: 'mask', fields: ['email'] }
const limit: Obligation = { kind: 'limit', rows: 1000 }

describe('H10: which duties can be kept is known before anybody is asked', () => {
  it.each<[string, Obligation, Parameters<typeof keeps>[1], number | undefined, boolean]>([
    ['a mask', mask, {}, undefined, true],
    ['a mask on a WebSocket', mask, { websocket: true }, undefined, false],
    ['a limit where rows are counted', limit, { rowsFrom: 'csv' }, undefined, true],
    ['a limit where nobody counts', limit, {}, undefined, false],
    ['a limit where the request asks for less', limit, { rowsFrom: 'request' }, 1000, true],
    ['a limit where the request asks for more', limit, { rowsFrom: 'request' }, 48_211, false],
    ['a limit where nobody knows what the request asks for', limit, { rowsFrom: 'request' }, undefined, false],
    ['a limit on a WebSocket', limit, { websocket: true, rowsFrom: 'csv' }, undefined, false],
  ])('%s', (_, duty, route, rows, kept) => {
    expect(keeps(duty, route, rows)).toBe(kept)
  })
})
