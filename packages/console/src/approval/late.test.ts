import type { ApprovalView } from '@countersign/schema'
import { expect, it } from 'vitest'
import { lateWords } from './late.ts'

const by = (id: string, name: string, verdict: 'approve' | 'reject') => ({ person: { id, name }, verdict })
const question = (over: object): ApprovalView => ({ signatures: [], ...over }) as unknown as ApprovalView
const outcome = { kind: 'done', summary: '', rows: 2_345, startedAt: '', durationMs: 3_100 }

it.each<[string, object, string]>([
  ['granted', { signatures: [by('per_b', 'Ben', 'approve')] }, 'approved by Ben. It has not run yet.'],
  ['spent', { signatures: [by('per_b', 'Ben', 'approve')], outcome }, 'approved by Ben: ran, 2,345 rows, 3.1 s.'],
  [
    'rejected',
    { signatures: [by('per_c', 'Cleo', 'approve'), by('per_me', 'Me', 'reject')] },
    'rejected by you. It did not run.',
  ],
  ['expired', {}, 'the time was up. No answer is a no: it did not run.'],
  ['voided', { because: 'The agent was stopped.' }, 'voided. It did not run. The agent was stopped.'],
])('P7: who comes late to a question that is %s is told who decided and what happened', (state, over, words) => {
  expect(lateWords(question({ state, ...over }), 'per_me')).toBe(`Too late to answer: ${words}`)
})
