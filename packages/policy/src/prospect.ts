/**
 * Whether an agent could ever be let do something, before its arguments are known.
 *
 * Each policy is read with three answers: it matches whatever comes, it never does, or it depends. What is known are
 * the agent, the action, the environment, the gateway and its mode; a sum, a risk, a person or a dataset is not.
 * Cedar's own partial evaluation is no help here: it takes no context that is wholly unknown, and an optional member
 * left out counts as absent.
 *
 * Sound because an evaluation error is a refusal here: `false && x` and `x && false` are never true, whatever `x` does.
 *
 * @module
 */
import type { Clause, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyNote, Prospect } from '@countersign/core'
import type { Registry } from '@countersign/schema'
import { type ActionTree, actionFor } from './actions.ts'
import { entityTypes } from './cedarschema.ts'

export interface ReadPolicy {
  readonly kind: PolicyNote['kind']
  readonly json: PolicyJson
}

/** Sign-offs play no part: people can lift them. */
export function couldAllow(
  policies: readonly ReadPolicy[],
  prospect: Prospect,
  registry: Registry,
  tree: ActionTree,
): boolean {
  const known = knownOf(prospect, actionFor(tree, prospect.verb, prospect.operation), registry, tree)
  const permitted = policies.some(({ kind, json }) => kind === 'allowance' && matches(json, known) !== false)
  return permitted && !policies.some(({ kind, json }) => kind === 'prohibition' && matches(json, known) === true)
}

/** What holds for a kind of action, whoever asks for it and whatever is in it. */
export interface Reach {
  /** Those that could permit it. */
  readonly allowances: readonly string[]
  /** Those that deny it whatever comes. */
  readonly prohibitions: readonly string[]
  /** Those that could ask people about it. */
  readonly signOffs: readonly string[]
}

/** Of an action before anything is known but its kind. */
export type Kind = Omit<Prospect, 'agent' | 'operation'> & { readonly operation: string | undefined }

/** `action`: as which of the schema's it is asked. */
export function reachOf(
  policies: readonly (ReadPolicy & { readonly id: string })[],
  { action, ...kind }: Kind & { readonly action: string },
  registry: Registry,
  tree: ActionTree,
): Reach {
  const known = knownOf(kind, action, registry, tree)
  const ids = (kinds: PolicyNote['kind'], holds: (maybe: Maybe) => boolean) =>
    policies.filter((policy) => policy.kind === kinds && holds(matches(policy.json, known))).map(({ id }) => id)
  return {
    allowances: ids('allowance', (maybe) => maybe !== false),
    prohibitions: ids('prohibition', (maybe) => maybe === true),
    signOffs: ids('sign-off', (maybe) => maybe !== false),
  }
}

/** True or false for certain; undefined where it depends. */
type Maybe = boolean | undefined

interface Entity {
  readonly type: string
  readonly id: string
}

/** What a variable is, and every entity that it lies in, itself included. */
interface Thing extends Entity {
  within(entity: Entity): boolean
}

interface Known {
  readonly principal: Thing | undefined
  readonly action: Thing
  readonly resource: Thing | undefined
  readonly owner: Entity | undefined
  readonly team: Entity | undefined
  /** Members of the context that are certain. */
  readonly context: Readonly<Record<string, string>>
}

function knownOf(
  { agent, operation, resource, environment: env, gateway, mode }: Kind & { readonly agent?: Prospect['agent'] },
  action: string,
  registry: Registry,
  tree: ActionTree,
): Known {
  return {
    principal: agent && thing({ type: 'Agent', id: agent.id }, 'AgentGroup', (group) => agent.groups.includes(group)),
    action: thing({ type: 'Action', id: action }, 'Action', (family) => tree.lineOf(action).has(family)),
    resource:
      resource &&
      thing({ type: entityTypes[resource.kind], id: resource.name }, 'Domain', (domain) => {
        const { kind, name } = resource
        const dataset =
          kind === 'dataset' && Object.hasOwn(registry.datasets, name) ? registry.datasets[name] : undefined
        return dataset?.domain === domain
      }),
    owner: agent && { type: 'User', id: agent.owner },
    team: agent && { type: 'Group', id: agent.team },
    context: { env, gateway, mode, ...(operation !== undefined && { operation }) },
  }
}

const thing = (self: Entity, parentType: string, liesIn: (id: string) => boolean): Thing => ({
  ...self,
  within: (entity) => same(self, entity) || (entity.type === parentType && liesIn(entity.id)),
})

function matches({ principal, action, resource, conditions }: PolicyJson, known: Known): Maybe {
  return all([
    scope(principal, known.principal),
    scope(action, known.action),
    scope(resource, known.resource),
    ...conditions.map((clause) => holds(clause, known)),
  ])
}

