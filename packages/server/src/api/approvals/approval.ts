/**
 * A question as people see it: everything needed to judge it (P9), and nothing cut.
 *
 * @module
 */
import { askedGroups, expire, groupsOf, servedSoFar, type Store } from '@countersign/core'
import type { Agent, Approval, ApprovalSummary, ApprovalView, SignOff, SignOffView } from '@countersign/schema'
import { isAsked, maySeeAction } from '../front/access.ts'
import { filteredPage } from '../front/filtered-page.ts'
import { actionSummary, outcomeOf } from '../actions/action.ts'
import { lastRunOf, lastRunView } from './last-run.ts'
import { groupKeyOf } from './group-key.ts'
import { type Viewer, policiesOf } from '../front/viewer.ts'
import type { ApiParts } from '../front/parts.ts'
import { moment } from '../front/route.ts'
import { signatureViews } from '../front/signatures.ts'
import { dataNames } from './data-names.ts'
import { objection, yourPart } from './your-part.ts'

/** People looked through for who could approve a question; the first fifty of them are named. */
const mostRead = 500

/** Data named of a question in a list, the first ones; the question itself names all. */
const mostTouched = 10

export async function questionSummary(
  approval: Approval,
  agent: Agent | undefined,
  look: Viewer,
): Promise<ApprovalSummary> {
  const { bound, advisory } = approval.card
  const { action } = bound
  const state = expire(approval, look.now).state
  const signOffs = signOffViews(approval)
  const open = state === 'open'
  return {
    id: approval.id,
    version: approval.version,
    state,
    actionId: approval.actionId,
    sentence: advisory.sentence,
    verb: action.verb,
    operation: action.operation,
    environment: action.environment,
    agent: await look.names.agent(action.agent),
    ...(action.onBehalfOf !== undefined && { onBehalfOf: await look.names.person(action.onBehalfOf) }),
    risk: advisory.risk.score,
    classes: bound.dataUse.classes,
    ...(bound.dataUse.destination && { destination: bound.dataUse.destination }),
    groups: askedGroups(approval),
    served: signOffs.filter(({ served, quorum }) => served >= quorum).length,
    needed: signOffs.length,
    mine: open && yourPart(approval, agent, look.person, look).can !== 'look',
    touches: dataNames(approval).slice(0, mostTouched),
    groupKey: groupKeyOf(approval),
    askedAt: moment(approval.askedAt),
    expiresAt: moment(approval.expiresAt),
    secondsLeft: open ? Math.max(0, Math.ceil((approval.expiresAt - look.now) / 1000)) : 0,
    ...('settledAt' in approval && { settledAt: moment(approval.settledAt) }),
  }
}

export async function questionView(
  approval: Approval,
  { agent, mayStopAgent }: { agent: Agent | undefined; mayStopAgent: boolean },
  look: Viewer,
  store: Pick<ApiParts['store'], 'people' | 'actions' | 'permits'>,
): Promise<ApprovalView> {
  const { names, person } = look
  const summary = await questionSummary(approval, agent, look)
  const { bound, advisory } = approval.card
  const { action } = bound
  const life = (await store.actions.get(approval.actionId))?.life
  const open = summary.state === 'open'
  const canEscalate = approval.terms.signOffs.some(({ escalate, escalated }) => escalate && !escalated)
  const barred = approval.barred.includes(person.id)

  return {
    ...summary,
    digest: approval.digest,
    shown: approval.shown,
    card: approval.card,
    askedBy: {
      agent: { ...summary.agent, team: approval.team, status: agent?.status ?? 'stopped' },
      owner: agent ? await names.person(agent.owner) : { id: '', name: 'unknown' },
      ...(summary.onBehalfOf && { onBehalfOf: summary.onBehalfOf }),
      ...(action.startedBy !== undefined && { startedBy: await names.person(action.startedBy) }),
      client: advisory.client,
    },
    ...(advisory.purpose && { purpose: advisory.purpose }),
    riskDetails: advisory.risk,
    dataUse: bound.dataUse,
    policies: policiesOf(approval.decision.because, look.policies),
    policyVersion: approval.decision.policyVersion,
    signOffs: signOffViews(approval),
    signatures: await signatureViews(approval, look),
    maySign: open ? await maySign(approval, agent, look, store) : [],
    you: yourPart(approval, agent, person, look),
    mayEscalate: open && canEscalate && !barred && isAsked(person, approval),
    mayStopAgent: mayStopAgent && agent?.status === 'active',
    ...('because' in approval && { because: approval.because }),
    ...(await before(approval, agent, look, store)),
    ...(life && outcomeOf(life)),
  }
}

