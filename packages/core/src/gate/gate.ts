/**
 * The gate: the one path every action takes. ★ Start reading here.
 *
 *   describe ▶ seal ▶ decide ▶ hold ▶ permit ▶ run ▶ record
 *
 * Nothing runs before its permit is durable in the ledger (P2), so a crash can leave a permit without an
 * outcome but never an outcome without a permit. What runs is the sealed copy (P1), and a grant is spent in the very
 * commit that records the permit (P6). Where the client runs it itself, it is handed the permit in place of a run, and
 * reports what came of it.
 *
 * @module
 */
import type { Action, ActionRecord, Agent, Approval, Refusal } from '@countersign/schema'
import { type SealedAction, seal } from '../action/seal.ts'
import type { Desk } from '../approval/desk.ts'
import type { Limits } from '../approval/limits.ts'
import { CountersignError } from '../errors.ts'
import { inOrder } from '../in-order.ts'
import { createDenials } from '../limits/denials.ts'
import { createWeights } from '../limits/weights.ts'
import { denied } from '../policy/denied.ts'
import type { Attempt, Gate, PolicyEngine, Store } from '../ports.ts'
import { isCooperating } from './cooperating.ts'
import { createEarlierRuns } from './earlier.ts'
import { createHold } from './hold.ts'
import type { Acting, Judge } from './judge.ts'
import { handedPermit } from './mint.ts'
import { parentOf } from './parent.ts'
import { type Patience, startPatience } from './patience.ts'
import { type CaughtUp, createPermits, mayNotAct, proveAgain, whoActs } from './permit.ts'
import { createRefusals } from './refusal.ts'
import { createReport } from './report.ts'
import { createRun, type Permitted, type RunParts } from './run.ts'
import type { Settled, Verdict } from './verdict.ts'

export interface GateParts extends RunParts {
  readonly store: Store
  readonly desk: Desk
  readonly judge: Judge
  readonly policy: PolicyEngine
  readonly publicUrl: string
  readonly limits?: Limits
  readonly caughtUp?: CaughtUp
}

/**
 * How many looks of one credential, for a question or after its answer, are made at once: a crowd keeps nobody else
 * waiting.
 */
const askingAtOnce = 8
/** How often an attempt is judged anew because something changed while it was judged. */
const patienceWithChange = 8

/** The gate as Countersign has it: it is told what the ledger tells. */
export interface InstanceGate extends Gate {
  /** Wakes those who wait for this run to end. Call it for every end that the ledger tells of; none depends on it. */
  show(permit: string): void
  /** Ends what runs here and may run no longer (P15). Call it for every change of an agent that the ledger tells of. */
  heed(agent: Agent): void
}

