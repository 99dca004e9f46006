/**
 * Every name that a policy mentions exists. Cedar does not check this, and a mistyped name in a sign-off or a
 * prohibition opens it.
 *
 * @module
 */
import type { Registry } from '@countersign/schema'
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

export interface Known {
  readonly registry: Registry
  /** Agent groups exist by being listed. */
  readonly agentGroups: readonly string[]
}

export interface Complaint {
  readonly says: string
  /** Where to look: a piece of the policy's text. */
  readonly about: string
}

/** Stands for the team of the acting agent, in `@approve` and `@escalate`. */
const agentTeam = 'agent-team'

export const isGroup = (name: string, { registry }: Known): boolean =>
  name === agentTeam || registry.groups.includes(name)

export function complaintsAbout(policy: PolicyJson, known: Known): Complaint[] {
  const nodes = objectsIn([policy.principal, policy.action, policy.resource, policy.conditions])
  return [
    ...nodes.flatMap((node) => unknownEntity(node, known)),
    ...nodes.flatMap((node) => unknownWord(node, known)),
    ...nodes.flatMap(unknowable),
  ]
}

type Node = Readonly<Record<string, unknown>>

/** Every object in a tree of JSON, outermost first. */
function objectsIn(root: unknown): Node[] {
  const nodes: Node[] = []
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    if (!Array.isArray(value)) nodes.push(value as Node)
    open.push(...Object.values(value).toReversed())
  }
  return nodes
}

function unknownEntity({ type, id }: Node, known: Known): Complaint[] {
  if (typeof type !== 'string' || typeof id !== 'string') return []
  const names = namesOf(type, known)
  if (!names || names.includes(id)) return []
  return [{ says: `there is no ${type} "${id}"`, about: `${type}::${JSON.stringify(id)}` }]
}

/** Undefined for types whose members nobody lists: agents, people, tools, files, routes, hosts. */
function namesOf(type: string, { registry, agentGroups }: Known): readonly string[] | undefined {
  switch (type) {
    case 'AgentGroup':
      return agentGroups
    case 'Group':
      return registry.groups
    case 'Dataset':
      return Object.keys(registry.datasets)
    case 'Domain':
      return Object.values(registry.datasets).map(({ domain }) => domain)
    case 'Model':
      return Object.keys(registry.models)
    case 'Role':
      return Object.keys(registry.roles)
    default:
      return undefined
  }
}

const comparisons = ['==', '!=', 'contains', 'containsAll', 'containsAny']

/** Words that are plain strings in Cedar, though there is a list of them. */
function unknownWord(node: Node, known: Known): Complaint[] {
  return comparisons.flatMap((operator) => {
    const { left, right } = sidesOf(node[operator])
    return [
      [left, right],
      [right, left],
    ].flatMap(([path, literal]) => {
      const words = wordsAt(pathOf(path), known)
      const strange = words ? stringsOf(literal).filter((word) => !words.includes(word)) : []
      return strange.map((word) => ({
        says: `"${word}" is none of ${words?.join(', ')}`,
        about: JSON.stringify(word),
      }))
    })
  })
}

function wordsAt(path: string | undefined, { registry }: Known): readonly string[] | undefined {
  if (path?.endsWith('.classes')) return Object.keys(registry.classes)
  if (path === 'context.destination.name') return Object.keys(registry.destinations)
  if (path === 'context.mode') return ['enforcing', 'cooperating']
  return undefined
}

/** The groups of an agent's owner, and those a group lies in, are not sent along: such a test is never true. */
function unknowable(node: Node): Complaint[] {
  const path = pathOf(sidesOf(node.in).left)
  if (path !== 'principal.owner' && path !== 'principal.team') return []
  return [{ says: `${path} can only be compared with ==`, about: path }]
}

function sidesOf(value: unknown): { left?: unknown; right?: unknown } {
  return typeof value === 'object' && value !== null ? value : {}
}

/** `context.lineage.classes` for the tree of it. */
function pathOf(expression: unknown): string | undefined {
  const node = sidesOf(expression) as Node
  if (typeof node.Var === 'string') return node.Var
  const step = node['.'] as { left?: unknown; attr?: unknown } | undefined
  const start = step && pathOf(step.left)
  return start !== undefined && typeof step?.attr === 'string' ? `${start}.${step.attr}` : undefined
}

function stringsOf(expression: unknown): string[] {
  const { Value, Set: members } = sidesOf(expression) as Node
  if (typeof Value === 'string') return [Value]
  return Array.isArray(members) ? members.flatMap(stringsOf) : []
}
