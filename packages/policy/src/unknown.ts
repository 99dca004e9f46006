/**
 * Policies as they hold for what nobody can name. What an action touches may then be whatever a forbid is about, so a sign-off
 * or a prohibition of some resources holds for it too. What permits some resources does not permit an unknown one.
 *
 * @module
 */
import type { Clause, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

/** The forbids that are others where the resource is unknown, by id. */
export function forUnknown(policies: ReadonlyMap<string, PolicyJson>): ReadonlyMap<string, PolicyJson> {
  return new Map(
    [...policies]
      .filter(([, json]) => json.effect === 'forbid' && (json.resource.op !== 'All' || json.conditions.some(isAbout)))
      .map(([id, json]) => [id, worst(json)]),
  )
}

const isAbout = ({ kind, body }: Clause): boolean => kind === 'when' && mentions(body)

/** An `unless` about some resource does not excuse an unknown one, as it stands. */
const worst = (json: PolicyJson): PolicyJson => ({
  ...json,
  resource: { op: 'All' },
  conditions: json.conditions.map((clause) =>
    clause.kind === 'when' ? { ...clause, body: withoutResource(clause.body) } : clause,
  ),
})

/** Of all that has to be true together, what is said of the resource is taken for true. */
function withoutResource(body: Expr): Expr {
  const both = (body as { readonly '&&'?: { readonly left: Expr; readonly right: Expr } })['&&']
  if (both) return { '&&': { left: withoutResource(both.left), right: withoutResource(both.right) } }
  return mentions(body) ? { Value: true } : body
}

function mentions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if ('Var' in value && value.Var === 'resource') return true
  return Object.values(value).some(mentions)
}