export function createGate(parts: GateParts): InstanceGate {
  const { store, desk, judge, limits } = parts
  const runs = createRun({ ...parts, ended: (permit) => earlierRuns.show(permit) })
  const denials = createDenials(store, limits)
  /** What asks reads much, and people who sign read the same store; what is allowed at once does not wait here. */
  const fairly = inOrder(askingAtOnce)
  const earlierRuns = createEarlierRuns(store, runs.isHere, fairly)
  const refusals = createRefusals(parts)
  const permits = createPermits({ ...parts, runs, earlierRuns })
  const hold = createHold({ store, desk, limits, earlierRuns, refusals })
  const weigh = createWeights()

  return {
    async pass(attempt) {
      const sealed = seal(actionOf(attempt))
      const leave = weigh(attempt.caller.credential, sealed)
      const patience = startPatience(attempt)
      try {
        const verdict = await judged(sealed, attempt, patience, await parentOf(store, attempt))
        if (verdict.kind === 'permitted') await carriedOut(attempt, verdict)
        else if (verdict.kind === 'known') await earlierRuns.tell(attempt, verdict.earlier)
        else await attempt.refuse(verdict)
      } finally {
        patience.close()
        leave()
      }
    },
    report: createReport(store),
    show: earlierRuns.show,
    heed: runs.heed,
  }

  async function carriedOut(attempt: Attempt, permitted: Permitted): Promise<void> {
    if (isCooperating(attempt)) return attempt.grant(handedPermit(permitted.record, permitted.permit))
    await runs.run(attempt, permitted)
  }

  async function judged(
    sealed: SealedAction,
    sent: Attempt,
    patience: Patience,
    parent: ActionRecord['parent'],
  ): Promise<Settled> {
    let attempt = sent
    let agent = attempt.caller.agent
    for (let changes = 0; changes < patienceWithChange;) {
      const verdict = await judgedOnce(sealed, attempt, agent, patience, parent)
      if (verdict.kind === 'denying') return deny(verdict.record)
      if (verdict.kind !== 'changed' && verdict.kind !== 'known') return verdict
      if (verdict.kind === 'known') {
        const earlier = await earlierRuns.ended(verdict.earlier, attempt, sealed, patience.signal)
        const again = earlier && (await earlierRuns.again(sent, attempt, earlier))
        if (earlier && !again) return { kind: 'known', earlier }
        attempt = again ?? attempt
      } else changes += 1
      agent = await proveAgain(attempt.caller)
    }
    throw new CountersignError('ERR_STORE_CONFLICT', { digest: sealed.digest })
  }

  /** Here and below nothing is awaited last: a call that is held keeps in memory only what it will need. */
  async function judgedOnce(
    sealed: SealedAction,
    attempt: Attempt,
    agent: Agent,
    patience: Patience,
    parent: ActionRecord['parent'],
  ): Promise<Verdict> {
    const asked = await verdictOrQuestion(sealed, attempt, agent, parent)
    if (typeof asked !== 'string') return asked
    const approval = await desk.waitFor(asked, patience.signal)
    return fairly(attempt.caller.credential, () => answered(approval, sealed, attempt))
  }

  /** What becomes of it, or the id of the question that was asked: who waits for people keeps nothing else of it. */
  async function verdictOrQuestion(
    sealed: SealedAction,
    attempt: Attempt,
    agent: Agent,
    parent: ActionRecord['parent'],
  ): Promise<Verdict | string> {
    const acting = await whoActs(attempt.caller, agent, store)
    const record = await judge(sealed, attempt, acting)
    const settled = await verdictOn(sealed, parent ? { ...record, parent } : record, attempt, acting)
    if ('kind' in settled) return settled
    if (settled.state === 'open') attempt.held?.(refusals.waitingFor(settled))
    return settled.id
  }

  /** What becomes of it, or the question whose answer it waits for. */
  async function verdictOn(
    sealed: SealedAction,
    record: ActionRecord,
    attempt: Attempt,
    acting: Acting,
  ): Promise<Verdict | Approval> {
    const barred = mayNotAct(acting)
    if (barred) return { kind: 'denying', record: denied(record, barred) }
    const { decision } = record
    switch (decision.kind) {
      case 'deny':
        return { kind: 'denying', record }
      case 'allow':
        return permits.allow(record, acting, attempt)
      case 'ask':
        if (record.observed) return permits.allow(record, acting, attempt)
        return hold(sealed, record, acting.agent)
    }
  }

  async function deny(record: ActionRecord): Promise<Refusal> {
    const { attempt, action } = record
    const known = await denials.record(JSON.stringify([attempt.credential, action.onBehalfOf]), record)
    return refusals.denied(record, known === 'summed')
  }

  async function answered(approval: Approval, sealed: SealedAction, attempt: Attempt): Promise<Verdict> {
    if (approval.state === 'spent') return { kind: 'changed' } // another connection was quicker: known, or asked anew
    if (approval.state === 'granted' && attempt.signal.aborted) return refusals.waitingFor(approval) // nobody is there to collect it
    return approval.state === 'granted' ? permits.spend(sealed, approval, attempt) : refusals.of(approval)
  }
}

/** Who acts comes from the credential, and who runs it from the attempt, whatever the message says. */
function actionOf(attempt: Attempt): Action {
  const { action, caller } = attempt
  return {
    ...action,
    tenant: 'default',
    mode: isCooperating(attempt) ? 'cooperating' : 'enforcing',
    agent: caller.agent.id,
    ...(caller.onBehalfOf !== undefined && { onBehalfOf: caller.onBehalfOf }),
    ...(caller.startedBy !== undefined && { startedBy: caller.startedBy }),
  }
}
