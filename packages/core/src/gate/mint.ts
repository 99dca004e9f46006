/**
 * The permit to run. Minted here and nowhere else.
 *
 * @module
 */
import type { ActionRecord, Measures, Obligation, Outcome, PermitRecord, Person } from '@countersign/schema'
import { forEach } from '../each.ts'
import { CountersignError, isError } from '../errors.ts'
import { newId } from '../id.ts'
import type { Acting } from './judge.ts'
import type { Clock, HandedPermit, LogLine, Permit, Store } from '../ports.ts'
import type { Signal } from '../signal.ts'

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

interface Leave {
  /** The one that asked for it. */
  readonly actionId: string
  readonly acting: Acting
  /** Whoever signed, as they stood when their signatures were found to be enough. */
  readonly signers?: readonly Person[]
  readonly node: NodeLease
  readonly now: number
  readonly approval?: string
  /** The client runs it, not this instance. */
  readonly handed: boolean
}

/**
 * What is written down of a permit before it is given.
 *
 * @throws ERR_STORE_UNAVAILABLE without a lease: nothing is spent, and the same may be sent again
 */
export function permitRecord(
  { digest, action, attempt, decision, effect }: ActionRecord,
  { actionId, acting, signers = [], node, now, approval, handed }: Leave,
): PermitRecord {
  const epoch = node.epoch()
  if (epoch === undefined) throw new CountersignError('ERR_STORE_UNAVAILABLE', { lease: node.id })
  const { operation, definition, onBehalfOf } = action
  const actsFor = onBehalfOf === undefined ? [] : [{ id: onBehalfOf, version: acting.onBehalfOf?.version ?? 0 }]
  const people = [...actsFor, ...signers.map(({ id, version }) => ({ id, version }))]
  const tool = definition === undefined ? undefined : { id: operation, definition }
  return {
    id: newId('prm'),
    actionId,
    asked: digest,
    runs: digest,
    ...(approval !== undefined && { approval }),
    agent: action.agent,
    agentVersion: acting.agent.version,
    ...(people.length > 0 && { people }),
    ...(tool && { tool }),
    attempt,
    // Reading again does no harm where policy allows it anyway; what a client runs itself has no answer that it could not get.
    replayable: !handed && (approval !== undefined || effect !== 'read'),
    node: node.id,
    epoch,
    runBy: now + runWithinMs,
    deadline: now + finishWithinMs,
    policyVersion: decision.policyVersion,
    ...(handed && { handed: true as const }),
  }
}

interface Minting {
  readonly node: NodeLease
  readonly clock: Clock
  readonly revoked: Signal
  /** Told when it begins. */
  begun(): void
}

/** The gate's alone: turns a durable record into a permit. */
export function mintPermit(
  record: ActionRecord,
  permit: PermitRecord,
  { node, clock, revoked, begun }: Minting,
): Permit {
  return {
    id: permit.id,
    actionId: permit.actionId,
    action: record.action,
    ...boundsOf(record),
    revoked,
    begin() {
      if (clock.now() > permit.runBy || node.epoch() !== permit.epoch) {
        throw new CountersignError('ERR_PERMIT_LATE', { permit: permit.id })
      }
      begun()
    },
  } as unknown as Permit
}

/** The same leave for a client that runs it itself, as often as the same attempt asks for it. */
export const handedPermit = (record: ActionRecord, permit: PermitRecord): HandedPermit => ({
  id: permit.id,
  actionId: permit.actionId,
  action: record.action,
  runs: permit.runs,
  ...boundsOf(record),
  until: permit.runBy,
  reportBy: permit.deadline,
})

function boundsOf({ decision, measures }: ActionRecord) {
  const obligations = decision.kind === 'deny' ? [] : decision.obligations
  return { obligations, measures: ceilings(measures, obligations) }
}

function ceilings(measures: Measures, obligations: readonly Obligation[]): Measures {
  const limits = obligations.flatMap((obligation) => (obligation.kind === 'limit' ? [obligation.rows] : []))
  if (limits.length === 0) return measures
  return { ...measures, rows: Math.min(...limits, measures.rows ?? Number.MAX_SAFE_INTEGER) }
}

/**
 * Closes permits whose outcome never came, after their deadline, and never runs one again by itself: `unknown` is alarmed;
 * `unreported`, where a client was to say, is only recorded.
 */
export async function closeOverdue(
  store: Pick<Store, 'commit' | 'permits'>,
  log: (line: LogLine) => void,
): Promise<void> {
  await forEach(await store.permits.overdue(), async ({ id: permit, actionId, handed }) => {
    try {
      const outcome = handed ? unreported : unknown
      await store.commit({ facts: [{ kind: 'action.finished', permit, actionId, outcome, delivered: false }] })
      if (handed) log({ level: 'info', says: 'A client has not reported what it ran.', permit, actionId })
      else log({ level: 'error', says: 'A run has no outcome.', permit, actionId })
    } catch (error) {
      if (!isError(error, 'ERR_PERMIT_FINISHED')) throw error // its outcome came at the last moment
    }
  })
}

const unknown: Outcome = {
  kind: 'unknown',
  summary: 'No outcome was recorded before the deadline: it may have run already.',
}

const unreported: Outcome = {
  kind: 'unreported',
  summary: 'Its permit was handed to the client, which did not say before the deadline what came of it.',
}
