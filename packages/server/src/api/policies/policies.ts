/**
 * The policies in force, what they say of an action, how often they are used, and a place to try others. Nothing here
 * puts a policy in force.
 *
 * @module
 */
import { CountersignError, type Evaluation, isError, type PolicyQuestion, type PolicySet } from '@countersign/core'
import type { CasesReport, TriedOut } from '@countersign/policy'
import { createRoute, z } from '@hono/zod-openapi'
import {
  CandidateView,
  ExplainInput,
  Explanation,
  PolicyFiles,
  PolicySetView,
  PolicyTests,
  PolicyUse,
  TextExplanation,
} from '@countersign/schema'
import type { ActionLife, Agent, Person } from '@countersign/schema'
import { maySeeAction } from '../front/access.ts'
import type { PoliciesState } from '../../in-force.ts'
import { createLocalTime } from './local-time.ts'
import { policiesOf } from '../front/viewer.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { policyUse } from './policy-use.ts'
import { telling } from '../../http/problems.ts'
import type { Reads } from '../front/reads.ts'
import { answers, idOf, moment, takes } from '../front/route.ts'
import { mustBelong } from '../front/who.ts'

const active = createRoute({
  method: 'get',
  path: '/api/policies',
  summary: 'The policies in force, with their text.',
  responses: answers(PolicySetView, 'The active set.'),
})
const explaining = createRoute({
  method: 'get',
  path: '/api/policies/explain',
  summary: 'What the active policies say of a recorded action, next to what was decided then.',
  request: { query: z.strictObject({ action: idOf('act') }) },
  responses: answers(Explanation, 'Then and now.'),
})

const explainingText = createRoute({
  method: 'post',
  path: '/api/policies/explain',
  summary: 'What the active policies would say of an action that is written down as a case is. Nothing runs.',
  request: takes(ExplainInput),
  responses: answers(TextExplanation, 'Why, and what would change it.'),
})
const using = createRoute({
  method: 'get',
  path: '/api/policies/use',
  summary: 'How often each policy decided something.',
  request: { query: z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) }) },
  responses: answers(PolicyUse, 'Counted from the record.'),
})
const files = createRoute({
  method: 'get',
  path: '/api/policies/files',
  summary: 'The policy files as they lie in their folder.',
  responses: answers(PolicyFiles, 'The files.'),
})
const testing = createRoute({
  method: 'get',
  path: '/api/policies/tests',
  summary: 'Runs the cases of the site against the active policies.',
  responses: answers(PolicyTests, 'Every case, and the policies that no case is about.'),
})
const trying = createRoute({
  method: 'post',
  path: '/api/policies/candidate',
  summary: 'Checks other policies and runs the cases against them. They are not put in force.',
  request: takes(PolicyFiles),
  responses: answers(CandidateView, 'What is wrong with them, or what they would change.'),
})

