import type { ApprovalView } from '@countersign/schema'
import { expect, it } from 'vitest'
import { offered } from './answering.tsx'

const question = (over: Partial<ApprovalView>): ApprovalView =>
  ({
    state: 'open',
    you: { can: 'approve', reasonRequired: false },
    mayEscalate: false,
    mayStopAgent: false,
    ...over,
  }) as ApprovalView
const look = { can: 'look', code: 'ERR_SELF_APPROVAL', says: 's' } as const
const again = { can: 'sign-in-again', says: 's', signIn: '/sign-in', reasonRequired: false } as const

it.each<[string, Partial<ApprovalView>, boolean, string[]]>([
  [
    'who may sign',
    { mayEscalate: true, mayStopAgent: true },
    true,
    ['approve', 'reject', 'reject-and-stop', 'escalate'],
  ],
  ['who is shown something else than is signed (P9)', {}, false, ['reject']],
  ['who has to prove anew that it is them', { you: again }, true, ['reject']],
  ['who asks (P3)', { you: look }, true, []],
  ['who asks, and owns the agent (P15)', { you: look, mayStopAgent: true }, true, ['stop']],
  ['who comes late', { state: 'rejected', you: look, mayStopAgent: true }, true, ['stop']],
])('%s is offered', (_, over, intact, expected) => {
  expect(offered(question(over), intact)).toEqual(expected)
})