const holds = ({ kind, body }: Clause, known: Known): Maybe =>
  kind === 'when' ? truth(body, known) : not(truth(body, known))

function scope(named: PolicyJson['principal'] | PolicyJson['action'], about: Thing | undefined): Maybe {
  if (named.op === 'All') return true
  if (!about) return undefined
  switch (named.op) {
    case '==':
      return 'entity' in named ? same(about, entityIn(named.entity)) : undefined
    case 'in':
      if ('entities' in named) return named.entities.some((entity) => about.within(entityIn(entity)))
      return 'entity' in named ? about.within(entityIn(named.entity)) : undefined
    case 'is': {
      const { entity_type: type, in: parent } = named
      if (type !== about.type) return false
      if (!parent) return true
      return 'entity' in parent ? about.within(entityIn(parent.entity)) : undefined
    }
  }
}

function truth(expression: Expr, known: Known): Maybe {
  const node = expression as Node
  if (node['&&']) return all(sides(node['&&'], known))
  if (node['||']) return not(all(sides(node['||'], known).map(not)))
  if (node['!']) return not(truth(node['!'].arg, known))
  if (node['==']) return equal(node['=='], known)
  if (node['!=']) return not(equal(node['!='], known))
  if (node.in) return within(node.in.left, node.in.right, known)
  if (node.is) {
    const about = variable(node.is.left, known)
    if (!about) return undefined
    const parent = node.is.in
    return all([about.type === node.is.entity_type, parent ? within(node.is.left, parent, known) : true])
  }
  if (node['if-then-else']) {
    const { if: asked, then, else: otherwise } = node['if-then-else']
    const answer = truth(asked, known)
    return answer === undefined ? undefined : truth(answer ? then : otherwise, known)
  }
  return typeof node.Value === 'boolean' ? node.Value : undefined
}

/** The shapes of an expression that can be certain; whatever else it is depends. */
interface Node {
  readonly '&&'?: Pair
  readonly '||'?: Pair
  readonly '!'?: { readonly arg: Expr }
  readonly '=='?: Pair
  readonly '!='?: Pair
  readonly in?: Pair
  readonly is?: { readonly left: Expr; readonly entity_type: string; readonly in?: Expr }
  readonly 'if-then-else'?: { readonly if: Expr; readonly then: Expr; readonly else: Expr }
  readonly '.'?: { readonly left: Expr; readonly attr: string }
  readonly Value?: unknown
  readonly Var?: string
  readonly Set?: readonly Expr[]
}

interface Pair {
  readonly left: Expr
  readonly right: Expr
}

const sides = ({ left, right }: Pair, known: Known): Maybe[] => [truth(left, known), truth(right, known)]

function equal({ left, right }: Pair, known: Known): Maybe {
  const [one, other] = [value(left, known), value(right, known)]
  if (one === undefined || other === undefined) return undefined
  return typeof one === 'object' && typeof other === 'object' ? same(one, other) : one === other
}

function within(left: Expr, right: Expr, known: Known): Maybe {
  const about = variable(left, known)
  const { Set: listed } = right as Node
  const parents = (listed ?? [right]).map((parent) => value(parent, known))
  if (!about || !parents.every((parent) => typeof parent === 'object')) return undefined
  return parents.some((parent) => about.within(parent))
}

function variable(expression: Expr, known: Known): Thing | undefined {
  const { Var: name } = expression as Node
  return name === 'principal' || name === 'action' || name === 'resource' ? known[name] : undefined
}

function value(expression: Expr, known: Known): Entity | string | number | boolean | undefined {
  const { Value: literal, '.': step } = expression as Node
  if (step) {
    const { Var: root } = step.left as Node
    if (root === 'context') return Object.hasOwn(known.context, step.attr) ? known.context[step.attr] : undefined
    return root === 'principal' && (step.attr === 'owner' || step.attr === 'team') ? known[step.attr] : undefined
  }
  if (typeof literal === 'string' || typeof literal === 'number' || typeof literal === 'boolean') return literal
  if (typeof literal === 'object' && literal !== null && '__entity' in literal) return literal.__entity as Entity
  return variable(expression, known)
}

const all = (parts: readonly Maybe[]): Maybe => {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

const not = (maybe: Maybe): Maybe => (maybe === undefined ? undefined : !maybe)

const same = (one: Entity, other: Entity): boolean => one.type === other.type && one.id === other.id

const entityIn = (uid: Entity | { readonly __entity: Entity }): Entity => ('__entity' in uid ? uid.__entity : uid)
