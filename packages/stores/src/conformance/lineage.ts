import { type Flow, type LineageNode, newId } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { startOfTime, unique } from './samples.ts'
import { everyPage, type OpenStore, stage } from './stage.ts'

const dataset = (name: string): LineageNode => ({ kind: 'dataset', name })

const sampleFlow = (from: LineageNode, to: LineageNode, over: Partial<Flow> = {}): Flow => ({
  action: newId('act'),
  at: startOfTime,
  agent: 'reporter',
  onBehalfOf: undefined,
  from,
  to,
  how: 'writes',
  rows: 14,
  approval: undefined,
  approvers: [],
  ...over,
})

const namesOf = (nodes: readonly LineageNode[], but: LineageNode): string[] =>
  nodes.flatMap(({ name }) => (name === but.name ? [] : [name])).toSorted()

export function lineage(open: OpenStore): void {
  describe('lineage', () => {
    const scene = stage(open)
    const fresh = (count: number): LineageNode[] => Array.from({ length: count }, () => dataset(unique('data')))
    const chain = (nodes: readonly LineageNode[]): Flow[] =>
      nodes.slice(1).map((node, place) => sampleFlow(nodes[place] ?? node, node))

    it('keeps each flow whole, and adding it again changes nothing', async () => {
      const { graph, node, other } = { graph: scene.store.lineage, node: dataset(unique('a')), other: dataset('b') }
      const flow = sampleFlow(node, other, {
        onBehalfOf: 'per-one',
        rows: undefined,
        approval: newId('apr'),
        approvers: ['per-two', 'per-three'],
        how: 'sends',
      })
      const second = sampleFlow(node, { kind: 'model', name: 'house-model' }, { action: flow.action, how: 'trains' })
      await graph.add([flow])
      await graph.add([flow, second])
      await graph.add([second, flow])
      const { items, next } = await graph.flows({ node, direction: 'both' })
      expect(items).toHaveLength(2)
      expect(items).toEqual(expect.arrayContaining([flow, second]))
      expect(next).toBeUndefined()
    })

    it('gives the flows that touch a node by direction, newest first', async () => {
      const { lineage: graph } = scene.store
      const [source, node, target] = fresh(3) as [LineageNode, LineageNode, LineageNode]
      const into = sampleFlow(source, node, { at: startOfTime + 1 })
      const out = sampleFlow(node, target, { at: startOfTime + 2 })
      await graph.add([out, into, sampleFlow(source, target, { at: startOfTime + 3 })])
      const flows = async (direction: 'from' | 'to' | 'both') => (await graph.flows({ node, direction })).items
      expect(await flows('from')).toEqual([out])
      expect(await flows('to')).toEqual([into])
      expect(await flows('both')).toEqual([out, into])
      expect((await graph.flows({ node: { kind: 'model', name: node.name }, direction: 'both' })).items).toEqual([])
    })

    it('pages through 250 flows without a gap or a repeat, also where many have the same time', async () => {
      const { lineage: graph } = scene.store
      const node = dataset(unique('hub'))
      const flows = fresh(250).map((other, place) =>
        place % 2 === 0
          ? sampleFlow(node, other, { at: startOfTime + Math.floor(place / 20) })
          : sampleFlow(other, node, { at: startOfTime + Math.floor(place / 20) }),
      )
      await graph.add(flows)
      const pages = await everyPage((after) => graph.flows({ node, direction: 'both', limit: 40, after }))
      expect(pages.map((page) => page.length)).toEqual([40, 40, 40, 40, 40, 40, 10])
      const actions = pages.flat().map((flow) => flow.action)
      expect(actions.toSorted()).toEqual(flows.map((flow) => flow.action).toSorted())
      const times = pages.flat().map(({ at }) => at)
      expect(times).toEqual(times.toSorted((one, other) => other - one))
      const lost = graph.flows({ node, direction: 'both', after: 'somewhere' })
      await expect(lost).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
    })

    it('reaches up and down a chain, 20 steps unless told otherwise', async () => {
      const { lineage: graph } = scene.store
      const nodes = fresh(31) as [LineageNode, ...LineageNode[]]
      await graph.add(chain(nodes))
      const [first] = nodes
      const last = nodes.at(-1) ?? first
      const reach = async (node: LineageNode, direction: 'upstream' | 'downstream', depth?: number) =>
        namesOf(await graph.reach(node, direction, depth), node)
      const names = (from: number, to: number) =>
        nodes
          .slice(from, to)
          .map(({ name }) => name)
          .toSorted()
      expect(await reach(first, 'downstream')).toEqual(names(1, 21))
      expect(await reach(first, 'downstream', 3)).toEqual(names(1, 4))
      expect(await reach(first, 'downstream', 30)).toEqual(names(1, 31))
      expect(await reach(last, 'upstream', 2)).toEqual(names(28, 30))
      expect(await reach(first, 'upstream')).toEqual([])
      expect(await reach(dataset('nobody’s'), 'downstream')).toEqual([])
    })

    it('reaches each node once, through diamonds and cycles', async () => {
      const { lineage: graph } = scene.store
      const [top, left, right, bottom] = fresh(4) as [LineageNode, LineageNode, LineageNode, LineageNode]
      await graph.add([
        ...chain([top, left, bottom]),
        ...chain([top, right, bottom]),
        sampleFlow(bottom, top),
        sampleFlow(left, left),
      ])
      const expected = [left, right, bottom].map(({ name }) => name).toSorted()
      expect(namesOf(await graph.reach(top, 'downstream'), top)).toEqual(expected)
      expect(namesOf(await graph.reach(top, 'upstream', 100), top)).toEqual(expected)
    })

    it('reaches at most 5,000 nodes', async () => {
      const { lineage: graph } = scene.store
      const node = dataset(unique('hub'))
      await graph.add(Array.from({ length: 5100 }, (_, place) => sampleFlow(node, dataset(`${node.name}-${place}`))))
      expect((await graph.reach(node, 'downstream')).length).toBe(5000)
    })
  })
}
