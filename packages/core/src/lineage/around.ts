/**
 * What lies before and after a subject of lineage: the walk, whichever store keeps the edges.
 *
 * @module
 */
import type { Flow, LineageEdge, LineageNode, LineageSubject, Surroundings } from '../ports.ts'
import { type Columns, isMore, mayHold, together } from './columns.ts'

export type Direction = 'upstream' | 'downstream'

/** Nodes that are counted around one; from here on a count says no more than "that many or more". */
export const mostReached = 5_000
/** Flows of an agent or person that are looked at, the newest; older ones are not in the graph. */
export const newestFlows = 500
/** Steps from where one asks, if nothing else is asked for; few flows go through more. */
const usualDepth = 20
/**
 * Nodes of a graph, if nothing else is asked for: as many as a screen holds. The nearest are shown, the rest
 * counted.
 */
const usualMost = 150
/**
 * Lines of a graph; more are a tangle and are left out. Up to this number it is also counted how often one was used.
 */
const mostEdges = 1_000

/** A node, and which of its columns; `any` for a whole one. */
export interface Reached {
  readonly node: LineageNode
  readonly columns: Columns
}

/** A node in the graph: from which of its columns the subject may have come, and into which it may have gone. */
export interface ReachedNode {
  readonly node: LineageNode
  readonly before: Columns
  readonly after: Columns
}

export interface Walk {
  /**
   * The nodes one step on from any of these, along flows that may have held their columns. The first call has the start
   * alone. Around a whole node all are whole; around a column they are what the flows named.
   */
  neighbours(from: readonly Reached[], direction: Direction): Promise<readonly Reached[]>
  /** The edges between these, each of the flows that `isBetween`. */
  edges(nodes: readonly ReachedNode[]): Promise<readonly LineageEdge[]>
}

/** Whether a flow from one place to another is on a way from or to the subject; stores keep it in their own words. */
export const isBetween = ({ fromColumns, toColumns }: Flow, from: ReachedNode, to: ReachedNode): boolean =>
  mayHold(fromColumns, from.after) || mayHold(toColumns, to.before)

/**
 * Step by step, so that each node is looked at once however many ways lead there, and its distance is the shortest. In
 * one recursive statement nothing knows what was met on another way: measured with 20 steps to 5,000 nodes, it took as
 * long where data flows one way, seven times as long where it flows in circles, and with `cycle`, which walks every
 * way by itself, it did not end.
 */
export async function around(
  start: Reached,
  { depth = usualDepth, most = usualMost }: { readonly depth?: number; readonly most?: number },
  walk: Walk,
): Promise<Surroundings> {
  const [before, after] = await Promise.all([reach('upstream'), reach('downstream')])
  const nodes = nearest(start.node, before.steps, after.steps, most)
  const edges = await walk.edges(nodes.map(({ node }) => reachedAt(node)))
  return {
    nodes,
    edges: edges.slice(0, mostEdges),
    before: before.held.size - 1,
    after: after.held.size - 1,
    total: new Set([...before.held.keys(), ...after.held.keys()]).size,
  }

  async function reach(direction: Direction): Promise<{ steps: LineageNode[][]; held: ReadonlyMap<string, Columns> }> {
    const held = new Map([[nodeKey(start.node), start.columns]])
    const steps: LineageNode[][] = []
    let edge: readonly Reached[] = [start]
    while (steps.length < depth && edge.length > 0 && held.size <= mostReached) {
      const { fresh, gained } = take(await walk.neighbours(edge, direction), held)
      steps.push(fresh.toSorted((one, other) => weight[one.kind] - weight[other.kind]))
      edge = gained
    }
    return { steps, held }
  }

  function reachedAt(node: LineageNode): ReachedNode {
    if (start.columns === 'any') return { node, before: 'any', after: 'any' }
    const key = nodeKey(node)
    return { node, before: before.held.get(key) ?? [], after: after.held.get(key) ?? [] }
  }
}

