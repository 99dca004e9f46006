import type { Refusal } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { sayRefusal } from './refuse.ts'

const because = [{ id: 'p', doc: 'Not on Fridays.' }]

describe('how a refusal reads', () => {
  it.each<[Refusal, string]>([
    [
      { kind: 'denied', reason: 'no_grant', because, actionId: 'act_1' },
      'NOT EXECUTED. No policy allows this. Not on Fridays. (p) Do not retry unless the arguments change.',
    ],
    [
      { kind: 'rejected', approval: 'apr_1', reason: 'wrong table', by: 'per_1' },
      'NOT EXECUTED. Rejected by per_1: wrong table. Do not retry unless the arguments change.',
    ],
    [
      { kind: 'rejected', approval: 'apr_1', reason: undefined, by: 'per_1' },
      'NOT EXECUTED. Rejected by per_1. Do not retry unless the arguments change.',
    ],
    [
      { kind: 'expired', approval: 'apr_1' },
      'NOT EXECUTED. Nobody approved it in time; approval apr_1 has expired. Do not retry unless the arguments change.',
    ],
    [
      { kind: 'cancelled', approval: 'apr_1' },
      'NOT EXECUTED. Approval apr_1 was cancelled. Do not retry unless the arguments change.',
    ],
    [
      { kind: 'voided', approval: 'apr_1' },
      'NOT EXECUTED. Approval apr_1 no longer holds: what it rested on has changed. Do not retry unless the arguments change.',
    ],
    [
      {
        kind: 'waiting',
        approval: 'apr_1',
        groups: ['a', 'b'],
        expiresAt: 0,
        url: 'http://countersign/approvals/apr_1',
      },
      'NOT EXECUTED. Waiting for a, b. Approval apr_1, http://countersign/approvals/apr_1, expires 1970-01-01T00:00:00.000Z. ' +
        'Call countersign_wait with this id, then repeat this same call; do not change the arguments.',
    ],
    [
      { kind: 'done', actionId: 'act_1', at: 0, summary: 'the tool answered.' },
      'ALREADY EXECUTED at 1970-01-01T00:00:00.000Z: the tool answered. It was not run again, and its result was not kept.',
    ],
  ])('$kind', (refusal, text) => {
    expect(sayRefusal(refusal)).toMatchObject({ isError: true, content: [{ type: 'text', text }] })
  })
})
