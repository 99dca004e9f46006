/**
 * What lies before and after a subject of lineage: the walk, whichever store keeps the edges.
 *
 * @module
 */
import type { Flow, LineageEdge, LineageNode, LineageSubject, Surroundings } from '../ports.ts'

export type Direction = 'upstream' | 'downstream'

/** From here on a count says no more than "that many or more". */
export const mostReached = 5_000
/** Flows of an agent or person that are looked at. */
export const newestFlows = 5_000
const usualDepth = 20
const usualMost = 150
const mostEdges = 1_000

export interface Walk {
  /** The nodes one step on from any of these. The first call has the start alone. */
  neighbours(nodes: readonly LineageNode[], direction: Direction): Promise<readonly LineageNode[]>
  /** The edges between these nodes. */
  edges(nodes: readonly LineageNode[]): Promise<readonly LineageEdge[]>
}

/** Step by step, so that each node is looked at once, however many ways lead there, and its distance is the shortest. */
export async function around(
  start: LineageNode,
  { depth = usualDepth, most = usualMost }: { readonly depth?: number; readonly most?: number },
  walk: Walk,
): Promise<Surroundings> {
  const [before, after] = await Promise.all([reach('upstream'), reach('downstream')])
  const nodes = nearest(start, before, after, most)
  const edges = await walk.edges(nodes.map(({ node }) => node))
  const all = new Set([start, ...before.flat(), ...after.flat()].map(nodeKey))
  return {
    nodes,
    edges: edges.slice(0, mostEdges),
    before: before.flat().length,
    after: after.flat().length,
    total: all.size,
  }

  async function reach(direction: Direction): Promise<LineageNode[][]> {
    const seen = new Set([nodeKey(start)])
    const steps: LineageNode[][] = []
    let edge: readonly LineageNode[] = [start]
    while (steps.length < depth && edge.length > 0 && seen.size <= mostReached) {
      const fresh = (await walk.neighbours(edge, direction)).filter((node) => !seen.has(nodeKey(node)))
      const room = mostReached + 1 - seen.size
      const next = [...new Map(fresh.map((node) => [nodeKey(node), node])).values()].slice(0, room)
      for (const node of next) seen.add(nodeKey(node))
      if (next.length > 0) steps.push(next.toSorted((one, other) => weight[one.kind] - weight[other.kind]))
      edge = next
    }
    return steps
  }
}

/** What people ask about first stands first: who has it now. */
const weight: Readonly<Record<LineageNode['kind'], number>> = { destination: 0, model: 1, agent: 2, dataset: 3 }

/** Step by step outwards, and within a step from both sides in turn. A node on both sides, in a circle, stands before. */
function nearest(
  start: LineageNode,
  before: readonly LineageNode[][],
  after: readonly LineageNode[][],
  most: number,
): Surroundings['nodes'] {
  const found = new Map([[nodeKey(start), { node: start, step: 0 }]])
  for (let step = 1; step <= Math.max(before.length, after.length) && found.size < most; step += 1) {
    const [left = [], right = []] = [before[step - 1], after[step - 1]]
    for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
      for (const [node, at] of [[left[place], -step] as const, [right[place], step] as const]) {
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
  const edges = new Map<string, { newest: Flow; times: number }>()
  for (const flow of flows) {
    const [from, to] = [nodeKey(flow.from), nodeKey(flow.to)]
    const missing = [from, to].filter((key) => !nodes.has(key))
    if (nodes.size + missing.length > most) continue
    if (!nodes.has(from)) nodes.set(from, { node: flow.from, step: sources.has(from) ? -1 : 1 })
    if (!nodes.has(to)) nodes.set(to, { node: flow.to, step: 1 })
    const key = `${from}\n${to}`
    const edge = edges.get(key)
    if (edge) edge.times = Math.min(edge.times + 1, mostEdges)
    else if (edges.size < mostEdges) edges.set(key, { newest: flow, times: 1 })
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    before: sources.size,
    after: reached.size,
    total: sources.size + reached.size,
  }
}

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
        (nodeKey(flow.from) === dataset && mayHold(flow.fromColumns, about.name)) ||
        (nodeKey(flow.to) === dataset && mayHold(flow.toColumns, about.name))
      )
    }
    case 'dataset':
    case 'model':
    case 'destination':
      return nodeKey(flow.from) === nodeKey(about) || nodeKey(flow.to) === nodeKey(about)
  }
}

/** Where nobody said which columns, it may be every one of them (P13). */
const mayHold = (columns: readonly string[] | undefined, column: string): boolean =>
  columns === undefined || columns.includes(column) || columns.includes('*')