export function policies(api: Api, parts: ApiParts, reads: Reads): void {
  const { store, policy, sandbox } = parts
  const localTime = createLocalTime(parts.timeZone ?? 'UTC')

  api.openapi(active, async (context) => {
    await mustBelong(parts, context)
    const set = policy.active()
    const all = set.policies.map(({ id }) => view(id, set))
    return context.json({ version: set.version, policies: all, ...loading(parts.policies()) }, 200)
  })

  api.openapi(explaining, async (context) => {
    const { person } = context.get('visitor')
    const { action: id } = context.req.valid('query')
    const life = (await store.actions.get(id))?.life
    const agent = life && (await store.agents.get(life.record.action.agent))
    if (!life || !agent || !maySeeAction(person, life, agent)) throw new CountersignError('ERR_ACTION_MISSING', { id })
    await reads.record(person.id, 'explanation', id)
    const { onBehalfOf } = life.record.action
    const actedFor = onBehalfOf === undefined ? undefined : await store.people.get(onBehalfOf)
    const { decision } = life.record
    const set = policy.active()
    return context.json(
      {
        actionId: id,
        decided: { decision: decision.kind, version: decision.policyVersion, by: policiesOf(decision.because, set) },
        now: { version: set.version, resources: questionsOf(life, agent, actedFor).map((one) => explained(one, set)) },
      },
      200,
    )
  })

  api.openapi(explainingText, async (context) => {
    await mustBelong(parts, context)
    const { text } = context.req.valid('json')
    const [agents, people] = await Promise.all([store.agents.list(), store.people.list()])
    const cast = {
      agents: Object.fromEntries(
        agents.map(({ id, groups, owner, team }) => [id, { groups: [...groups], owner, team }]),
      ),
      people: Object.fromEntries(people.map(({ id, groups }) => [id, { groups: [...groups] }])),
    }
    const questions = inTheirWords(() => sandbox.questions(text, cast))
    const set = policy.active()
    const resources = questions.map((question) => explained(question, set))
    return context.json({ version: set.version, risk: questions[0]?.context.risk ?? 100, resources }, 200)
  })

  api.openapi(using, async (context) => {
    await mustBelong(parts, context)
    const { days } = context.req.valid('query')
    return context.json(await policyUse(store, parts.clock.now(), days), 200)
  })

  api.openapi(files, async (context) => {
    await mustBelong(parts, context)
    return context.json({ files: (await sandbox.files()).map(({ name, text }) => ({ name, text })) }, 200)
  })

  api.openapi(testing, async (context) => {
    await mustBelong(parts, context)
    const report = await sandbox.test()
    return context.json({ version: policy.active().version, ...(report && { cases: casesView(report) }) }, 200)
  })

  api.openapi(trying, async (context) => {
    await mustBelong(parts, context)
    return context.json(candidateView(await sandbox.tryOut(context.req.valid('json').files)), 200)
  })

  function questionsOf(life: ActionLife, agent: Agent, actedFor: Person | undefined): PolicyQuestion[] {
    const { action, risk, dataUse, measures, client, purpose, effect } = life.record
    const when = localTime(life.at)
    const purposeGiven = Boolean(purpose?.text?.trim())
    const context = { risk: risk.score, dataUse, measures, client, purposeGiven, changes: effect !== 'read', when }
    return action.resources.map((resource) => ({ action, resource, agent, onBehalfOf: actedFor, context }))
  }

  function explained(question: PolicyQuestion, set: PolicySet): TextExplanation['resources'][number] {
    const { says, changes } = sandbox.explain(question)
    return {
      resource: question.resource,
      auto: evaluated(set.evaluate('auto', question), set),
      approvable: evaluated(set.evaluate('approvable', question), set),
      says,
      changes: changes.map(({ change, answer }) => ({ change, answer })),
    }
  }
}

const loading = ({ at, by, files: names, refused }: PoliciesState): Pick<PolicySetView, 'loaded' | 'refused'> => ({
  loaded: { at: moment(at), by, files: [...names] },
  ...(refused && {
    refused: {
      since: moment(refused.since),
      by: refused.by,
      problems: refused.problems.map(({ policy, ...problem }) => ({
        ...problem,
        ...(policy !== undefined && { policy }),
      })),
    },
  }),
})

/** What is wrong with what they wrote is theirs to read. */
function inTheirWords<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!isError(error, 'ERR_INPUT_INVALID')) throw error
    const { cases } = error.detail as { readonly cases: string }
    throw telling(error, cases.slice(0, 1_000))
  }
}

const casesView = ({ ok, results, untested }: CasesReport): NonNullable<PolicyTests['cases']> => ({
  ok,
  results: results.map(({ name, passed, expected, got }) => ({ name, passed, expected, got })),
  untested: [...untested],
})

function candidateView(tried: TriedOut): CandidateView {
  if (tried.kind === 'refused') {
    const problems = tried.problems.map(({ policy, ...problem }) => ({
      ...problem,
      ...(policy !== undefined && { policy }),
    }))
    return { problems, added: [], removed: [], changed: [], differences: [] }
  }
  const { version, added, removed, changed, report } = tried
  return {
    problems: [],
    version,
    added: [...added],
    removed: [...removed],
    changed: [...changed],
    differences: tried.differences.map((difference) => ({ ...difference })),
    ...(report && { cases: casesView(report) }),
  }
}

/** Named part by part: what a policy note may carry one day is not thereby public. */
function view(id: string, set: PolicySet): PolicySetView['policies'][number] {
  const [policy] = policiesOf([id], set)
  if (!policy) throw new CountersignError('ERR_INTERNAL', { policy: id })
  const { signOff, source } = set.policy(id) ?? {}
  const written = { ...policy, ...(source && { source: { ...source } }) }
  if (!signOff) return written
  const { assurance, ...terms } = signOff
  return { ...written, signOff: { ...terms, from: [...terms.from], ...(assurance !== undefined && { assurance }) } }
}

const evaluated = (evaluation: Evaluation, set: PolicySet) =>
  evaluation.kind === 'error'
    ? { kind: evaluation.kind, by: [], says: evaluation.says }
    : { kind: evaluation.kind, by: policiesOf(evaluation.by, set) }
