import { describe, expect, it } from 'vitest'
import { touches } from './stale.ts'

const question = { actionId: 'act_1' }

describe('what an event makes stale', () => {
  it.each<[string, Parameters<typeof touches>[0], string, unknown, boolean]>([
    [
      'a new question, the inbox',
      { index: 1, kind: 'approval.asked', approval: 'apr_1' },
      '/api/approvals?state=open',
      undefined,
      true,
    ],
    [
      'a signature, its question',
      { index: 1, kind: 'approval.granted', approval: 'apr_1' },
      '/api/approvals/apr_1',
      question,
      true,
    ],
    [
      'a signature, another question',
      { index: 1, kind: 'approval.granted', approval: 'apr_2' },
      '/api/approvals/apr_1',
      question,
      false,
    ],
    [
      'an outcome, the question it belongs to',
      { index: 1, kind: 'action.finished', action: 'act_1' },
      '/api/approvals/apr_1',
      question,
      true,
    ],
    [
      'an outcome, the inbox',
      { index: 1, kind: 'action.finished', action: 'act_1' },
      '/api/approvals?state=open',
      undefined,
      false,
    ],
    [
      'an outcome, the list of actions',
      { index: 1, kind: 'action.finished', action: 'act_1' },
      '/api/actions?limit=50',
      undefined,
      true,
    ],
    [
      'an outcome, another action',
      { index: 1, kind: 'action.finished', action: 'act_1' },
      '/api/actions/act_2',
      undefined,
      false,
    ],
    ['a stopped agent, the agents', { index: 1, kind: 'agent.changed', agent: 'bot' }, '/api/agents', undefined, true],
    ['a changed tool, the tools', { index: 1, kind: 'tool.changed' }, '/api/tools', undefined, true],
    ['new policies, the policies', { index: 1, kind: 'policy.activated' }, '/api/policies', undefined, true],
    ['anything, the ledger', { index: 1, kind: 'signature.refused' }, '/api/ledger', undefined, true],
    ['anything, who I am', { index: 1, kind: 'agent.changed' }, '/api/me', undefined, false],
  ])('%s', (_, hint, path, value, expected) => {
    expect(touches(hint, path, value)).toBe(expected)
  })
})
