import type { ActionRecord } from '@countersign/schema'

/** Decided otherwise than policy did: what is denied whatever policy says. */
export const denied = (
  record: ActionRecord,
  reason: 'agent_stopped' | 'person_inactive' | 'too_many_questions',
): ActionRecord => ({
  ...record,
  decision: { kind: 'deny', reason, because: [], policyVersion: record.decision.policyVersion },
})
