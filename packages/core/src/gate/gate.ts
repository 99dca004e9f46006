/**
 * The gate: the one path every action takes. ★ Start reading here.
 *
 *   describe ▶ seal ▶ decide ▶ hold ▶ permit ▶ run ▶ record
 *
 * Nothing runs before the leave to run it is durable in the ledger (P2), so a crash can leave a permit without an
 * outcome but never an outcome without a permit. What runs is the sealed copy (P1), and a grant is spent in the very
 * commit that records the permit (P6).
 *
 * @module
 */
import type { Action, ActionRecord, Agent, Approval, Fact, PermitRecord, Refusal } from '@countersign/schema'
import { type SealedAction, seal } from '../action/seal.ts'
import { askedGroups, isLive, spend } from '../approval/approval.ts'
import { inForce } from '../approval/barred.ts'
import type { Desk } from '../approval/desk.ts'
import { covers, mustBeAbout } from '../approval/recheck.ts'
import { type Limits, tooMany } from '../approval/limits.ts'
import { questionOf } from '../approval/question.ts'
import { createEarlierRuns } from './earlier.ts'
import { CountersignError, isError } from '../errors.ts'
import type { Judge } from './judge.ts'
import { createDenials } from '../limits/denials.ts'
import { createWeights } from '../limits/weights.ts'
import { type Patience, startPatience } from './patience.ts'
import { permitRecord } from './permit.ts'
import { denied } from '../policy/denied.ts'
import type { Attempt, Gate, PermitLife, PolicyEngine, Store } from '../ports.ts'
import { createRun, type Permitted, type RunParts } from './run.ts'
import { inOrder } from '../in-order.ts'
import { visibleText } from '../visible.ts'

export interface GateParts extends RunParts {
  readonly store: Store
  readonly desk: Desk
  readonly judge: Judge
  readonly policy: PolicyEngine
  readonly publicUrl: string
  readonly limits?: Limits
}

/** A repeat within this time of a rejection gets the rejection again, no new question. */
const rejectionHoldsMs = 10 * 60_000
/** How many looks of one credential, for a question or after its answer, are made at once: a crowd keeps nobody else waiting. */
const askingAtOnce = 8
/** How often an attempt is judged anew because something changed while it was judged. */
const patienceWithChange = 8

/** The gate as the house has it: it is told what the ledger tells. */
export interface HouseGate extends Gate {
  /** Wakes those who wait for this run to end. Call it for every end that the ledger tells of; none depends on it. */
  show(permit: string): void
  /** Ends what runs here and may run no longer (P15). Call it for every change of an agent that the ledger tells of. */
  heed(agent: Agent): void
}

