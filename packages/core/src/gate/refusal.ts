/**
 * What is said to whoever may not run it, or not yet.
 *
 * @module
 */
import type { ActionRecord, Approval, Refusal } from '@countersign/schema'
import { askedGroups } from '../approval/approval.ts'
import type { PolicyEngine, Store } from '../ports.ts'
import { visibleText } from '../visible.ts'

export interface RefusalParts {
  readonly store: Pick<Store, 'people'>
  readonly policy: PolicyEngine
  readonly publicUrl: string
}

export interface Refusals {
  /** People are being asked. */
  waitingFor(approval: Approval): Extract<Refusal, { kind: 'waiting' }>
  /** How its question stands. */
  of(approval: Approval): Promise<Refusal>
  /** `summed`: one of a flood, which has no record of its own. */
  denied(record: ActionRecord, summed: boolean): Refusal
}

export function createRefusals({ store, policy, publicUrl }: RefusalParts): Refusals {
  return {
    waitingFor,

    async of(approval) {
      switch (approval.state) {
        case 'open':
        case 'granted':
          return waitingFor(approval)
        case 'rejected': {
          const { person = '', reason } = approval.signatures.findLast(({ verdict }) => verdict === 'reject') ?? {}
          const name = (await store.people.get(person))?.name
          return {
            kind: 'rejected',
            approval: approval.id,
            reason,
            by: name === undefined ? 'a person' : visibleText(name),
          }
        }
        case 'expired':
        case 'cancelled':
        case 'voided':
          return { kind: approval.state, approval: approval.id }
        case 'spent':
          return { kind: 'voided', approval: approval.id }
      }
    },

    denied({ id, decision }, summed) {
      const because = decision.because.map(inItsOwnWords)
      if (summed) return { kind: 'denied', reason: 'too_many_denials', actionId: '', because }
      return { kind: 'denied', reason: decision.kind === 'deny' ? decision.reason : 'no_grant', actionId: id, because }
    },
  }

  function waitingFor(approval: Approval): Extract<Refusal, { kind: 'waiting' }> {
    const url = `${publicUrl}/approvals/${approval.id}`
    return { kind: 'waiting', approval: approval.id, groups: askedGroups(approval), expiresAt: approval.expiresAt, url }
  }

  function inItsOwnWords(id: string) {
    return { id, doc: policy.active().policy(id)?.doc ?? '' }
  }
}
