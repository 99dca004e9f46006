import type { LineageView } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { all, beyond, columnsOf, drawn, first, orMore } from './shown.ts'

const graph = {
  nodes: Array.from({ length: 40 }, (_, index) => ({ kind: 'dataset' as const, name: `d${index}`, step: index })),
  edges: [0, 1, 2, 30].map((from) => ({ from, to: from + 1, how: 'writes' as const, times: 1 })),
} satisfies Pick<LineageView, 'nodes' | 'edges'>

describe('what is drawn of a graph', () => {
  it('are the nearest at first, and all of them when asked', () => {
    expect([first(graph).size, all(graph).size]).toEqual([16, 40])
    expect(drawn(graph, first(graph))).toHaveLength(3)
  })

  it('grows by what a node is connected to', () => {
    expect(beyond(graph, new Set([1]), 1)).toEqual([0, 2])
    expect(beyond(graph, all(graph), 1)).toEqual([])
  })

  it('has the columns of a node that somebody named', () => {
    const newest = { fromColumns: ['b', 'a'] } as LineageView['flows'][number]
    const edges = [{ from: 0, to: 1, how: 'writes' as const, times: 1, newest }]
    expect(columnsOf({ ...graph, edges }, 0)).toEqual(['a', 'b'])
    expect(columnsOf({ ...graph, edges }, 1)).toEqual([])
  })

  it('says where Countersign stopped counting', () => {
    expect([orMore(412), orMore(5_000)]).toEqual(['412', '5,000 or more'])
  })
})
