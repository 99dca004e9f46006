/**
 * The permit to run: at once where policy allows it, or by spending a grant, in the very commit that records the permit
 * (P6).
 *
 * @module
 */
import {
  type ActionRecord,
  type Agent,
  type Approval,
  byAgent,
  bySystem,
  type Fact,
  type PermitRecord,
  type Person,
} from '@countersign/schema'
import type { SealedAction } from '../action/seal.ts'
import { spend } from '../approval/approval.ts'
import type { Desk } from '../approval/desk.ts'
import { covers, mustBeAbout } from '../approval/recheck.ts'
import { CountersignError, isError } from '../errors.ts'
import { allowedFact } from '../facts/steps.ts'
import { denied } from '../policy/denied.ts'
import type { Attempt, Caller, Store } from '../ports.ts'
import { isCooperating } from './cooperating.ts'
import type { EarlierRuns } from './earlier.ts'
import type { Acting, Judge } from './judge.ts'
import { type NodeLease, permitRecord } from './mint.ts'
import type { Runs } from './run.ts'
import type { Verdict } from './verdict.ts'

export interface PermitParts {
  readonly store: Store
  readonly desk: Desk
  readonly judge: Judge
  readonly node: NodeLease
  readonly runs: Pick<Runs, 'leavesAreTold' | 'notBegun'>
  readonly earlierRuns: EarlierRuns
  /** Default: there is nothing else to judge by. */
  readonly caughtUp?: CaughtUp
}

/**
 * Told that policies of this version were found outdated, and which are in force; whether there are others to judge by now.
 */
export type CaughtUp = (judgedBy: string, inForce: string) => Promise<boolean>

export interface Permits {
  /** For a plain allow: decision and permit are one fact. */
  allow(record: ActionRecord, acting: Acting, attempt: Attempt): Promise<Verdict>
  /** Everything is judged again: what the signatures no longer cover is asked anew. */
  spend(sealed: SealedAction, approval: Approval, attempt: Attempt): Promise<Verdict>
}

export function createPermits({
  store,
  desk,
  judge,
  node,
  runs,
  earlierRuns,
  caughtUp = async () => false,
}: PermitParts): Permits {
  const { clock } = store

  return {
    async allow(record, acting, attempt) {
      await runs.leavesAreTold()
      const granted = permitRecord(record, { ...given(attempt), acting, actionId: record.id })
      return permit(record, granted, [allowedFact(record, granted)])
    },

    async spend(sealed, approval, attempt) {
      mustBeAbout(approval, sealed)
      const acting = await whoActs(attempt.caller, await proveAgain(attempt.caller), store)
      const record = await judge(sealed, attempt, acting)
      const barred = mayNotAct(acting)
      if (barred) return { kind: 'denying', record: denied(record, barred) }
      if (record.decision.kind === 'deny') {
        await desk.withdraw(approval.id, 'voided', 'policy no longer allows it', bySystem)
        return { kind: 'denying', record }
      }
      const signers = await peopleOf(approval)
      const gap = covers(approval, record, acting.agent, { signers, now: clock.now() })
      if (gap) {
        await desk.withdraw(approval.id, 'voided', gap, bySystem)
        return { kind: 'changed' }
      }
      const of = { acting, signers, actionId: approval.actionId, approval: approval.id }
      const granted = permitRecord(record, { ...given(attempt), ...of })
      try {
        const spent = spend(approval, granted.id, clock.now())
        const change: Fact = {
          kind: 'approval.changed',
          change: 'spent',
          by: byAgent(acting.agent.id),
          approval: spent,
        }
        const notAfter = 'validUntil' in approval ? approval.validUntil - 1 : undefined
        const facts: Fact[] = [change, { kind: 'action.permitted', permit: granted }]
        return await permit(record, granted, facts, notAfter)
      } catch (error) {
        if (isError(error, 'ERR_APPROVAL_EXPIRED')) return { kind: 'expired', approval: approval.id }
        throw error
      }
    },
  }

  async function peopleOf({ signatures }: Approval): Promise<Person[]> {
    const signers = await Promise.all(signatures.map(({ person }) => store.people.get(person)))
    return signers.filter((person) => person !== undefined)
  }

  function given(attempt: Attempt) {
    return { node, now: clock.now(), handed: isCooperating(attempt) }
  }

  async function permit(
    record: ActionRecord,
    permit: PermitRecord,
    facts: readonly Fact[],
    notAfter?: number,
  ): Promise<Verdict> {
    try {
      await store.commit({ facts, ...(notAfter !== undefined && { notAfter }) })
      return { kind: 'permitted', record, permit }
    } catch (error) {
      if (isError(error, 'ERR_STORE_LATE')) return { kind: 'expired', approval: permit.approval ?? '' }
      if (isError(error, 'ERR_STORE_CONFLICT', 'ERR_GRANT_SPENT')) return { kind: 'changed' }
      if (isError(error, 'ERR_POLICY_OUTDATED') && (await caughtUp(record.decision.policyVersion, inForceOf(error)))) {
        return { kind: 'changed' }
      }
      if (isError(error, 'ERR_ATTEMPT_KNOWN')) return { kind: 'known', earlier: await earlierRuns.namedBy(error) }
      if (isError(error, 'ERR_STORE_UNAVAILABLE')) void runs.notBegun(permit)
      throw error
    }
  }
}

/** What the law refused it by (`core/facts/judged-on.ts`). */
const inForceOf = ({ detail }: CountersignError): string => (detail as { readonly inForce: string }).inForce

/** With whom it acts for, as that person stands now. */
export async function whoActs(
  { onBehalfOf: id }: Caller,
  agent: Agent,
  { people }: Pick<Store, 'people'>,
): Promise<Acting> {
  return { agent, onBehalfOf: id === undefined ? undefined : await people.get(id) }
}

/** Why nothing of this is permitted, whatever policy says. */
export function mayNotAct({ agent, onBehalfOf }: Acting): 'agent_stopped' | 'person_inactive' | undefined {
  if (agent.status === 'stopped') return 'agent_stopped'
  return onBehalfOf?.active === false ? 'person_inactive' : undefined
}

/** The agent as it is now. @throws ERR_AGENT_UNKNOWN unless what it came with still proves that one */
export async function proveAgain(caller: Caller): Promise<Agent> {
  const agent = await caller.proveAgain()
  if (agent.id !== caller.agent.id) throw new CountersignError('ERR_AGENT_UNKNOWN', caller.agent.id)
  return agent
}
