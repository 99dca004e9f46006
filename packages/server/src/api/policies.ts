/**
 * The policies in force, and what they say of an action that was recorded.
 *
 * @module
 */
import { CountersignError, type Evaluation, type PolicyQuestion, type PolicySet } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { Explanation, PolicySetView } from '@countersign/schema'
import type { ActionLife, Agent, Person } from '@countersign/schema'
import { maySeeAction } from './access.ts'
import { policiesOf } from './looking.ts'
import type { Api, ApiParts } from './parts.ts'
import type { Reads } from './reads.ts'
import { answers, idOf } from './route.ts'
import { mustBelong } from './who.ts'

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

export function policies(api: Api, parts: ApiParts, reads: Reads): void {
  const { store, policy } = parts
  const localTime = createLocalTime(parts.timeZone ?? 'UTC')

  api.openapi(active, async (context) => {
    await mustBelong(parts, context)
    const set = policy.active()
    return context.json({ version: set.version, policies: set.policies.map(({ id }) => view(id, set)) }, 200)
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
    return context.json(explain(life, agent, actedFor), 200)
  })

  function explain(life: ActionLife, agent: Agent, actedFor: Person | undefined): Explanation {
    const set = policy.active()
    const { id, action, decision, risk, picture, measures, client, purpose } = life.record
    const question = (resource: PolicyQuestion['resource']): PolicyQuestion => ({
      action,
      resource,
      agent,
      onBehalfOf: actedFor,
      context: {
        risk: risk.score,
        picture,
        measures,
        client,
        purposeGiven: Boolean(purpose?.text?.trim()),
        when: localTime(life.at),
      },
    })
    return {
      actionId: id,
      decided: { decision: decision.kind, version: decision.policyVersion, by: policiesOf(decision.because, set) },
      now: {
        version: set.version,
        resources: action.resources.map((resource) => ({
          resource,
          auto: evaluated(set.evaluate('auto', question(resource)), set),
          approvable: evaluated(set.evaluate('approvable', question(resource)), set),
        })),
      },
    }
  }
}

/** Named part by part: what a policy note may carry one day is not thereby public. */
function view(id: string, set: PolicySet): PolicySetView['policies'][number] {
  const [policy] = policiesOf([id], set)
  if (!policy) throw new CountersignError('ERR_INTERNAL', { policy: id })
  const signOff = set.policy(id)?.signOff
  if (!signOff) return policy
  const { assurance, ...terms } = signOff
  return { ...policy, signOff: { ...terms, from: [...terms.from], ...(assurance !== undefined && { assurance }) } }
}

const evaluated = (evaluation: Evaluation, set: PolicySet) =>
  evaluation.kind === 'error'
    ? { kind: evaluation.kind, by: [], says: evaluation.says }
    : { kind: evaluation.kind, by: policiesOf(evaluation.by, set) }

function createLocalTime(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' })
  const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  return (at: number) => {
    const said = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    return { hour: Number(said['hour']), weekday: weekdays.indexOf(said['weekday'] ?? '') + 1 }
  }
}
