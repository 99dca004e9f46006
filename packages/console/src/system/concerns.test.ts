import type { SystemView } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { concernsOf } from './concerns.ts'

const at = '2026-03-01T08:00:00.000Z'
const ago = (ms: number) => new Date(Date.parse(at) - ms).toISOString()
const follower = { name: 'channel:webhook', cursor: 9, behind: 0, leftOut: [] }
const well: SystemView = {
  at,
  deployment: { origin: 'acme/default', version: '0.1.0', publicUrl: 'https://countersign.example', demo: false },
  store: { entries: 9, answeredInMs: 1 },
  instances: [{ id: 'nod_1', version: '0.1.0', since: ago(9e6), beatAt: ago(2_000), answering: true }],
  duties: [{ name: 'deadlines', instance: 'nod_1' }],
  followers: [follower],
  runs: { unreported: 0 },
  queues: { openQuestions: 3, grantedUnspent: 0, waitingClients: 3 },
  gateways: [
    { gateway: 'http', name: 'orders', address: 'http://127.0.0.1:4601/orders', mode: 'enforcing', observes: false },
  ],
  letters: { waiting: 0, dead: [] },
  concerns: [],
}

const dead = { channel: 'webhook', recipient: 'place:url', approval: 'apr_1', code: 'ERR_UPSTREAM' }

it('tells of notices that were given up lately, and of no older ones', () => {
  const told = (givenUpMs: number) =>
    concernsOf({ ...well, letters: { waiting: 0, dead: [{ ...dead, at: ago(givenUpMs) }] } })
  expect(told(60_000).map(({ says }) => says)).toEqual(['1 notice was given up within a day: webhook (ERR_UPSTREAM).'])
  expect(told(48 * 3_600_000)).toEqual([])
})

describe('what a person must act on', () => {
  it('is nothing in an instance that is well, or only busy', () => {
    expect(concernsOf(well)).toEqual([])
    expect(concernsOf({ ...well, followers: [{ ...follower, behind: 2, waitingSince: ago(3_000) }] })).toEqual([])
  })

  it('is first what a part tells of itself, with the moment it began', () => {
    const told = { key: 'mcp/crm', says: 'The server answers 401.', since: ago(60_000) }
    expect(concernsOf({ ...well, duties: [], concerns: [told] })[0]).toEqual({ says: told.says, since: told.since })
  })

  it.each<[string, Partial<SystemView>, RegExp]>([
    ['nobody keeps the deadlines', { duties: [] }, /keeps the deadlines/],
    ['an instance is silent', { instances: [{ ...well.instances[0]!, beatAt: ago(8_000) }] }, /right to run/],
    [
      'a follower lags',
      { followers: [{ ...follower, behind: 2, waitingSince: ago(90_000) }] },
      /channel:webhook is 2 entries behind, for 1 min 30 s/,
    ],
    [
      'a follower fails',
      { followers: [{ ...follower, behind: 2, trouble: { index: 7, tries: 3, code: 'ERR_UPSTREAM' } }] },
      /fails over entry 7/,
    ],
    [
      'something was not told',
      { followers: [{ ...follower, leftOut: [{ index: 4, code: 'ERR_INTERNAL' }] }] },
      /left out 1 entry/,
    ],
    ['there is no gateway', { gateways: [] }, /No gateway/],
    ['a gateway only observes', { gateways: [{ ...well.gateways[0]!, observes: true }] }, /http\/orders only observes/],
    ['too much is asked', { queues: { ...well.queues, openQuestions: 150 } }, /150 questions wait/],
  ])('%s', (_, over, says) => {
    expect(concernsOf({ ...well, ...over })).toEqual([{ says: expect.stringMatching(says) }])
  })
})
