import type { Flow, LineageGraph, LineageNode } from '@countersign/core'
import { pageOf } from './paging.ts'
import { wordOf } from './state.ts'

interface Numbered {
  readonly flow: Flow
  readonly arrival: number
}

const usualDepth = 20
const mostNodes = 5000

export function createLineage(): LineageGraph {
  const known = new Map<string, Numbered>()
  const touching = new Map<string, Numbered[]>()

  const touch = (word: string, numbered: Numbered): void => {
    const there = touching.get(word)
    if (there) there.push(numbered)
    else touching.set(word, [numbered])
  }

  function* neighbours(word: string, direction: 'upstream' | 'downstream'): Generator<LineageNode> {
    for (const { flow } of touching.get(word) ?? []) {
      if (direction === 'downstream' && nodeWord(flow.from) === word) yield flow.to
      if (direction === 'upstream' && nodeWord(flow.to) === word) yield flow.from
    }
  }

  return {
    async add(flows) {
      for (const flow of flows) {
        const word = wordOf(flow.action, nodeWord(flow.from), nodeWord(flow.to), flow.how)
        if (known.has(word)) continue
        const numbered = { flow: structuredClone(flow), arrival: known.size }
        known.set(word, numbered)
        for (const node of new Set([nodeWord(flow.from), nodeWord(flow.to)])) touch(node, numbered)
      }
    },

    async flows({ node, direction, ...paging }) {
      const word = nodeWord(node)
      const wanted = (touching.get(word) ?? []).filter(({ flow }) => {
        if (direction === 'both') return true
        return nodeWord(direction === 'from' ? flow.from : flow.to) === word
      })
      const { items, next } = pageOf(wanted, ({ flow, arrival }) => [flow.at, arrival], paging)
      return { items: items.map(({ flow }) => structuredClone(flow)), next }
    },

    async reach(node, direction, depth = usualDepth) {
      const reached = new Map([[nodeWord(node), node]])
      let edge = [nodeWord(node)]
      for (let step = 0; step < depth && edge.length > 0; step += 1) {
        const next: string[] = []
        for (const word of edge) {
          for (const neighbour of neighbours(word, direction)) {
            const found = nodeWord(neighbour)
            if (reached.has(found) || reached.size > mostNodes) continue
            reached.set(found, neighbour)
            next.push(found)
          }
        }
        edge = next
      }
      return [...reached.values()].slice(1).map((each) => structuredClone(each))
    },
  }
}

const nodeWord = ({ kind, name }: LineageNode): string => wordOf(kind, name)