/** Notes what was reached: nodes for the first time, and nodes from which there is now more to follow. */
function take(
  found: readonly Reached[],
  held: Map<string, Columns>,
): { fresh: readonly LineageNode[]; gained: readonly Reached[] } {
  const fresh: LineageNode[] = []
  const gained = new Map<string, Reached>()
  for (const { node, columns } of found) {
    const key = nodeKey(node)
    const known = held.get(key)
    if (known === undefined) {
      if (held.size > mostReached) continue
      fresh.push(node)
    }
    const now = together(known ?? [], columns)
    held.set(key, now)
    if (isMore(now, known ?? [])) gained.set(key, { node, columns: now })
  }
  return { fresh, gained: [...gained.values()] }
}

/** What people ask about first stands first: who has it now. */
const weight: Readonly<Record<LineageNode['kind'], number>> = { destination: 0, model: 1, agent: 2, dataset: 3 }

/**
 * Step by step outwards, and within a step from both sides in turn. A node on both sides, in a circle, stands before.
 */
function nearest(
  start: LineageNode,
  before: readonly LineageNode[][],
  after: readonly LineageNode[][],
  most: number,
): Surroundings['nodes'] {
  const found = new Map([[nodeKey(start), { node: start, step: 0 }]])
  for (let step = 1; step <= Math.max(before.length, after.length) && found.size < most; step += 1) {
    const [left = [], right = []] = [before[step - 1], after[step - 1]]
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      for (const [node, at] of [[left[index], -step] as const, [right[index], step] as const]) {
        if (node && found.size < most && !found.has(nodeKey(node))) found.set(nodeKey(node), { node, step: at })
      }
    }
  }
  return [...found.values()]
}

/** The same for flows that are given: what they came from lies before, what they reached after. Newest first. */
export function among(flows: readonly Flow[], most = usualMost): Surroundings {
  const reached = new Map(flows.map(({ to }) => [nodeKey(to), to]))
  const sources = new Map(
    flows.filter(({ from }) => !reached.has(nodeKey(from))).map(({ from }) => [nodeKey(from), from]),
  )
  const nodes = new Map<string, Surroundings['nodes'][number]>()
  const edges = new Map<string, Counted>()
  for (const flow of flows) {
    const [from, to] = [nodeKey(flow.from), nodeKey(flow.to)]
    const missing = [from, to].filter((key) => !nodes.has(key))
    if (nodes.size + missing.length > most) continue
    if (!nodes.has(from)) nodes.set(from, { node: flow.from, step: sources.has(from) ? -1 : 1 })
    if (!nodes.has(to)) nodes.set(to, { node: flow.to, step: 1 })
    const key = `${from}\n${to}`
    const edge = edges.get(key)
    if (edge) edge.times = Math.min(edge.times + 1, mostEdges)
    else if (edges.size < mostEdges) edges.set(key, edgeOf(flow))
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    before: sources.size,
    after: reached.size,
    total: sources.size + reached.size,
  }
}

type Counted = LineageEdge & { times: number }

/** Between the same ends as this one, so far the newest and the only one. */
export const edgeOf = (flow: Flow): Counted => ({ from: flow.from, to: flow.to, how: flow.how, newest: flow, times: 1 })

export const nodeKey = ({ kind, name }: LineageNode): string => `${kind}:${name}`

/** Whether a flow is about the subject; the rule that stores keep in their own words. */
export function touches(flow: Flow, about: LineageSubject): boolean {
  switch (about.kind) {
    case 'agent':
      return flow.agent === about.name
    case 'person':
      return flow.onBehalfOf === about.name || flow.approvers.includes(about.name)
    case 'column': {
      const dataset = nodeKey({ kind: 'dataset', name: about.dataset })
      return (
        (nodeKey(flow.from) === dataset && mayHold(flow.fromColumns, [about.name])) ||
        (nodeKey(flow.to) === dataset && mayHold(flow.toColumns, [about.name]))
      )
    }
    case 'dataset':
    case 'model':
    case 'destination':
      return nodeKey(flow.from) === nodeKey(about) || nodeKey(flow.to) === nodeKey(about)
  }
}
