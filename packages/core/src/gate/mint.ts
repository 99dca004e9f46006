/**
 * Leave to run. Minted here and nowhere else.
 *
 * @module
 */
import type { ActionRecord, Agent, Measures, Obligation, Outcome, PermitRecord } from '@countersign/schema'
import { forEach } from '../each.ts'
import { CountersignError, isError } from '../errors.ts'
import { newId } from '../id.ts'
import type { Clock, LogLine, Permit, Store } from '../ports.ts'

/** This instance, as long as it holds its lease. */
export interface NodeLease {
  readonly id: string
  /** The epoch of the lease; undefined once it is lost, and then nothing begins to run here. */
  epoch(): number | undefined
}

/** What the lease is called that an instance holds while it may begin runs: this, and its id. */
export const nodeLease = 'node:'

/** A permit not used within this time begins nothing any more: what was judged shall still be so when it runs. */
const runWithinMs = 30_000
/** A run that has not ended by then is recorded as one whose outcome is unknown. */
const finishWithinMs = 15 * 60_000

/**
 * What is written down of a permit before it is given.
 *
 * @throws ERR_STORE_UNAVAILABLE without a lease: nothing is spent, and the same may be sent again
 */
export function permitRecord(
  { digest, action, attempt, decision, effect }: ActionRecord,
  actionId: string,
  agent: Agent,
  node: NodeLease,
  now: number,
  approval?: string,
): PermitRecord {
  const epoch = node.epoch()
  if (epoch === undefined) throw new CountersignError('ERR_STORE_UNAVAILABLE', { lease: node.id })
  return {
    id: newId('prm'),
    actionId,
    digest,
    ...(approval !== undefined && { approval }),
    agent: action.agent,
    agentVersion: agent.version,
    attempt,
    // Reading again does no harm where policy allows it anyway.
    replayable: approval !== undefined || effect !== 'read',
    node: node.id,
    epoch,
    runBy: now + runWithinMs,
    deadline: now + finishWithinMs,
    policyVersion: decision.policyVersion,
  }
}

interface Minting {
  readonly node: NodeLease
  readonly clock: Clock
  readonly revoked: AbortSignal
  /** Told when it begins. */
  begun(): void
}

/** The gate's alone: turns a durable record into leave to run. */
export function mintPermit(
  record: ActionRecord,
  leave: PermitRecord,
  { node, clock, revoked, begun }: Minting,
): Permit {
  const obligations = record.decision.kind === 'deny' ? [] : record.decision.obligations
  return {
    id: leave.id,
    actionId: leave.actionId,
    action: record.action,
    obligations,
    measures: ceilings(record.measures, obligations),
    revoked,
    begin() {
      if (clock.now() > leave.runBy || node.epoch() !== leave.epoch) {
        throw new CountersignError('ERR_PERMIT_LATE', { permit: leave.id })
      }
      begun()
    },
  } as unknown as Permit
}

function ceilings(measures: Measures, obligations: readonly Obligation[]): Measures {
  const limits = obligations.flatMap((obligation) => (obligation.kind === 'limit' ? [obligation.rows] : []))
  if (limits.length === 0) return measures
  return { ...measures, rows: Math.min(...limits, measures.rows ?? Number.MAX_SAFE_INTEGER) }
}

/** Closes permits whose outcome never came, after their deadline: `unknown`, alarmed, never run again by itself. */
export async function closeOverdue(
  store: Pick<Store, 'commit' | 'permits'>,
  log: (line: LogLine) => void,
): Promise<void> {
  await forEach(await store.permits.overdue(), async ({ id: permit, actionId }) => {
    const outcome: Outcome = {
      kind: 'unknown',
      summary: 'No outcome was recorded before the deadline: it may have run already.',
    }
    try {
      await store.commit({ facts: [{ kind: 'action.finished', permit, actionId, outcome, delivered: false }] })
      log({ level: 'error', says: 'A run has no outcome.', permit, actionId })
    } catch (error) {
      if (!isError(error, 'ERR_PERMIT_FINISHED')) throw error // its outcome came at the last moment
    }
  })
}
