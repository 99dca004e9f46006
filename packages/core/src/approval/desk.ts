/**
 * The desk: where questions wait for people.
 *
 * Answers reach those who wait through the ledger, so it does not matter which instance took the
 * signature.
 *
 * @module
 */
import {
  type Actor,
  type Approval,
  byPerson,
  bySystem,
  type Countersignature,
  type Fact,
  type FactOf,
  isLocal,
  type OpenApproval,
} from '@countersign/schema'
import { createListeners } from '../listeners.ts'
import { forEach } from '../each.ts'
import { CountersignError, isError } from '../errors.ts'
import { createFloods } from '../limits/floods.ts'
import type { Answer, Change, Store } from '../ports.ts'
import { createSharedLook } from '../shared.ts'
import type { Signal } from '../signal.ts'
import { askedGroups, escalate, expire, sign, withdraw } from './approval.ts'
import { requesterChain } from './barred.ts'

export interface Desk {
  /** @throws ERR_APPROVAL_… , ERR_SELF_APPROVAL, ERR_APPROVER_NOT_ASKED, ERR_ASSURANCE_TOO_LOW, ERR_CARD_CHANGED, ERR_AGENT_STOPPED */
  sign(approval: string, answer: Answer): Promise<Approval>
  escalate(approval: string, person: string): Promise<Approval>
  get(id: string): Promise<Approval>
  /** Waits while it is open, until `patience` aborts; then as it stands. */
  waitFor(id: string, patience: Signal): Promise<Approval>
  /** Takes back a question or an unspent grant. Settled ones stay as they are. */
  withdraw(id: string, as: 'cancelled' | 'voided', because: string, by: Actor): Promise<Approval>
  /** Expires or escalates this one if that is due. */
  expireOrEscalate(id: string): Promise<Approval>
  /** The same for all that is due. Call it on a timer; that a grant expires does not depend on it. */
  expireOrEscalateDue(): Promise<void>
  /** Wakes those who wait for this approval, once it is answered. Call it for every change the ledger tells of. */
  show(approval: Approval): void
  /** How many wait here for an answer. */
  waiting(): number
}

export interface DeskParts {
  readonly store: Pick<Store, 'clock' | 'commit' | 'approvals' | 'people' | 'agents'>
  /** Group membership older than this cannot sign by chat (P5). Default 15 min. */
  readonly membershipMs?: number
}

/**
 * Refused signatures of one person on one question for one reason that are recorded singly; those beyond are summed
 * up.
 */
const mostRefused = 10
/** The time within which those are counted; what was summed up is recorded when it is over. */
const refusedWithinMs = 10 * 60_000

type Refused = Omit<FactOf<'signature.refused'>, 'kind' | 'times'>

/** Group membership older than this cannot sign by chat (P5): who left a group shall not go on signing for it. */
const freshGroupsMs = 15 * 60_000

