/**
 * A question about actions as one statement. It has no name: which index serves best depends on the values, so it is
 * planned each time for those it has.
 *
 * @module
 */
import type { ActionQuery } from '@countersign/core'
import { searchable } from '../commit/keys.ts'
import type { Statement } from '../db.ts'
import type { Value } from '../values.ts'
import { indexBelow } from './pages.ts'

/** `found` has the `entry`, `approval` and `permit` of actions of the tenant `$1`. */
const withParts = (found: string) => `select a.entry, a.approval, q.entry as "approvalEntry", p.entry as "permitEntry",
    p.ended_entry as "endedEntry"
  from ${found} a
  left join approval q on q.tenant = $1 and q.id = a.approval
  left join permit p on p.tenant = $1 and p.id = a.permit`

export const actionById = {
  name: 'action_get',
  text: withParts('(select entry, approval, permit from action where tenant = $1 and id = $2)'),
}

export const actionsById = {
  name: 'action_lives',
  text: withParts('(select entry, approval, permit from action where tenant = $1 and id = any($2))'),
}

/** Asks for the tenant as `$1`, the number of rows as `$2`, and then for `values`. */
export function searching(
  { keywords, concerns, ...query }: ActionQuery,
  blind: (keyword: string) => string,
): { statement: Statement; values: Value[] } {
  const values: Value[] = []
  const place = (value: Value) => `$${values.push(stored(value)) + 2}`
  const where = [`a.entry < ${place(indexBelow(query))}`]
  for (const [filter, condition] of Object.entries(conditions)) {
    const value = query[filter as keyof typeof conditions]
    if (value !== undefined) where.push(condition(place, value))
  }
  if (concerns !== undefined) where.push(concerning(place, concerns))
  const named = keywords !== undefined && keywords.length > 0
  if (named) where.push(`w.keywords @> ${place(keywords.map(blind))}::bigint[]`)
  const page = `(select a.entry, a.approval, a.permit from action a${named ? withKeywords : ''}
    where a.tenant = $1 and ${where.join(' and ')} order by a.entry desc limit $2)`
  const text = `${withParts(page)} order by a.entry desc`
  return { statement: { name: '', text }, values }
}

/** Those that are no condition on one column. */
type NotColumns = 'limit' | 'after' | 'keywords' | 'concerns'

type Place = (value: Value) => string

/** As a column has it. */
function stored(value: Value): Value {
  if (typeof value === 'string') return searchable(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return value.map((each) => (typeof each === 'string' ? searchable(each) : each))
}

const conditions = {
  id: (place, id) => `a.id = ${place(id)}`,
  agent: (place, agent) => `a.agent = ${place(agent)}`,
  people: (place, people) => `a.people && ${place(people)}::text[]`,
  dataset: (place, dataset) => `a.datasets @> array[${place(dataset)}::text]`,
  model: (place, model) => `a.model = ${place(model)}`,
  verb: (place, verb) => `a.verb = ${place(verb)}`,
  operation: (place, operation) => `a.operation = ${place(operation)}`,
  environment: (place, environment) => `a.environment = ${place(environment)}`,
  decision: (place, decision) => `a.decision = ${place(decision)}`,
  outcome: (place, outcome) =>
    outcome === 'running'
      ? `a.outcome is null and a.id in (select action from permit where tenant = $1 and outcome is null)`
      : `a.outcome = ${place(outcome)}`,
  riskAtLeast: (place, risk) => `a.risk >= ${place(risk)}`,
  approval: (place, approval) => `a.approval = ${place(approval)}`,
  question: (place, state) => `a.approval in (select id from approval where tenant = $1 and state = ${place(state)})`,
  signers: (place, people) =>
    `a.approval = any(array(select approval from countersignature where tenant = $1 and person = any(${place(people)}::text[])))`,
  from: (place, at) => `a.entry >= ${firstSince(place(at))}`,
  to: (place, at) => `a.entry < ${firstSince(place(at))}`,
} satisfies Record<Exclude<keyof ActionQuery, NotColumns>, (place: Place, value: Value) => string> as Record<
  Exclude<keyof ActionQuery, NotColumns>,
  (place: Place, value: Value) => string
>

const concerning = (place: Place, { person, agents }: NonNullable<ActionQuery['concerns']>) =>
  `(a.approval is not null or a.people @> array[${place(person)}::text] or a.agent = any(${place(agents)}::text[]))`

/** Entries never go back in time, so a moment is a place among them: every index in their order serves a range of time. */
const firstSince = (moment: string) =>
  `coalesce((select entry from action where tenant = $1 and at >= ${moment} order by at, entry limit 1), ${Number.MAX_SAFE_INTEGER})`

const withKeywords = ' join action_keyword w on w.tenant = a.tenant and w.entry = a.entry'
