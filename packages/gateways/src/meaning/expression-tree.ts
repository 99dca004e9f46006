/**
 * What can be told of an expression before it runs: whether it could take long, and which names it looks up.
 *
 * @module
 */
import type { Environment } from '@marcbachmann/cel-js'

type ASTNode = ReturnType<Environment['parse']>['ast']

/** By variable: the names looked up directly in it. `any` where that depends on the message. */
export type NamesRead = ReadonlyMap<string, ReadonlySet<string> | 'any'>

/** Names looked up deeper, or in what a loop goes over, stand under this variable. */
export const inner = '*'

/** Each of these takes at most one pass over what it is given. */
const offered = new Set(
  (
    'has size string int uint double bool type dyn startsWith endsWith contains indexOf lastIndexOf substring lowerAscii ' +
    'upperAscii trim split join map filter all exists exists_one or orValue hasValue value of none grouped'
  ).split(' '),
)

const loops = new Set(['map', 'filter', 'all', 'exists', 'exists_one'])

/** What they search for, or join with, would multiply with what they search in. */
const searches = new Set(['contains', 'indexOf', 'lastIndexOf', 'split', 'join'])

/** Sums in one expression, each of which copies all before it; an expression with more is refused at the start. */
const mostSums = 40

/** Why this expression is not taken; undefined if it is. */
export function wrongWith(tree: ASTNode, variables: readonly string[]): string | undefined {
  const nodes = everyNode(tree)
  const called = nodes.map(callOf).filter((call) => call !== undefined)
  const unknown = called.find(({ name }) => !offered.has(name))
  if (unknown) return `${unknown.name} is not offered here`
  const open = called.find(({ name, args }) => searches.has(name) && args.some((arg) => !isLiteral(arg)))
  if (open) return `${open.name} takes only text that is written here`
  if (nodes.filter(({ op }) => op === '+').length > mostSums) return `more than ${mostSums} sums`
  const looped = called.filter(({ name }) => loops.has(name))
  if (looped.some(({ node }) => everyNode(node).some((other) => other !== node && isLoop(other))))
    return 'loops do not nest'
  const foreign = looped.flatMap(({ args }) => args.flatMap(lookedAt)).find((name) => variables.includes(name))
  return foreign === undefined ? undefined : `a loop looks only at what it goes over, not at ${foreign}`
}

const isLoop = (node: ASTNode): boolean => loops.has(callOf(node)?.name ?? '')

/** Variables looked at inside a loop, other than to compare them for equality, which is over with the shorter of two. */
function lookedAt(node: ASTNode): string[] {
  if (node.op === 'id') return [String(node.args)]
  if (node.op === '==' || node.op === '!=')
    return childrenOf(node)
      .filter((side) => !isPath(side))
      .flatMap(lookedAt)
  return childrenOf(node).flatMap(lookedAt)
}

const isPath = (node: ASTNode): boolean =>
  node.op === 'id' || (stepOf(node) !== undefined && isPath(stepOf(node)!.from))

/** What `a.b`, `a["b"]`, `a.?b` and `a[?"b"]` look up, and where; the name is undefined where the message says it. */
function stepOf(node: ASTNode): { readonly from: ASTNode; readonly name: string | undefined } | undefined {
  if (node.op === '.' || node.op === '.?') {
    const [from, name] = node.args as [ASTNode, string]
    return { from, name }
  }
  if (node.op === '[]' || node.op === '[?]') {
    const [from, key] = node.args as [ASTNode, ASTNode]
    return { from, name: literalOf(key) }
  }
  if (node.op === 'in') {
    const [key, from] = node.args as [ASTNode, ASTNode]
    return { from, name: literalOf(key) }
  }
  return undefined
}

/** An index into a list is a name that nobody else reads. */
function literalOf(node: ASTNode): string | undefined {
  if (node.op !== 'value') return undefined
  return typeof node.args === 'string' ? node.args : ''
}

const isLiteral = (node: ASTNode): boolean => node.op === 'value'

/** Which names an expression looks up in which of these variables. */
export function namesIn(tree: ASTNode, variables: readonly string[]): NamesRead {
  const names = new Map<string, Set<string> | 'any'>()
  const add = (variable: string, name: string | undefined) => {
    const known = names.get(variable)
    if (known === 'any') return
    if (name === undefined) names.set(variable, 'any')
    else names.set(variable, (known ?? new Set()).add(name))
  }
  const variableIn = (node: ASTNode) =>
    node.op === 'id' && variables.includes(String(node.args)) ? String(node.args) : undefined

  function look(node: ASTNode): void {
    const whole = variableIn(node)
    if (whole !== undefined) return add(whole, undefined)
    const step = stepOf(node)
    if (!step) return childrenOf(node).forEach(look)
    const variable = variableIn(step.from)
    add(variable ?? inner, step.name)
    if (step.name === undefined)
      childrenOf(node)
        .filter((child) => child !== step.from)
        .forEach(look)
    if (variable === undefined) look(step.from)
  }
  look(tree)
  return names
}

interface Call {
  readonly node: ASTNode
  readonly name: string
  readonly args: readonly ASTNode[]
}

function callOf(node: ASTNode): Call | undefined {
  if (node.op === 'call') {
    const [name, args] = node.args as [string, ASTNode[]]
    return { node, name, args }
  }
  if (node.op === 'rcall') {
    const [name, , args] = node.args as [string, ASTNode, ASTNode[]]
    return { node, name, args }
  }
  return undefined
}

const everyNode = (node: ASTNode): ASTNode[] => [node, ...childrenOf(node).flatMap(everyNode)]

function childrenOf({ args }: ASTNode): ASTNode[] {
  return nodesIn(args)
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn)
  return isNode(value) ? [value] : []
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value
