/**
 * What a client says of what it was handed a permit for.
 *
 * @module
 */
import type { Fact } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import type { Gate, Store } from '../ports.ts'

/** Whether there is such a permit is told to nobody but whom it was handed to. That it is said once only, the store sees to. */
export const createReport =
  (store: Pick<Store, 'commit' | 'permits'>): Gate['report'] =>
  async (id, { agent, credential }, reported) => {
    const permit = (await store.permits.get(id))?.permit
    if (!permit?.handed || permit.agent !== agent.id || permit.attempt.credential !== credential) {
      throw new CountersignError('ERR_PERMIT_UNKNOWN', { permit: id })
    }
    const { actionId } = permit
    const outcome = { ...reported, seenBy: 'client' } as const
    // Who says it needs no answer handed out.
    const fact: Fact = { kind: 'action.finished', permit: id, actionId, outcome, delivered: true }
    await store.commit({ facts: [fact] })
  }
