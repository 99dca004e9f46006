import { type Flow, type LineageNode, type LineageSubject, newId } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { agentChanged } from './facts.ts'
import { flowed } from './flowed.ts'
import { sampleAgent, startOfTime, unique } from './samples.ts'
import { everyPage, followed, type OpenStore, stage } from './stage.ts'

const dataset = (name: string): LineageNode => ({ kind: 'dataset', name })

const sampleFlow = (from: LineageNode, to: LineageNode, over: Partial<Flow> = {}): Flow => ({
  action: newId('act'),
  at: startOfTime,
  agent: 'reporter',
  onBehalfOf: undefined,
  from,
  fromColumns: undefined,
  to,
  toColumns: undefined,
  how: 'writes',
  rows: 14,
  approval: undefined,
  approvers: [],
  policies: ['a-policy'],
  ...over,
})

export function lineage(open: OpenStore): void {
  describe('lineage', () => {
    const scene = stage(open)
    const fresh = (count: number): LineageNode[] => Array.from({ length: count }, () => dataset(unique('data')))
    const agents = new Set<string>()
    /** One after the other, a millisecond apart; gives them with the time at which they were done. */
    const happen = async (flows: readonly Flow[]): Promise<Flow[]> => {
      const { store, clock } = scene
      const done: Flow[] = []
      for (const flow of flows) {
        clock.advance(1)
        if (!agents.has(flow.agent)) await store.commit({ facts: [agentChanged(sampleAgent({ id: flow.agent }))] })
        agents.add(flow.agent)
        for (const facts of flowed([flow])) await store.commit({ facts })
        done.push({ ...flow, at: clock.now() })
      }
      await followed(store)
      return done
    }
    const chain = (nodes: readonly LineageNode[]): Flow[] =>
      nodes.slice(1).map((node, place) => sampleFlow(nodes[place] ?? node, node))

    it('keeps each flow whole, and those of an action together', async () => {
      const { graph, node, other } = { graph: scene.store.lineage, node: dataset(unique('a')), other: dataset('b') }
      const [flow] = await happen([
        sampleFlow(node, other, {
          onBehalfOf: 'per-one',
          rows: undefined,
          approval: newId('apr'),
          approvers: ['per-two'],
          policies: ['export-signoff', 'exports'],
          fromColumns: ['id', 'email'],
          toColumns: ['mail'],
        }),
      ])
      const { items, next } = await graph.flows({ about: node })
      expect(items).toEqual([flow])
      expect(next).toBeUndefined()

      const [model, place] = [{ kind: 'model' as const, name: unique('own') }, unique('mail')]
      const action = newId('act')
      const both = [
        sampleFlow(node, { kind: 'destination', name: place }, { action, how: 'sends' }),
        sampleFlow(node, model, { action, how: 'trains' }),
      ]
      for (const facts of flowed(both)) await scene.store.commit({ facts })
      await followed(scene.store)
      const at = scene.clock.now()
      expect((await graph.flows({ about: node })).items).toEqual([...both.map((one) => ({ ...one, at })), flow])
      expect((await graph.flows({ about: model })).items).toHaveLength(1)
      const first = await graph.flows({ about: node, limit: 1 })
      expect(first.items).toEqual([{ ...both[0], at }])
      const rest = await graph.flows({ about: node, after: first.next })
      expect(rest.items).toEqual([{ ...both[1], at }, flow])
    })

    it('gives the flows about a subject, newest first', async () => {
      const { lineage: graph } = scene.store
      const [source, node, target] = fresh(3) as [LineageNode, LineageNode, LineageNode]
      const [agent, ana, ben] = [unique('agent'), unique('per'), unique('per')]
      const approved = () => ({ approval: newId('apr'), policies: ['finance-export'] })
      const [into, out, past] = await happen([
        sampleFlow(source, node, { agent, onBehalfOf: ana, toColumns: ['email', 'id'] }),
        sampleFlow(node, target, { agent, ...approved(), approvers: [ben], fromColumns: ['id'] }),
        sampleFlow(source, target, { onBehalfOf: ben, ...approved(), approvers: [ana] }),
      ])
      const flows = async (about: LineageSubject) => (await graph.flows({ about })).items
      const column = (dataset: LineageNode, name: string) => flows({ kind: 'column', dataset: dataset.name, name })
      expect(await flows(node)).toEqual([out, into])
      expect(await flows({ kind: 'model', name: node.name })).toEqual([])
      expect(await flows({ kind: 'agent', name: agent })).toEqual([out, into])
      expect(await flows({ kind: 'person', name: ana })).toEqual([past, into])
      expect(await flows({ kind: 'person', name: ben })).toEqual([past, out])
      expect(await column(node, 'id')).toEqual([out, into])
      expect(await column(node, 'email')).toEqual([into])
      expect(await column(node, 'phone')).toEqual([])
      // P13: nobody said which columns these took, so it may be any of them.
      expect(await column(source, 'phone')).toEqual([past, into])
    })

    it('pages through 120 flows without a gap or a repeat', async () => {
      const { lineage: graph } = scene.store
      const node = dataset(unique('hub'))
      const flows = await happen(
        fresh(120).map((other, place) => (place % 2 === 0 ? sampleFlow(node, other) : sampleFlow(other, node))),
      )
      const pages = await everyPage((after) => graph.flows({ about: node, limit: 25, after }))
      expect(pages.map((page) => page.length)).toEqual([25, 25, 25, 25, 20])
      expect(pages.flat()).toEqual(flows.toReversed())
      const lost = graph.flows({ about: node, after: 'somewhere' })
      await expect(lost).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
    })

    const stepsOf = async (about: LineageSubject, limits: { depth?: number; most?: number } = {}) => {
      const { nodes, ...found } = await scene.store.lineage.around({ about, ...limits })
      return { ...found, steps: nodes.map(({ node, step }) => [node.name, step]) }
    }

    it('goes up and down a chain, 20 steps unless told otherwise', async () => {
      const nodes = fresh(31) as [LineageNode, ...LineageNode[]]
      await happen(chain(nodes))
      const [first] = nodes
      const middle = nodes[15] ?? first
      const until = (count: number) => nodes.slice(0, count + 1).map(({ name }, step) => [name, step])
      expect(await stepsOf(first)).toMatchObject({ steps: until(20), before: 0, after: 20 })
      expect(await stepsOf(first, { depth: 3 })).toMatchObject({ steps: until(3), after: 3 })
      expect(await stepsOf(first, { depth: 30 })).toMatchObject({ steps: until(30), after: 30 })
      const near = await stepsOf(middle, { depth: 1 })
      expect(near.steps).toEqual([
        [middle.name, 0],
        [nodes[14]?.name, -1],
        [nodes[16]?.name, 1],
      ])
      expect(near.edges.map(({ from }) => from.name).toSorted()).toEqual(
        [middle.name, nodes[14]?.name ?? ''].toSorted(),
      )
      const nobody = dataset(unique('nobody’s'))
      expect(await stepsOf(nobody)).toEqual({ steps: [[nobody.name, 0]], edges: [], before: 0, after: 0, total: 1 })
    })

    it('meets each node once, through diamonds and circles', async () => {
      const [top, left, right, bottom] = fresh(4) as [LineageNode, LineageNode, LineageNode, LineageNode]
      await happen([
        ...chain([top, left, bottom]),
        ...chain([top, right, bottom]),
        sampleFlow(bottom, top),
        sampleFlow(left, left),
      ])
      const found = await stepsOf(top)
      expect(found).toMatchObject({ before: 3, after: 3, total: 4 })
      expect(Object.fromEntries(found.steps)).toEqual({
        [top.name]: 0,
        [bottom.name]: -1,
        [left.name]: 1,
        [right.name]: 1,
      })
      expect(found.edges).toHaveLength(6)
    })

    it('says of each edge its newest flow, and how many there were', async () => {
      const [source, target] = fresh(2) as [LineageNode, LineageNode]
      const flows = await happen([1, 2, 3].map((one) => sampleFlow(source, target, { policies: [`p${one}`] })))
      const edge = { from: source, to: target, how: 'writes', times: 3 }
      expect((await stepsOf(source)).edges).toEqual([{ ...edge, newest: flows[2] }])
      await followed(scene.store)
      expect((await stepsOf(source)).edges).toMatchObject([{ times: 3 }])
    })

    it('still knows of an edge that it was, when what was done last along it is erased (P12)', async () => {
      const [source, target] = fresh(2) as [LineageNode, LineageNode]
      const onBehalfOf = unique('per')
      await happen([sampleFlow(source, target, { onBehalfOf })])
      await scene.store.journal.erase(onBehalfOf)
      const { items } = await scene.store.lineage.flows({ about: source })
      expect(items).toEqual([])
      const found = await scene.store.lineage.around({ about: source })
      expect(JSON.stringify(found)).not.toContain(onBehalfOf)
    })

    it('follows a column along the flows that may have held it', async () => {
      const [customers, mail, report, backup, vendor] = fresh(5) as [
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
      ]
      const [held] = await happen([
        sampleFlow(customers, mail, { fromColumns: ['email'] }),
        sampleFlow(customers, mail, { fromColumns: ['id'] }),
        sampleFlow(customers, report, { fromColumns: ['id'] }),
        sampleFlow(customers, backup, { fromColumns: ['*'] }),
        sampleFlow(mail, vendor),
      ])
      const found = await stepsOf({ kind: 'column', dataset: customers.name, name: 'email' })
      expect(Object.fromEntries(found.steps)).toEqual({
        [customers.name]: 0,
        [mail.name]: 1,
        [backup.name]: 1,
        [vendor.name]: 2,
      })
      expect(found.edges).toHaveLength(3)
      expect(found.edges).toContainEqual({ from: customers, to: mail, how: 'writes', newest: held, times: 1 })
    })

    const columnOf = async (node: LineageNode, name: string, limits: { depth?: number } = {}) => {
      const { steps, edges, ...found } = await stepsOf({ kind: 'column', dataset: node.name, name }, limits)
      return { ...found, steps: Object.fromEntries(steps), edges: edges.length }
    }

    it('follows a column as far as datasets are followed, under whatever names it was written', async () => {
      const [crm, extract, mail, phones, vendor] = fresh(5) as [
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
      ]
      await happen([
        sampleFlow(crm, extract, { fromColumns: ['email', 'id'], toColumns: ['contact', 'id'] }),
        sampleFlow(crm, extract, { fromColumns: ['phone'], toColumns: ['phone'] }),
        sampleFlow(extract, mail, { fromColumns: ['contact'], toColumns: ['address'] }),
        sampleFlow(extract, phones, { fromColumns: ['phone'] }),
        sampleFlow(mail, vendor, { fromColumns: ['address'] }),
        sampleFlow(mail, phones, { fromColumns: ['subject'] }),
        sampleFlow(crm, vendor, { fromColumns: ['id'] }),
      ])
      const down = { [crm.name]: 0, [extract.name]: 1, [mail.name]: 2, [vendor.name]: 3 }
      expect(await columnOf(crm, 'email')).toEqual({ steps: down, edges: 3, before: 0, after: 3, total: 4 })
      expect(await columnOf(crm, 'phone')).toMatchObject({
        steps: { [crm.name]: 0, [extract.name]: 1, [phones.name]: 2 },
        edges: 2,
      })
      // From both sides, and nothing that went past: what flowed from crm to the vendor directly was not in this
      // column.
      expect(await columnOf(mail, 'address')).toMatchObject({
        steps: { [mail.name]: 0, [extract.name]: -1, [vendor.name]: 1, [crm.name]: -2 },
        edges: 3,
      })
      expect(await columnOf(crm, 'email', { depth: 2 })).toMatchObject({ after: 2 })

      const chained = fresh(25)
      const named = { fromColumns: ['a', 'b'], toColumns: ['b', 'c'] }
      await happen(chain(chained).map((flow) => ({ ...flow, ...named })))
      expect(await columnOf(chained[0] ?? crm, 'a')).toMatchObject({ after: 20 })
      expect(await columnOf(chained[0] ?? crm, 'c')).toMatchObject({ after: 0 })
    })

    it('P13: where nobody said which columns were written, a column may be in any, and is followed by name again', async () => {
      const [source, copy, named, other, nothing, beyond] = fresh(6) as [
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
      ]
      await happen([
        sampleFlow(source, copy, { fromColumns: ['email'] }),
        sampleFlow(copy, named, { fromColumns: ['x'], toColumns: ['y'] }),
        sampleFlow(named, other, { fromColumns: ['z'] }),
        sampleFlow(named, nothing, { fromColumns: ['*'], toColumns: [] }),
        sampleFlow(nothing, beyond),
      ])
      expect(await columnOf(source, 'email')).toMatchObject({
        steps: { [source.name]: 0, [copy.name]: 1, [named.name]: 2, [nothing.name]: 3 },
        after: 3,
      })
    })

    it('walks on from a dataset that it meets again with another column, and takes very many columns for all', async () => {
      const [one, two, three, four, wide] = fresh(5) as [
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
        LineageNode,
      ]
      const many = Array.from({ length: 600 }, (_, place) => `c${place}`)
      await happen([
        sampleFlow(one, two, { fromColumns: ['a'], toColumns: ['x'] }),
        sampleFlow(two, one, { fromColumns: ['x'], toColumns: ['b'] }),
        sampleFlow(one, three, { fromColumns: ['b'] }),
        sampleFlow(one, four, { fromColumns: ['c'] }),
        sampleFlow(two, wide, { toColumns: many }),
        sampleFlow(wide, four, { fromColumns: ['elsewhere'] }),
      ])
      expect(await columnOf(one, 'a')).toMatchObject({
        steps: { [one.name]: 0, [two.name]: 1, [three.name]: 3, [wide.name]: 2, [four.name]: 3 },
        after: 4,
      })
    })

    it('of an agent and of a person: what their flows came from, and what they reached', async () => {
      const [orders, extract, mail] = fresh(3) as [LineageNode, LineageNode, LineageNode]
      const by = { agent: unique('agent'), onBehalfOf: unique('per') }
      await happen([
        sampleFlow(orders, extract, by),
        sampleFlow(extract, mail, by),
        sampleFlow(mail, orders, { agent: unique('agent') }),
      ])
      const expected = {
        before: 1,
        after: 2,
        total: 3,
        edges: [{ newest: { to: mail } }, { newest: { from: orders } }],
      }
      for (const about of [
        { kind: 'agent', name: by.agent } as const,
        { kind: 'person', name: by.onBehalfOf } as const,
      ]) {
        const found = await stepsOf(about)
        expect(found).toMatchObject(expected)
        expect(Object.fromEntries(found.steps)).toEqual({ [orders.name]: -1, [extract.name]: 1, [mail.name]: 1 })
      }
    })

    it('counts up to 5,000 nodes, and hands out the nearest', async () => {
      const hub = dataset(unique('hub'))
      await scene.store.commit({ facts: [agentChanged(sampleAgent({ id: hub.name }))] })
      for (let action = 0; action < 51; action += 1) {
        const id = newId('act')
        const flows = fresh(100).map((node) => sampleFlow(hub, node, { action: id, agent: hub.name }))
        for (const facts of flowed(flows)) await scene.store.commit({ facts })
      }
      await followed(scene.store)
      const found = await stepsOf(hub)
      expect(found).toMatchObject({ before: 0, after: 5000 })
      expect([found.steps.length, found.edges.length]).toEqual([150, 149])
      expect((await stepsOf(hub, { most: 10 })).steps).toHaveLength(10)
    })
  })
}