export function createDesk({ store, membershipMs = freshGroupsMs }: DeskParts): Desk {
  const listeners = createListeners()
  const refusals = createFloods<Refused, Refused>({
    store,
    most: mostRefused,
    withinMs: refusedWithinMs,
    alone: (refused) => ({ kind: 'signature.refused', ...refused }),
    brief: (refused) => refused,
    summed: (all) => ({ kind: 'signature.refused', ...all[0], ...(all.length > 1 && { times: all.length }) }),
  })
  const { clock } = store
  /** A crowd that waits for one answer asks the store once. */
  const look = createSharedLook(get)

  return {
    get,

    async sign(id, answer) {
      try {
        return await change(id, async (approval) => signedBy(approval, answer))
      } catch (error) {
        await remember(id, answer, error)
        throw error
      }
    },

    async escalate(id, person) {
      return change(id, async (approval) => {
        if (approval.state !== 'open') throw new CountersignError('ERR_APPROVAL_SETTLED', id)
        await mustBeAsked(approval, person)
        return { change: 'escalated', by: byPerson(person), approval: escalate(approval, () => true) }
      })
    },

    async waitFor(id, patience) {
      const listener = listeners.listen(id)
      patience.addEventListener('abort', listener.wake, { once: true })
      try {
        for (;;) {
          const over = await asItEnds(id, patience)
          if (over) return over
          await listener.heard()
        }
      } finally {
        patience.removeEventListener('abort', listener.wake)
        listener.close()
      }
    },

    withdraw: (id, as, because, by) =>
      change(id, async (approval) => ({
        change: as,
        by,
        approval: withdraw(approval, as, because, clock.now()),
      })),

    expireOrEscalate: (id) => change(id, async (approval) => whatIsDue(approval)),

    async expireOrEscalateDue() {
      await forEach(await store.approvals.due(), ({ id }) => change(id, async (approval) => whatIsDue(approval)))
    },

    show({ id, state }) {
      if (state === 'open') return // no answer yet: whoever woke would only look, and wait on
      listeners.notify(id)
    },

    waiting: listeners.listening,
  }

  /** Undefined while it is open and waited for: nobody keeps it in memory who only waits. */
  async function asItEnds(id: string, patience: Signal): Promise<Approval | undefined> {
    const approval = expire(await look(id), clock.now())
    return approval.state === 'open' && !patience.aborted ? undefined : approval
  }

  async function get(id: string): Promise<Approval> {
    const approval = await store.approvals.get(id)
    if (!approval) throw new CountersignError('ERR_APPROVAL_UNKNOWN', id)
    return approval
  }

  /** Reads, changes, commits; when someone else was quicker, looks again. */
  async function change(id: string, how: (approval: Approval) => Promise<Changed>): Promise<Approval> {
    for (;;) {
      const before = await get(id)
      const changed = await how(before)
      if (changed.approval === before) return before
      const { notAfter, notBefore, ...fact } = changed
      try {
        await store.commit({
          facts: [{ kind: 'approval.changed', ...fact }],
          ...(notAfter !== undefined && { notAfter }),
          ...(notBefore !== undefined && { notBefore }),
        })
        return changed.approval
      } catch (error) {
        if (isError(error, 'ERR_STORE_LATE')) throw new CountersignError('ERR_APPROVAL_EXPIRED', id, { cause: error })
        if (!isError(error, 'ERR_STORE_CONFLICT')) throw error
      }
    }
  }

  /** The signer's membership and the requester chain are read at the moment of signing, whatever was true before. */
  async function signedBy(approval: Approval, answer: Answer): Promise<Changed> {
    const person = await store.people.get(answer.person)
    if (!person?.active) throw new CountersignError('ERR_APPROVER_INACTIVE', approval.id)
    const { action } = approval.card.bound
    const agent = await store.agents.get(action.agent)
    const now = clock.now()
    if (!agent || requesterChain(action, agent, now).includes(person.id)) {
      throw new CountersignError('ERR_SELF_APPROVAL', approval.id)
    }
    if (answer.assurance === 'chat' && now - person.groupsAsOf > membershipMs) {
      throw new CountersignError('ERR_MEMBERSHIP_STALE', approval.id)
    }
    const { reason, proof, shown, verdict, assurance, channel } = answer
    const signature: Countersignature = {
      person: person.id,
      verdict,
      ...(reason !== undefined && { reason }),
      assurance,
      channel,
      at: now,
      digest: approval.digest,
      shown: shown as Countersignature['shown'],
      groups: person.groups,
      membershipAsOf: person.groupsAsOf,
      ...(isLocal(person) && { local: true as const }),
      ...(proof && { proof }),
    }
    const signed = sign(approval, signature, now)
    if (agent.status === 'stopped' && verdict === 'approve') {
      throw new CountersignError('ERR_AGENT_STOPPED', approval.id)
    }
    const name = signed.state === 'granted' || signed.state === 'rejected' ? signed.state : 'signed'
    return { change: name, by: byPerson(person.id), approval: signed, signature, notAfter: approval.expiresAt - 1 }
  }

  async function mustBeAsked(approval: OpenApproval, id: string): Promise<void> {
    const person = await store.people.get(id)
    if (!person?.active) throw new CountersignError('ERR_APPROVER_INACTIVE', approval.id)
    if (approval.barred.includes(id)) throw new CountersignError('ERR_SELF_APPROVAL', approval.id)
    if (!askedGroups(approval).some((group) => person.groups.includes(group))) {
      throw new CountersignError('ERR_APPROVER_NOT_ASKED', approval.id)
    }
  }

  function whatIsDue(approval: Approval): Changed {
    const now = clock.now()
    const expired = expire(approval, now)
    if (expired !== approval) {
      const notBefore = approval.state === 'granted' ? approval.validUntil : approval.expiresAt
      return { change: 'expired', by: bySystem, approval: expired, notBefore }
    }
    if (approval.state !== 'open' || approval.escalateAt === undefined || approval.escalateAt > now) {
      return { change: 'expired', by: bySystem, approval }
    }
    const due = (afterMs: number) => approval.askedAt + afterMs <= now
    return {
      change: 'escalated',
      by: bySystem,
      approval: escalate(approval, due),
      notBefore: approval.escalateAt,
    }
  }

  /** A refused signature is worth knowing. Not being able to write it down changes nothing for the one who tried. */
  async function remember(id: string, { person, channel }: Answer, error: unknown): Promise<void> {
    if (!(error instanceof CountersignError) || error.status >= 500 || error.code === 'ERR_APPROVAL_UNKNOWN') return
    const refused = { by: byPerson(person), approval: id, code: error.code, channel }
    await refusals.record(JSON.stringify([id, person, error.code]), refused).catch(() => undefined)
  }
}

type Changed = Omit<Extract<Fact, { kind: 'approval.changed' }>, 'kind'> & Pick<Change, 'notAfter' | 'notBefore'>
