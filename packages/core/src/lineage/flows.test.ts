import type { Outcome } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { samplePermit, sampleRecord } from '../ledger/sample.ts'
import { flowsOf } from './flows.ts'

const record = sampleRecord('act_1', {
  dataUse: {
    reads: [{ name: 'crm.customers', columns: ['id'], classes: ['personal'], known: true }],
    writes: [],
    classes: ['personal'],
    sensitive: true,
  },
})

const readsOf = (outcome: Omit<Extract<Outcome, { kind: 'done' }>, 'kind' | 'summary'>) =>
  flowsOf({
    record,
    at: 0,
    permit: samplePermit('prm_1', record),
    outcome: { kind: 'done', summary: '', ...outcome },
  }).map(({ from, fromColumns }) => [from.name, fromColumns])

describe('what a run read', () => {
  it.each<[string, Parameters<typeof readsOf>[0], unknown]>([
    ['is what was approved, where it did not say', { seenBy: 'system' }, [['crm.customers', ['id']]]],
    ['is what was seen', { seenBy: 'system', reads: [{ name: 'crm.orders' }] }, [['crm.orders', undefined]]],
    [
      'stays what was approved, whatever its client leaves out',
      { seenBy: 'client', reads: [] },
      [['crm.customers', ['id']]],
    ],
    [
      'is more, where its client says so',
      { seenBy: 'client', reads: [{ name: 'crm.customers', columns: ['email'] }, { name: 'crm.orders' }] },
      [
        ['crm.customers', ['id', 'email']],
        ['crm.orders', undefined],
      ],
    ],
    [
      'may be any column, where its client names none',
      { seenBy: 'client', reads: [{ name: 'crm.customers' }] },
      [['crm.customers', undefined]],
    ],
  ])('%s', (_, outcome, expected) => {
    expect(readsOf(outcome)).toEqual(expected)
  })
})
