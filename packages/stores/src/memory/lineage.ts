import {
  among,
  around,
  columnsOf,
  edgeOf,
  type Flow,
  isBetween,
  type LineageEdge,
  type LineageGraph,
  mayHold,
  newestFlows,
  nodeKey,
  touches,
  type Walk,
} from '@countersign/core'
import { pageOf } from './paging.ts'

/** Up to here it is counted how often one thing flowed into another. */
const mostTimes = 1_000

/** `told` are all flows there are, each at the entry of its action. */
export function createLineage(told: () => readonly Told[]): LineageGraph {
  return {
    async flows({ about, ...paging }) {
      const wanted = told().filter(({ flow }) => touches(flow, about))
      const { items, next } = pageOf(wanted, ({ entry, left }) => [entry, left], paging)
      return { items: items.map(({ flow }) => structuredClone(flow)), next }
    },

    async around({ about, ...limits }) {
      const all = newestFirst(told())
      if (about.kind === 'agent' || about.kind === 'person') {
        const theirs = all.filter((flow) => touches(flow, about)).slice(0, newestFlows)
        return structuredClone(among(theirs, limits.most))
      }
      const found =
        about.kind === 'column'
          ? await around({ node: { kind: 'dataset', name: about.dataset }, columns: [about.name] }, limits, walk(all))
          : await around({ node: about, columns: 'any' }, limits, walk(all, 'any'))
      return structuredClone(found)
    },
  }
}

export interface Told {
  readonly flow: Flow
  readonly entry: number
  /** Of its action, with those after it. */
  readonly left: number
}

const newestFirst = (all: readonly Told[]): Flow[] =>
  all
    .toSorted((one, other) => other.flow.at - one.flow.at || other.entry - one.entry || other.left - one.left)
    .map(({ flow }) => flow)

/** `whole`: whichever columns a flow names, it leads to all of the next node. */
function walk(flows: readonly Flow[], whole?: 'any'): Walk {
  return {
    async neighbours(from, direction) {
      const here = new Map(from.map(({ node, columns }) => [nodeKey(node), columns]))
      return flows.flatMap((flow) => {
        const ends = [
          { node: flow.from, named: flow.fromColumns },
          { node: flow.to, named: flow.toColumns },
        ] as const
        const [near, far] = direction === 'downstream' ? ends : [ends[1], ends[0]]
        const wanted = here.get(nodeKey(near.node))
        if (wanted === undefined || !mayHold(near.named, wanted)) return []
        return [{ node: far.node, columns: whole ?? columnsOf(far.named) }]
      })
    },
    async edges(reached) {
      const here = new Map(reached.map((each) => [nodeKey(each.node), each]))
      return edgesOf(
        flows.filter((flow) => {
          const [from, to] = [here.get(nodeKey(flow.from)), here.get(nodeKey(flow.to))]
          return from !== undefined && to !== undefined && isBetween(flow, from, to)
        }),
      )
    },
  }
}

function edgesOf(flows: readonly Flow[]): LineageEdge[] {
  const edges = new Map<string, ReturnType<typeof edgeOf>>()
  for (const flow of flows) {
    const key = wordOf(nodeKey(flow.from), nodeKey(flow.to))
    const edge = edges.get(key)
    if (edge) edge.times = Math.min(edge.times + 1, mostTimes)
    else edges.set(key, edgeOf(flow))
  }
  return [...edges.values()]
}

/** No two lists of parts make the same text. */
const wordOf = (...parts: readonly string[]): string => JSON.stringify(parts)
