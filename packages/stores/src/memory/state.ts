/**
 * What the facts add up to: one row per noun, and the ways to find it.
 *
 * @module
 */
import type { PermitLife } from '@countersign/core'
import type {
  ActionLife,
  ActionRecord,
  Agent,
  Approval,
  Fact,
  PermitRecord,
  Person,
  ToolRecord,
} from '@countersign/schema'
import type { Table, Tables } from './tables.ts'

export interface ActionRow {
  readonly record: ActionRecord
  readonly at: number
  /** Place in the ledger of the fact it began with. */
  readonly index: number
  readonly question: string | undefined
  readonly permit: string | undefined
  readonly permittedAt: number | undefined
}

interface ApprovalRow {
  readonly approval: Approval
  /** Place in the ledger of the fact it began with. */
  readonly index: number
}

export interface State {
  readonly agents: Table<Agent>
  readonly people: Table<Person>
  readonly tools: Table<ToolRecord>
  readonly actions: Table<ActionRow>
  readonly approvals: Table<ApprovalRow>
  readonly permits: Table<PermitLife>
  /** Agent, person or approval → its version; outlives the row itself. */
  readonly versions: Table<number>
  /** Hash of a key → agent. */
  readonly keys: Table<string>
  /** `wordOf(issuer, subject)` → person. */
  readonly accounts: Table<string>
  /** Digest → its newest approval. */
  readonly latest: Table<string>
  /** Approval → the permit it was spent on. */
  readonly grants: Table<string>
  /** `wordOf(credential, attempt id)` → permit. */
  readonly attempts: Table<string>
  /** `wordOf(credential, digest)` → permits, oldest first. */
  readonly runs: Table<readonly string[]>
  /** Action → by what else it is found. */
  readonly keywords: Table<ReadonlySet<string>>
  /** Permits whose client was gone before they ended. */
  readonly abandoned: Table<true>
  /** `wordOf(agent, operation)` that was ever permitted. */
  readonly seen: Table<true>
  /** Action or approval → places in the ledger of its facts. */
  readonly timelines: Table<readonly number[]>
}

export const createState = ({ table }: Tables): State => ({
  agents: table(),
  people: table(),
  tools: table(),
  actions: table(),
  approvals: table(),
  permits: table(),
  versions: table(),
  keys: table(),
  accounts: table(),
  latest: table(),
  grants: table(),
  attempts: table(),
  runs: table(),
  keywords: table(),
  abandoned: table(),
  seen: table(),
  timelines: table(),
})

/** One key out of several; no two lists of parts make the same one. */
export const wordOf = (...parts: readonly string[]): string => JSON.stringify(parts)

/** The newest run of this action by this credential whose answer the client did not get, where that may be replayed. */
export function undelivered(state: State, credential: string, digest: string): PermitLife | undefined {
  const runs = state.runs.get(wordOf(credential, digest)) ?? []
  return runs
    .map((id) => state.permits.get(id))
    .findLast((life) => life?.permit.replayable && life.outcome && !life.delivered)
}

/** The newest run of this action by this credential that has not ended, where its answer may be replayed. */
export function begun(state: State, credential: string, digest: string): PermitLife | undefined {
  const runs = state.runs.get(wordOf(credential, digest)) ?? []
  const life = runs.map((id) => state.permits.get(id)).findLast((one) => one?.permit.replayable && !one.outcome)
  return life && lifeOfPermit(state, life.permit.id)
}

/** A run that has not ended, and of which the client may be gone, so that this permit could run the same again. */
export function inTheWay(state: State, { attempt, digest, approval, node }: PermitRecord): PermitLife | undefined {
  const mayBeLost = ({ permit: other }: PermitLife): boolean => {
    const isSigned = approval !== undefined || other.approval !== undefined
    return isSigned || state.abandoned.get(other.id) === true || other.node !== node
  }
  return (state.runs.get(wordOf(attempt.credential, digest)) ?? [])
    .map((id) => state.permits.get(id))
    .filter((life) => life !== undefined)
    .findLast((life) => life.permit.replayable && !life.outcome && mayBeLost(life))
}

export function lifeOfPermit(state: State, id: string): PermitLife | undefined {
  const life = state.permits.get(id)
  return life && state.abandoned.get(id) ? { ...life, abandoned: true } : life
}

/** The newest run of this action of which nobody knows how it ended. */
export function openEnded({ permits, actions }: State, digest: string): PermitLife | undefined {
  return permits
    .all()
    .filter(({ permit }) => permit.digest === digest && actions.get(permit.actionId) !== undefined)
    .findLast(({ outcome }) => outcome === undefined || outcome.kind === 'unknown')
}

export function lifeOf(state: State, { record, at, question, permit: permitId, permittedAt }: ActionRow): ActionLife {
  const { permit, outcome, finishedAt } = state.permits.get(permitId ?? '') ?? {}
  const approval = state.approvals.get(permit?.approval ?? question ?? '')?.approval
  return {
    record,
    at,
    ...(approval && { approval }),
    ...(permit && { permit }),
    ...(permittedAt !== undefined && { permittedAt }),
    ...(outcome && { outcome }),
    ...(finishedAt !== undefined && { finishedAt }),
  }
}

/** Places in the ledger of all that concerns this action, oldest first. */
export function timelineOf(state: State, { record, question, permit }: ActionRow): readonly number[] {
  const approval = state.permits.get(permit ?? '')?.permit.approval ?? question
  const places = [record.id, approval ?? ''].flatMap((id) => state.timelines.get(id) ?? [])
  return [...new Set(places)].toSorted((one, other) => one - other)
}

/** Whose key seals what is recorded of this action. */
export function subjectOfAction({ actions }: State, id: string): string | undefined {
  const action = actions.get(id)?.record.action
  return action?.onBehalfOf ?? action?.agent
}

/** Decided 1, permitted 2, an outcome 3; only of a late outcome does the fact not know its number in the action's life. */
export function sequenceOf({ permits }: State, fact: Fact): number | undefined {
  return fact.kind === 'action.finished' && permits.get(fact.permit)?.outcome ? 4 : undefined
}
