/**
 * An action as people see it, and how it went.
 *
 * @module
 */
import { expire, type Store } from '@countersign/core'
import type { ActionLife, ActionSummary, ActionView, Agent, OutcomeView, Standing } from '@countersign/schema'
import { type Viewer, policiesOf } from '../front/viewer.ts'
import { moment } from '../front/route.ts'
import { signatureViews } from '../front/signatures.ts'
import { timeline } from './timeline.ts'

export async function actionSummary(life: ActionLife, look: Viewer): Promise<ActionSummary> {
  const { record } = life
  const { action } = record
  return {
    id: record.id,
    at: moment(life.at),
    standing: standingOf(life, look.now),
    decision: record.decision.kind,
    sentence: record.sentence,
    verb: action.verb,
    operation: action.operation,
    gateway: action.gateway,
    environment: action.environment,
    agent: await look.names.agent(action.agent),
    ...(action.onBehalfOf !== undefined && { onBehalfOf: await look.names.person(action.onBehalfOf) }),
    risk: record.risk.score,
    classes: record.dataUse.classes,
    observed: record.observed,
    ...(life.approval && { approval: life.approval.id }),
    ...outcomeOf(life),
  }
}

type Found = NonNullable<Awaited<ReturnType<Store['actions']['get']>>>

export async function actionView(
  { life, timeline: entries, leftOut }: Found,
  agent: Agent | undefined,
  look: Viewer,
): Promise<ActionView> {
  const { record, approval, permit } = life
  const { action, decision } = record
  return {
    ...(await actionSummary(life, look)),
    digest: record.digest,
    mode: action.mode,
    resources: action.resources,
    parameters: action.parameters,
    ...(action.definition !== undefined && { definition: action.definition }),
    ...(agent && { owner: await look.names.person(agent.owner) }),
    ...(action.startedBy !== undefined && { startedBy: await look.names.person(action.startedBy) }),
    client: record.client,
    session: record.session,
    ...(record.parent && { parent: { permit: record.parent.permit, action: record.parent.actionId } }),
    ...(record.trace !== undefined && { trace: record.trace }),
    ...(record.purpose && { purpose: record.purpose }),
    dataUse: record.dataUse,
    measures: record.measures,
    riskDetails: record.risk,
    ...(decision.kind === 'deny' && { denied: decision.reason }),
    obligations: decision.kind === 'deny' ? [] : decision.obligations,
    policies: policiesOf(decision.because, look.policies),
    policyVersion: decision.policyVersion,
    signatures: approval ? await signatureViews(approval, look) : [],
    ...(permit && {
      permit: {
        id: permit.id,
        at: moment(life.permittedAt ?? life.at),
        runBy: moment(permit.runBy),
        node: permit.node,
        asked: permit.asked,
        runs: permit.runs,
        ...(permit.handed && { handed: permit.handed }),
      },
    }),
    ...(life.outcome && { reported: life.outcome }),
    timeline: await timeline(entries, look.names),
    ...(leftOut !== undefined && { leftOut }),
  }
}

/** In one word. An allowed action that was never permitted was answered from an earlier run, or given up. */
export function standingOf({ record, approval, permit, outcome }: ActionLife, now: number): Standing {
  if (outcome) return outcome.kind
  if (permit) return 'running'
  if (record.decision.kind === 'deny') return 'denied'
  if (!approval) return record.decision.kind === 'ask' && !record.observed ? 'waiting' : 'cancelled'
  const { state } = expire(approval, now)
  if (state === 'open') return 'waiting'
  return state === 'spent' ? 'running' : state
}

export function outcomeOf({ at, permit, permittedAt = at, outcome, finishedAt }: ActionLife): {
  outcome?: OutcomeView
} {
  if (!permit) return {}
  const startedAt = moment(permittedAt)
  if (!outcome)
    return { outcome: { kind: 'running', summary: 'It runs, or nobody has said yet how it went.', startedAt } }
  return {
    outcome: {
      kind: outcome.kind,
      summary: outcome.summary,
      ...('seenBy' in outcome && outcome.seenBy && { seenBy: outcome.seenBy }),
      ...(outcome.kind === 'done' && outcome.rows !== undefined && { rows: outcome.rows }),
      ...(outcome.kind === 'done' && outcome.bytes !== undefined && { bytes: outcome.bytes }),
      startedAt,
      ...(finishedAt !== undefined && {
        finishedAt: moment(finishedAt),
        durationMs: Math.max(0, finishedAt - permittedAt),
      }),
    },
  }
}