export function createGate(parts: GateParts): HouseGate {
  const { store, desk, judge, policy, node, publicUrl, limits } = parts
  const { clock } = store
  const runs = createRun(parts)
  const denials = createDenials(store, limits)
  /** Counted and asked one after the other, so that a crowd at once asks no more than its limit. */
  const inTurn = inOrder()
  /** What asks reads much, and people who sign read the same store; what is allowed at once does not wait here. */
  const fairly = inOrder(askingAtOnce)
  const earlierRuns = createEarlierRuns(store, runs.isHere, fairly)
  const weigh = createWeights()

  return {
    async pass(attempt) {
      const sealed = seal(actionOf(attempt))
      const leave = weigh(attempt.caller.credential, sealed)
      const patience = startPatience(attempt)
      try {
        const verdict = await judged(sealed, attempt, patience)
        if (verdict.kind === 'permitted') await ran(attempt, verdict)
        else if (verdict.kind === 'known') await earlierRuns.tell(attempt, verdict.earlier)
        else await attempt.refuse(verdict)
      } finally {
        patience.close()
        leave()
      }
    },
    show: earlierRuns.show,
    heed: runs.heed,
  }

  async function ran(attempt: Attempt, leaveToRun: Permitted): Promise<void> {
    await runs.run(attempt, leaveToRun)
    earlierRuns.show(leaveToRun.permit.id)
  }

  async function judged(sealed: SealedAction, sent: Attempt, patience: Patience): Promise<Settled> {
    let attempt = sent
    let agent = attempt.caller.agent
    for (let changes = 0; changes < patienceWithChange;) {
      const verdict = await judgedOnce(sealed, attempt, agent, patience)
      if (verdict.kind === 'denying') return deny(verdict.record)
      if (verdict.kind !== 'changed' && verdict.kind !== 'known') return verdict
      if (verdict.kind === 'known') {
        const earlier = await earlierRuns.ended(verdict.earlier, attempt, sealed, patience.signal)
        const again = earlier && (await earlierRuns.again(sent, attempt, earlier))
        if (earlier && !again) return { kind: 'known', earlier }
        attempt = again ?? attempt
      } else changes += 1
      agent = await provenAgain(attempt)
    }
    throw new CountersignError('ERR_STORE_CONFLICT', { digest: sealed.digest })
  }

  /** Here and below nothing is awaited last: a call that is held keeps in memory only what it will need. */
  async function judgedOnce(
    sealed: SealedAction,
    attempt: Attempt,
    agent: Agent,
    patience: Patience,
  ): Promise<Verdict> {
    const settled = await settle(sealed, await judge(sealed, attempt, agent), agent)
    if ('kind' in settled) return settled
    if (settled.state === 'open') attempt.held?.(waitingFor(settled))
    const approval = await desk.waitFor(settled.id, patience.signal)
    return fairly(attempt.caller.credential, () => answered(approval, sealed, attempt))
  }

  /** What becomes of it, or the question whose answer it waits for. */
  async function settle(sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Verdict | Approval> {
    if (agent.status === 'stopped') return { kind: 'denying', record: denied(record, 'agent_stopped') }
    const { decision } = record
    switch (decision.kind) {
      case 'deny':
        return { kind: 'denying', record }
      case 'allow':
        return permit(record, agent)
      case 'ask':
        if (record.observed) return permit(record, agent)
        return findOrAsk(sealed, record, agent)
    }
  }

  async function deny(record: ActionRecord): Promise<Refusal> {
    const { decision, attempt, action } = record
    const known = await denials.record(JSON.stringify([attempt.credential, action.onBehalfOf]), record)
    const because = decision.because.map(inItsOwnWords)
    if (known === 'summed') return { kind: 'denied', reason: 'too_many_denials', actionId: '', because }
    const reason = decision.kind === 'deny' ? decision.reason : 'no_grant'
    return { kind: 'denied', reason, actionId: record.id, because }
  }

  /** For a plain allow, decision and permit are one commit. */
  async function permit(record: ActionRecord, agent: Agent): Promise<Verdict> {
    await runs.leavesAreTold()
    return leave(record, permitRecord(record, record.id, agent, node, clock.now()), [
      { kind: 'action.decided', record },
    ])
  }

  async function answered(approval: Approval, sealed: SealedAction, attempt: Attempt): Promise<Verdict> {
    if (approval.state === 'spent') return { kind: 'changed' } // another connection was quicker: known, or asked anew
    if (approval.state === 'granted' && attempt.signal.aborted) return waitingFor(approval) // nobody is there to collect it
    return approval.state === 'granted' ? spendGrant(sealed, approval, attempt) : refusalOf(approval)
  }

  async function findOrAsk(sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Approval | Verdict> {
    const { asked: latest, begun } = await earlierRuns.find(record)
    if (begun) return { kind: 'known', earlier: begun }
    if (latest) mustBeAbout(latest, sealed)
    if (latest && isLive(latest, clock.now())) return latest
    if (latest?.state === 'rejected' && clock.now() < latest.settledAt + rejectionHoldsMs) return refusalOf(latest)
    if (latest) await desk.expireOrEscalate(latest.id)
    const { agent: asking, onBehalfOf = '' } = record.action
    return inTurn(`${asking} ${onBehalfOf}`, () => askAnew(sealed, record, agent))
  }

  async function askAnew(sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Approval | Verdict> {
    if (await tooMany(store, record.action, clock.now(), limits))
      return { kind: 'denying', record: denied(record, 'too_many_questions') }
    const approval = questionOf(sealed, record, agent, clock.now())
    try {
      await store.commit({
        facts: [
          { kind: 'action.decided', record },
          { kind: 'approval.changed', change: 'asked', by: agent.id, approval },
        ],
      })
      return approval
    } catch (error) {
      if (isError(error, 'ERR_STORE_CONFLICT')) return { kind: 'changed' } // another instance asked at the same moment
      throw error
    }
  }

  /** Everything is judged again: what the signatures no longer cover is asked anew. */
  async function spendGrant(sealed: SealedAction, approval: Approval, attempt: Attempt): Promise<Verdict> {
    mustBeAbout(approval, sealed)
    const agent = await provenAgain(attempt)
    const record = await judge(sealed, attempt, agent)
    if (agent.status === 'stopped') return { kind: 'denying', record: denied(record, 'agent_stopped') }
    if (record.decision.kind === 'deny') {
      await desk.withdraw(approval.id, 'voided', 'policy no longer allows it', 'house')
      return { kind: 'denying', record }
    }
    const gap = await covers(approval, record, agent, store)
    if (gap) {
      await desk.withdraw(approval.id, 'voided', gap, 'house')
      return { kind: 'changed' }
    }
    const leaveToRun = permitRecord(record, approval.actionId, agent, node, clock.now(), approval.id)
    try {
      const spent = spend(approval, leaveToRun.id, clock.now())
      const change: Fact = { kind: 'approval.changed', change: 'spent', by: agent.id, approval: spent }
      const notAfter = 'validUntil' in approval ? approval.validUntil - 1 : undefined
      return await leave(record, leaveToRun, [change], notAfter)
    } catch (error) {
      if (isError(error, 'ERR_APPROVAL_EXPIRED')) return { kind: 'expired', approval: approval.id }
      throw error
    }
  }

  async function leave(
    record: ActionRecord,
    permit: PermitRecord,
    facts: readonly Fact[],
    notAfter?: number,
  ): Promise<Verdict> {
    try {
      await store.commit({
        facts: [...facts, { kind: 'action.permitted', permit }],
        ...(notAfter !== undefined && { notAfter }),
      })
      return { kind: 'permitted', record, permit }
    } catch (error) {
      if (isError(error, 'ERR_STORE_LATE')) return { kind: 'expired', approval: permit.approval ?? '' }
      if (isError(error, 'ERR_STORE_CONFLICT', 'ERR_GRANT_SPENT')) return { kind: 'changed' }
      if (isError(error, 'ERR_ATTEMPT_KNOWN')) return { kind: 'known', earlier: await earlierRuns.namedBy(error) }
      if (isError(error, 'ERR_STORE_UNAVAILABLE')) void runs.notBegun(permit)
      throw error
    }
  }

  /** The agent as it is now. A key that is not among its keys, was revoked or ran out meanwhile proves nobody. */
  async function provenAgain({ caller }: Attempt): Promise<Agent> {
    const agent = await store.agents.get(caller.agent.id)
    const key = agent?.keys.find(({ id }) => id === caller.credential)
    if (!agent || !key || !inForce(key, clock.now())) throw new CountersignError('ERR_AGENT_UNKNOWN', caller.agent.id)
    return agent
  }

  function waitingFor(approval: Approval): Extract<Refusal, { kind: 'waiting' }> {
    const url = `${publicUrl}/approvals/${approval.id}`
    return { kind: 'waiting', approval: approval.id, groups: askedGroups(approval), expiresAt: approval.expiresAt, url }
  }

  async function refusalOf(approval: Approval): Promise<Refusal> {
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
  }

  function inItsOwnWords(id: string) {
    return { id, doc: policy.active().policy(id)?.doc ?? '' }
  }
}

type Settled = Refusal | Permitted | { readonly kind: 'known'; readonly earlier: PermitLife }
/**
 * `changed`: something it rested on changed in the meantime, so it is judged again. `denying`: not yet in the record, and a
 * flood of them waits for that.
 */
type Verdict = Settled | { readonly kind: 'changed' } | { readonly kind: 'denying'; readonly record: ActionRecord }

/** Who acts comes from the credential, whatever the message says. */
function actionOf({ action, caller }: Attempt): Action {
  return {
    ...action,
    tenant: 'default',
    agent: caller.agent.id,
    ...(caller.onBehalfOf !== undefined && { onBehalfOf: caller.onBehalfOf }),
    ...(caller.startedBy !== undefined && { startedBy: caller.startedBy }),
  }
}
