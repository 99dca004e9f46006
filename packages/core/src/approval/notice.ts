import type { Approval } from '@countersign/schema'
import type { Notice } from '../ports.ts'
import { askedGroups } from './approval.ts'

/** What every channel shows of a question, each in its own form. */
export function noticeOf(approval: Approval, publicUrl: string): Notice {
  const { id, version, state, expiresAt, shown, card, signatures } = approval
  return {
    id: `${id}.${version}`,
    approval: id,
    version,
    state,
    at: 'settledAt' in approval ? approval.settledAt : approval.askedAt,
    expiresAt,
    groups: askedGroups(approval),
    url: `${publicUrl}/approvals/${id}`,
    shown,
    card,
    answers: signatures.map(({ person, verdict }) => ({ person, verdict })),
  }
}
