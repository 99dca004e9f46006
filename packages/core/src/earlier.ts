/**
 * What already ran: the same attempt again gets its outcome, never a second run (P10).
 *
 * @module
 */
import type { ActionRecord, PermitRecord } from '@countersign/schema'
import type { SealedAction } from './action/seal.ts'
import { CountersignError } from './errors.ts'
import type { Attempt, PermitLife, Store } from './ports.ts'

/** How long an answer is there for the attempt that comes again. */
const resultKeptMs = 24 * 3_600_000

interface EarlierRuns {
  /** That of the same attempt, or one of the same action whose answer was not delivered. */
  find(record: ActionRecord): Promise<PermitLife | undefined>
  /** The one by which the store refused this permit. @throws the refusal, if that one was erased: it is not run again */
  namedBy(refused: CountersignError): Promise<PermitLife>
  /** @throws ERR_ATTEMPT_KNOWN if the attempt's id was used for another action, whose outcome is not this one's */
  tell(attempt: Attempt, sealed: SealedAction, earlier: PermitLife): Promise<void>
}

export function createEarlierRuns(store: Pick<Store, 'clock' | 'commit' | 'permits'>): EarlierRuns {
  return {
    async find({ attempt: { credential, id }, digest }) {
      const same = id === undefined ? undefined : await store.permits.byAttempt(credential, id)
      return same ?? store.permits.undelivered(credential, digest)
    },

    async namedBy(refused) {
      const permit = refused.detail as PermitRecord | undefined
      const earlier = permit && (await store.permits.get(permit.id))
      if (!earlier) throw refused
      return earlier
    },

    async tell(attempt, { digest }, { permit, outcome, finishedAt, result }) {
      const { id, actionId, attempt: key } = permit
      if (permit.digest !== digest) throw new CountersignError('ERR_ATTEMPT_KNOWN', { permit: id })
      const summary = outcome?.summary ?? 'It is running, or its outcome is not known yet.'
      const kept = store.clock.now() < (finishedAt ?? 0) + resultKeptMs
      if (outcome && result && kept) await attempt.replay(result, outcome)
      else await attempt.refuse({ kind: 'done', actionId, at: finishedAt, summary })
      if (!outcome || attempt.signal.aborted) return // hung up again: it is still to be handed out
      await store.commit({ facts: [{ kind: 'action.replayed', permit: id, actionId, attempt: key }] })
    },
  }
}