function signOffViews({ terms, team, signatures }: Approval): SignOffView[] {
  const counts = servedSoFar(terms.signOffs, team, signatures)
  return terms.signOffs.map((signOff) => signOffView(signOff, team, counts.get(signOff) ?? 0))
}

function signOffView(signOff: SignOff, team: string, served: number): SignOffView {
  const { id, doc, owner, control, quorum, assurance, reasonRequired, distinct, escalate, escalated } = signOff
  return {
    id,
    doc,
    owner,
    ...(control !== undefined && { control }),
    from: groupsOf(signOff, team),
    quorum,
    served,
    assurance,
    reasonRequired,
    distinct,
    ...(escalate && { escalation: { ...escalate, done: escalated } }),
  }
}

/** Whoever could sign it at the console, if they sign in well enough. */
async function maySign(approval: Approval, agent: Agent | undefined, { now }: Viewer, store: Pick<Store, 'people'>) {
  const people = (await store.people.inGroups(askedGroups(approval), mostRead)).filter(
    (person) => objection(approval, agent, person, { assurance: 'passkey', now }) === undefined,
  )
  return people.slice(0, 50).map(({ id, name }) => ({ id, name }))
}

/**
 * What the same agent did before, with the same operation in the same environment; the last run like this one; and one
 * of this very action that may have happened.
 */
async function before(
  approval: Approval,
  agent: Agent | undefined,
  look: Viewer,
  store: Pick<ApiParts['store'], 'actions' | 'permits'>,
): Promise<Pick<ApprovalView, 'history' | 'lastRun' | 'openEndedRun'>> {
  const { environment, operation, verb, agent: by } = approval.card.bound.action
  const alike = { agent: by, environment, verb, operation }
  const few = { limit: mostHistory + 1, after: undefined }
  const { items } = await filteredPage(few, (paged) => store.actions.search({ ...alike, ...paged }))
  const others = items.filter(({ record }) => record.id !== approval.actionId).slice(0, mostHistory)
  const [history, lastRun, openEndedRun] = await Promise.all([
    Promise.all(others.map((life) => actionSummary(life, look))),
    lastRunLike(approval, alike),
    approval.state === 'open' ? openEndedRunOf(approval) : undefined,
  ])
  return { history, ...(lastRun && { lastRun }), ...(openEndedRun && { openEndedRun }) }

  /**
   * The nearest is mostly the first to be looked at; each is opened while someone waits for this question's answer.
   */
  async function lastRunLike(question: Approval, query: typeof alike) {
    let nearest: ReturnType<typeof lastRunOf>
    let after: string | undefined
    for (const limit of [1, 4, 15, 30]) {
      const done = await store.actions.search({ ...query, outcome: 'done', limit, ...(after && { after }) })
      const last = lastRunOf(question, done.items, (life) => maySeeAction(look.person, life, agent))
      if (last && last.nearness < (nearest?.nearness ?? Infinity)) nearest = last
      after = done.next
      if (after === undefined || nearest?.nearness === 0) break
    }
    return nearest && lastRunView(nearest.life, look)
  }

  /** A call without a key that was cut off is asked anew: whoever approves it has to know that it may run twice. */
  async function openEndedRunOf({ digest }: Approval) {
    const permit = (await store.permits.openEnded(digest))?.permit
    const [life] = permit ? await store.actions.lives([permit.actionId]) : []
    return life && { action: life.record.id, at: moment(life.permittedAt ?? life.at) }
  }
}

/** Actions of the same kind by the same agent that a question shows, at a glance; older ones are in the record. */
const mostHistory = 5
