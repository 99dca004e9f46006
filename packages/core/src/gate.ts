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
import { type SealedAction, seal } from './action/seal.ts'
import { askedGroups, spend } from './approval/approval.ts'
import type { Desk } from './approval/desk.ts'
import { covers } from './approval/recheck.ts'
import { type Limits, tooMany } from './approval/limits.ts'
import { questionOf } from './approval/question.ts'
import { CountersignError, isError } from './errors.ts'
import type { Judge } from './judge.ts'
import { mintPermit, type NodeLease, permitRecord } from './permit.ts'
import type { Attempt, Gate, LogLine, PermitLife, PolicyEngine, Ran, Store } from './ports.ts'

export interface GateParts {
  readonly store: Store
  readonly desk: Desk
  readonly judge: Judge
  readonly policy: PolicyEngine
  readonly node: NodeLease
  readonly publicUrl: string
  readonly limits?: Limits
  readonly log: (line: LogLine) => void
}

/** A repeat within this time of a rejection gets the rejection again, no new question. */
const rejectionHoldsMs = 10 * 60_000
/** How often an attempt is judged anew because something changed while it was judged. */
const patienceWithChange = 8

export function createGate({ store, desk, judge, policy, node, publicUrl, limits, log }: GateParts): Gate {
  const { clock } = store

  return {
    async pass(attempt) {
      const sealed = seal(actionOf(attempt))
      const patience = startPatience(attempt)
      try {
        const verdict = await judged(sealed, attempt, patience.signal)
        if (verdict.kind === 'permitted') await run(attempt, verdict)
        else if (verdict.kind === 'known') await again(attempt, verdict.earlier)
        else await attempt.refuse(verdict)
      } finally {
        patience.close()
      }
    },
  }

  async function judged(sealed: SealedAction, attempt: Attempt, patience: AbortSignal): Promise<Settled> {
    let agent = attempt.caller.agent
    for (let round = 0; round < patienceWithChange; round++) {
      const record = await judge(sealed, attempt, agent)
      const verdict = await settle(sealed, record, agent, attempt, patience)
      if (verdict.kind !== 'changed') return verdict
      agent = await read(agent.id)
    }
    throw new CountersignError('ERR_STORE_CONFLICT', { digest: sealed.digest })
  }

  async function settle(
    sealed: SealedAction,
    record: ActionRecord,
    agent: Agent,
    attempt: Attempt,
    patience: AbortSignal,
  ): Promise<Verdict> {
    if (agent.status === 'stopped') return deny(stoppedRecord(record))
    const { decision } = record
    switch (decision.kind) {
      case 'deny':
        return deny(record)
      case 'allow':
        return permit(record, agent)
      case 'ask':
        return record.observed ? permit(record, agent) : hold(sealed, record, agent, attempt, patience)
    }
  }

  async function deny(record: ActionRecord): Promise<Refusal> {
    await store.commit({ facts: [{ kind: 'action.decided', record }] })
    const { decision } = record
    const reason = decision.kind === 'deny' ? decision.reason : 'no_grant'
    return { kind: 'denied', reason, actionId: record.id, because: decision.because.map(inItsOwnWords) }
  }

  /** For a plain allow, decision and permit are one commit. */
  function permit(record: ActionRecord, agent: Agent): Promise<Verdict> {
    return leave(record, permitRecord(record, record.id, agent, node, clock.now()), [
      { kind: 'action.decided', record },
    ])
  }

  async function hold(
    sealed: SealedAction,
    record: ActionRecord,
    agent: Agent,
    attempt: Attempt,
    patience: AbortSignal,
  ): Promise<Verdict> {
    const earlier = await earlierRun(record)
    if (earlier) return { kind: 'known', earlier }

    const asked = await findOrAsk(sealed, record, agent)
    if ('kind' in asked) return asked
    if (asked.state === 'open') attempt.held?.(waitingFor(asked))
    const approval = await desk.answer(asked.id, patience)
    if (approval.state === 'granted' && attempt.signal.aborted) return waitingFor(approval) // nobody is there to collect it
    return approval.state === 'granted' ? spendGrant(sealed, approval, attempt) : refusalOf(approval)
  }

  async function findOrAsk(sealed: SealedAction, record: ActionRecord, agent: Agent): Promise<Approval | Verdict> {
    const latest = await store.approvals.latest(sealed.digest)
    if (latest && isLive(latest, clock.now())) return latest
    if (latest?.state === 'rejected' && clock.now() < latest.settledAt + rejectionHoldsMs) return refusalOf(latest)
    if (latest) await desk.settle(latest.id)
    if (await tooMany(store, record.action, clock.now(), limits)) return deny(crowdedRecord(record))

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
    const agent = await read(sealed.action.agent)
    const record = await judge(sealed, attempt, agent)
    if (agent.status === 'stopped') return deny(stoppedRecord(record))
    if (record.decision.kind === 'deny') {
      await desk.withdraw(approval.id, 'voided', 'policy no longer allows it', 'house')
      return deny(record)
    }
    const gap = await covers(approval, record, agent, store.people)
    if (gap) {
      await desk.withdraw(approval.id, 'voided', gap, 'house')
      return { kind: 'changed' }
    }
    const leaveToRun = permitRecord(record, approval.actionId, agent, node, clock.now(), approval.id)
    try {
      const spent = spend(approval, leaveToRun.id, clock.now())
      const change: Fact = { kind: 'approval.changed', change: 'spent', by: agent.id, approval: spent }
      const notAfter = 'validUntil' in approval ? approval.validUntil : undefined
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
      if (isError(error, 'ERR_ATTEMPT_KNOWN')) return known(error.detail as PermitRecord)
      throw error
    }
  }

  async function run(attempt: Attempt, leaveToRun: Permitted): Promise<void> {
    const { outcome, delivered, result } = await runSafely(attempt, leaveToRun)
    const { id: permit, actionId } = leaveToRun.permit
    try {
      await store.commit({
        facts: [{ kind: 'action.finished', permit, actionId, outcome, delivered, ...(result && { result }) }],
      })
    } catch (error) {
      // The client has its answer; the permit stays without an outcome and is closed as unknown at its deadline.
      log({ level: 'error', says: 'An outcome could not be recorded.', permit, code: codeOf(error) })
    }
  }

  /** A failure of the upstream is an outcome too. */
  async function runSafely(attempt: Attempt, { record, permit }: Permitted): Promise<Ran> {
    try {
      return await attempt.run(mintPermit(record, permit, node, clock))
    } catch (error) {
      log({ level: 'warn', says: 'A run failed.', permit: permit.id, code: codeOf(error) })
      const summary = error instanceof CountersignError ? error.message : 'The run failed.'
      return { outcome: { kind: 'failed', summary }, delivered: false, result: undefined }
    }
  }

  async function earlierRun({ attempt: { credential, id }, digest }: ActionRecord): Promise<PermitLife | undefined> {
    const same = id === undefined ? undefined : await store.permits.byAttempt(credential, id)
    return same ?? store.permits.undelivered(credential, digest)
  }

  async function known({ id }: PermitRecord): Promise<Verdict> {
    const earlier = await store.permits.get(id)
    if (!earlier) throw new CountersignError('ERR_INTERNAL', { permit: id })
    return { kind: 'known', earlier }
  }

  /** The same attempt again gets its outcome, never a second run (P10). */
  async function again(attempt: Attempt, { permit: earlier, outcome, finishedAt, result }: PermitLife): Promise<void> {
    const { id, actionId, attempt: key } = earlier
    const summary = outcome?.summary ?? 'It is running, or its outcome is not known yet.'
    if (outcome && result) await attempt.replay(result, outcome)
    else await attempt.refuse({ kind: 'done', actionId, at: finishedAt, summary })
    if (outcome) await store.commit({ facts: [{ kind: 'action.replayed', permit: id, actionId, attempt: key }] })
  }

  async function read(id: string): Promise<Agent> {
    const agent = await store.agents.get(id)
    if (!agent) throw new CountersignError('ERR_AGENT_UNKNOWN', id)
    return agent
  }

  function waitingFor(approval: Approval): Extract<Refusal, { kind: 'waiting' }> {
    const url = `${publicUrl}/approvals/${approval.id}`
    return { kind: 'waiting', approval: approval.id, groups: askedGroups(approval), expiresAt: approval.expiresAt, url }
  }

  function refusalOf(approval: Approval): Refusal {
    switch (approval.state) {
      case 'open':
      case 'granted':
        return waitingFor(approval)
      case 'rejected': {
        const { person: by = '', reason } = approval.signatures.findLast(({ verdict }) => verdict === 'reject') ?? {}
        return { kind: 'rejected', approval: approval.id, reason, by }
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

type Permitted = { readonly kind: 'permitted'; readonly record: ActionRecord; readonly permit: PermitRecord }
type Settled = Refusal | Permitted | { readonly kind: 'known'; readonly earlier: PermitLife }
/** `changed`: something it rested on changed in the meantime, so it is judged again. */
type Verdict = Settled | { readonly kind: 'changed' }

/** Ends when the protocol can keep its client waiting no longer, or the client is gone. */
function startPatience({ patienceMs, signal }: Attempt) {
  const ended = new AbortController()
  const end = () => ended.abort()
  const timer = setTimeout(end, Math.min(patienceMs, 2 ** 31 - 1))
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  return {
    signal: ended.signal,
    close() {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    },
  }
}

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

const isLive = (approval: Approval, now: number) =>
  (approval.state === 'open' && now < approval.expiresAt) || (approval.state === 'granted' && now < approval.validUntil)

const denied = (record: ActionRecord, reason: 'agent_stopped' | 'too_many_questions'): ActionRecord => ({
  ...record,
  decision: { kind: 'deny', reason, because: [], policyVersion: record.decision.policyVersion },
})
const stoppedRecord = (record: ActionRecord) => denied(record, 'agent_stopped')
const crowdedRecord = (record: ActionRecord) => denied(record, 'too_many_questions')

const codeOf = (error: unknown) => (error instanceof CountersignError ? error.code : 'ERR_INTERNAL')
