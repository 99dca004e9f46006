/**
 * The tree of actions in a schema, and which policies can matter for which action.
 *
 * @module
 */
import type { PolicyJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'

export interface ActionTree {
  /** Actions that can be asked about; the others are only families. */
  readonly askable: readonly string[]
  /** The action itself and every family it lies in. */
  lineOf(action: string): ReadonlySet<string>
}

export function actionTreeOf(schema: SchemaJson<string>): ActionTree {
  const actions = schema['']?.actions ?? {}
  const lines = new Map(Object.keys(actions).map((name) => [name, climb(name)]))

  function climb(name: string): ReadonlySet<string> {
    const line = new Set([name])
    for (const member of line) {
      for (const parent of actions[member]?.memberOf ?? []) line.add(parent.id)
    }
    return line
  }

  return {
    askable: Object.keys(actions).filter((name) => actions[name]?.appliesTo !== undefined),
    lineOf: (action) => lines.get(action) ?? new Set(),
  }
}

/**
 * The action to ask about: the gateway's own operation where the schema knows it as a member of this verb, else the
 * verb. A member of another verb does not count, or it would escape the policies for what it really does.
 */
export const actionFor = (tree: ActionTree, verb: string, operation: string): string =>
  tree.askable.includes(operation) && tree.lineOf(operation).has(verb) ? operation : verb

/** What a call is asked as where it changes something: a member of the call itself and of the changes. Other verbs are themselves. */
export const changeFor = (tree: ActionTree, verb: string): string =>
  tree.askable.includes(`${verb}${changing}`) ? `${verb}${changing}` : verb

/** Behind the verb of a call. */
export const changing = ':change'

/** Whether a policy's scope can match this action. By the scope alone, so never too few. */
export function covers(policy: PolicyJson, action: string, tree: ActionTree): boolean {
  const scope = policy.action
  if (scope.op === 'All') return true
  const named = namedIn(scope)
  return scope.op === '==' ? named.includes(action) : named.some((name) => tree.lineOf(action).has(name))
}

/** A family named with `==`, whose members would slip through. */
export function familyMeant(policy: PolicyJson, tree: ActionTree): string | undefined {
  const scope = policy.action
  if (scope.op !== '==') return undefined
  return namedIn(scope).find((name) =>
    tree.askable.some((other) => other !== name && other !== `${name}${changing}` && tree.lineOf(other).has(name)),
  )
}

function namedIn(scope: Exclude<PolicyJson['action'], { op: 'All' }>): string[] {
  if ('entities' in scope) return scope.entities.map(idOf)
  return 'entity' in scope ? [idOf(scope.entity)] : []
}

type Uid = { readonly __entity: { readonly id: string } } | { readonly id: string }

const idOf = (uid: Uid): string => ('__entity' in uid ? uid.__entity.id : uid.id)
