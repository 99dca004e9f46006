import {
  among,
  around,
  type Flow,
  type LineageEdge,
  type LineageGraph,
  newestFlows,
  nodeKey,
  touches,
} from '@countersign/core'
import { pageOf } from './paging.ts'
import { wordOf } from './state.ts'

interface Numbered {
  readonly flow: Flow
  readonly arrival: number
}

const mostTimes = 1_000

export function createLineage(): LineageGraph {
  const known = new Map<string, Numbered>()

  return {
    async add(flows) {
      for (const flow of flows) {
        const word = wordOf(flow.action, nodeKey(flow.from), nodeKey(flow.to), flow.how)
        if (!known.has(word)) known.set(word, { flow: structuredClone(flow), arrival: known.size })
      }
    },

    async flows({ about, ...paging }) {
      const wanted = [...known.values()].filter(({ flow }) => touches(flow, about))
      const { items, next } = pageOf(wanted, ({ flow, arrival }) => [flow.at, arrival], paging)
      return { items: items.map(({ flow }) => structuredClone(flow)), next }
    },

    async around({ about, ...limits }) {
      const all = newestFirst(known)
      if (about.kind === 'agent' || about.kind === 'person') {
        const theirs = all.filter((flow) => touches(flow, about)).slice(0, newestFlows)
        return structuredClone(among(theirs, limits.most))
      }
      const start = about.kind === 'column' ? { kind: 'dataset' as const, name: about.dataset } : about
      // What touches the start without touching its column is no way on from there.
      const ways = all.filter((flow) => !isAt(flow, nodeKey(start)) || touches(flow, about))
      const found = await around(start, limits, {
        async neighbours(nodes, direction) {
          const here = new Set(nodes.map(nodeKey))
          return direction === 'downstream'
            ? ways.filter(({ from }) => here.has(nodeKey(from))).map(({ to }) => to)
            : ways.filter(({ to }) => here.has(nodeKey(to))).map(({ from }) => from)
        },
        async edges(nodes) {
          const here = new Set(nodes.map(nodeKey))
          return edgesOf(ways.filter(({ from, to }) => here.has(nodeKey(from)) && here.has(nodeKey(to))))
        },
      })
      return structuredClone(found)
    },
  }
}

const newestFirst = (known: ReadonlyMap<string, Numbered>): Flow[] =>
  [...known.values()]
    .toSorted((one, other) => other.flow.at - one.flow.at || other.arrival - one.arrival)
    .map(({ flow }) => flow)

const isAt = ({ from, to }: Flow, key: string): boolean => nodeKey(from) === key || nodeKey(to) === key

function edgesOf(flows: readonly Flow[]): LineageEdge[] {
  const edges = new Map<string, { newest: Flow; times: number }>()
  for (const flow of flows) {
    const key = wordOf(nodeKey(flow.from), nodeKey(flow.to))
    const edge = edges.get(key)
    if (edge) edge.times = Math.min(edge.times + 1, mostTimes)
    else edges.set(key, { newest: flow, times: 1 })
  }
  return [...edges.values()]
}
