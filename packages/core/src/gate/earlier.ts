/**
 * What has begun before: the same attempt again gets its outcome, never a second run (P10).
 *
 * @module
 */
import type { ActionRecord, Approval, AttemptKey, PermitRecord } from '@countersign/schema'
import type { SealedAction } from '../action/seal.ts'
import { createListeners } from '../listeners.ts'
import { CountersignError } from '../errors.ts'
import { isCooperating } from './cooperating.ts'
import { handedPermit, nodeLease } from './mint.ts'
import type { Attempt, PermitLife, Store } from '../ports.ts'
import { createSharedLook } from '../shared.ts'
import type { inOrder } from '../in-order.ts'
import type { Signal } from '../signal.ts'
import { neverBegan } from './run.ts'

/** How long an answer is there for the attempt that comes again; after that it is told that it was run. */
const resultKeptMs = 24 * 3_600_000
/** How often who waits for the end of a run looks by itself, for an end that nobody told here. */
const lookEveryMs = 1_000

/** As often one attempt may fail to begin and be made again; after that it is told that it never began. */
const mostTurns = 100

export interface EarlierRuns {
  /**
   * The latest question about the action; and the run of the same attempt, or one of the same action whose answer was not
   * delivered, or that has not ended.
   */
  find(record: ActionRecord): Promise<{ asked: Approval | undefined; begun: PermitLife | undefined }>
  /** The one by which the store refused this permit. @throws the refusal, if that one was erased: it is not run again */
  namedBy(refused: CountersignError): Promise<PermitLife>
  /**
   * As it is once it has ended, or once patience is over. Undefined if it ended, its answer was delivered or it never began,
   * and that was another attempt: what waited for it is an action of its own.
   *
   * @throws ERR_ATTEMPT_KNOWN if the attempt's id was used for another action, whose outcome is not this one's
   */
  ended(earlier: PermitLife, attempt: Attempt, sealed: SealedAction, patience: Signal): Promise<PermitLife | undefined>
  /**
   * What was sent as it may be made once more, if the run that `attempt` met never began: under an id of its own, for which
   * all of this holds as well. Undefined if it is not to be made again.
   */
  again(sent: Attempt, attempt: Attempt, earlier: PermitLife): Promise<Attempt | undefined>
  tell(attempt: Attempt, earlier: PermitLife): Promise<void>
  /** Wakes those who wait for this run to end. */
  show(permit: string): void
}

export function createEarlierRuns(
  store: Pick<Store, 'clock' | 'commit' | 'approvals' | 'permits' | 'leases' | 'actions'>,
  isHere: (permit: string) => boolean,
  fairly: ReturnType<typeof inOrder>,
): EarlierRuns {
  const listeners = createListeners()
  /** A crowd that does the same asks the store once. In this order: what was spent or has ended meanwhile is found by a later look. */
  const find = createSharedLook(async (key) => {
    const [credential, digest] = JSON.parse(key) as [credential: string, digest: string]
    return fairly(credential, async () => {
      const asked = await store.approvals.latest(digest)
      const begun = await store.permits.begun(credential, digest)
      return { asked, begun: (await store.permits.undelivered(credential, digest)) ?? begun }
    })
  })

  return {
    async find({ attempt: { credential, id }, digest }) {
      const { asked, begun } = await find(JSON.stringify([credential, digest]))
      if (id === undefined) return { asked, begun }
      // After the question: what was spent between the two looks is found by the second.
      const same = await fairly(credential, () => store.permits.byAttempt(credential, id))
      return { asked, begun: same ?? begun }
    },

    async namedBy(refused) {
      const permit = refused.detail as PermitRecord | undefined
      const earlier = permit && (await store.permits.get(permit.id))
      if (!earlier) throw refused
      return earlier
    },

    async ended(earlier, { caller, context }, { digest }, patience) {
      const { id, attempt } = earlier.permit
      if (earlier.permit.asked !== digest) throw new CountersignError('ERR_ATTEMPT_KNOWN', { permit: id })
      // What a client runs itself is not waited for: it has the permit, or is handed it once more.
      const life = earlier.outcome || earlier.permit.handed ? earlier : await endOf(id, patience)
      if (isSame({ caller, context }, attempt)) return life
      if (neverBegan(life.outcome)) return undefined
      return life.outcome && life.delivered && !life.abandoned ? undefined : life
    },

    async again(sent, attempt, { permit, outcome }) {
      const { caller, context } = sent
      if (!neverBegan(outcome) || !isSame(attempt, permit.attempt)) return undefined
      for (let turn = 2; turn <= mostTurns; turn++) {
        const attemptId = `${context.attemptId} (${turn})`
        const life = await store.permits.byAttempt(caller.credential, attemptId)
        if (!neverBegan(life?.outcome)) return { ...sent, context: { ...context, attemptId } }
      }
      return undefined
    },

    async tell(attempt, { permit, outcome, finishedAt, result }) {
      const { id, actionId, attempt: key } = permit
      if (!outcome && permit.handed && isCooperating(attempt)) {
        const [life] = await store.actions.lives([actionId])
        if (life) return attempt.granted(handedPermit(life.record, permit))
      }
      if (!outcome) return attempt.refuse({ kind: 'done', actionId, at: undefined, ...(await withoutEnd(permit)) })
      const kept = store.clock.now() < (finishedAt ?? 0) + resultKeptMs
      const { summary } = outcome
      const isOpen = outcome.kind === 'unknown' || outcome.kind === 'unreported'
      const unknown = isOpen && ({ open: 'unknown' } as const)
      if (result && kept && !isCooperating(attempt)) await attempt.replay(result, outcome)
      else await attempt.refuse({ kind: 'done', actionId, at: finishedAt, summary, ...unknown })
      if (attempt.signal.aborted) return // hung up again: it is still to be handed out
      await store.commit({ facts: [{ kind: 'action.replayed', permit: id, actionId, attempt: key }] })
    },

    show: listeners.notify,
  }

  async function endOf(id: string, patience: Signal): Promise<PermitLife> {
    const listener = listeners.listen(id)
    patience.addEventListener('abort', listener.wake, { once: true })
    const looking = setInterval(listener.wake, lookEveryMs)
    try {
      for (;;) {
        const life = await store.permits.get(id)
        if (!life) throw new CountersignError('ERR_ATTEMPT_KNOWN', { permit: id }) // erased: it is not run again
        if (life.outcome || patience.aborted) return life
        await listener.heard()
      }
    } finally {
      clearInterval(looking)
      patience.removeEventListener('abort', listener.wake)
      listener.close()
    }
  }

  /** An instance that is gone, or that knows nothing of it, will not tell how it ends. */
  async function withoutEnd({ id, node }: PermitRecord): Promise<{ open: 'running' | 'unknown'; summary: string }> {
    const runs = isHere(id) || (await store.leases.list()).some(({ name }) => name === nodeLease + node)
    return runs
      ? { open: 'running', summary: 'It is still running.' }
      : {
          open: 'unknown',
          summary: 'It may have run already: what was to run it is gone, and did not say how it ended.',
        }
  }
}

const isSame = ({ caller, context }: Pick<Attempt, 'caller' | 'context'>, { credential, id }: AttemptKey): boolean =>
  context.attemptId !== undefined && id === context.attemptId && credential === caller.credential
