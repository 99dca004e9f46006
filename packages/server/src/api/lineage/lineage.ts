/**
 * Where data went, under which approvals.
 *
 * @module
 */
import { among, type Flow, type LineageSubject, nodeKey, type Surroundings } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { type FlowView, type LineageEdgeView, LineageView, type Person } from '@countersign/schema'
import { answersFor, readsAll } from '../front/access.ts'
import { subjectOf, subjectQuery, wordOf } from './lineage-subject.ts'
import { createNames, type Names } from '../front/names.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import type { Reads } from '../front/reads.ts'
import { answers, moment, paging } from '../front/route.ts'
import { filteredPage } from '../front/filtered-page.ts'
import { mustBelong } from '../front/who.ts'

const read = createRoute({
  method: 'get',
  path: '/api/lineage',
  summary:
    'What flowed through a dataset, column, model or destination, or what an agent or person touched; what lies before and after.',
  request: {
    query: z.strictObject({
      ...paging,
      ...subjectQuery,
      depth: z.coerce.number().int().min(1).max(20).default(20),
    }),
  },
  responses: answers(LineageView, 'Exactly one of dataset, column, model, destination, agent and person is asked for.'),
})

export function lineage(api: Api, parts: ApiParts, reads: Reads): void {
  const { store } = parts

  api.openapi(read, async (context) => {
    await mustBelong(parts, context)
    const { person } = context.get('visitor')
    const { limit, after, depth, ...asked } = context.req.valid('query')
    const about = subjectOf(asked)
    await reads.record(person.id, 'lineage', `${about.kind}=${wordOf(about)}`)

    const names = createNames(store)
    const maySee = createSight(person)
    const flows = await filteredPage({ limit, after }, async (paged) => {
      const { items, next } = await store.lineage.flows({ about, ...paged })
      const seen = await Promise.all(items.map(maySee))
      return { items: items.filter((_, index) => seen[index]), next }
    })
    const found = (await isTheirs(person, about)) ? await store.lineage.around({ about, depth }) : among(flows.items)
    return context.json(
      {
        node: await title(about, names),
        flows: await Promise.all(flows.items.map((flow) => flowView(flow, names))),
        ...(flows.next !== undefined && { next: flows.next }),
        ...(await graphOf(found, maySee, names)),
      },
      200,
    )
  })

  /** What an agent or a person touched is theirs and the readers'; others see it as far as they see the runs. */
  async function isTheirs(person: Person, about: LineageSubject): Promise<boolean> {
    if (about.kind !== 'agent' && about.kind !== 'person') return true
    if (readsAll(person) || about.name === person.id) return true
    return about.kind === 'agent' && answersFor(person, await store.agents.get(about.name))
  }

  /** Looks up each agent once. */
  function createSight(person: Person): (flow: Flow) => Promise<boolean> {
    const answersForIt = new Map<string, Promise<boolean>>()
    return async ({ agent, onBehalfOf, approvers }) => {
      if (readsAll(person) || onBehalfOf === person.id || approvers.includes(person.id)) return true
      const known = answersForIt.get(agent) ?? store.agents.get(agent).then((found) => answersFor(person, found))
      answersForIt.set(agent, known)
      return known
    }
  }
}

async function title(about: LineageSubject, names: Names): Promise<LineageView['node']> {
  const { kind } = about
  const name = wordOf(about)
  switch (kind) {
    case 'agent':
      return { kind, name, title: (await names.agent(name)).name }
    case 'person':
      return { kind, name, title: (await names.person(name)).name }
    case 'dataset':
    case 'column':
    case 'model':
    case 'destination':
      return { kind, name, title: name }
  }
}

async function graphOf(
  { nodes, edges, before, after, total }: Surroundings,
  maySee: (flow: Flow) => Promise<boolean>,
  names: Names,
): Promise<Pick<LineageView, 'nodes' | 'edges' | 'before' | 'after' | 'total'>> {
  const positions = new Map(nodes.map(({ node }, position) => [nodeKey(node), position]))
  const views = edges.map(async ({ from, to, how, times, newest }): Promise<LineageEdgeView> => ({
    from: positions.get(nodeKey(from)) ?? 0,
    to: positions.get(nodeKey(to)) ?? 0,
    how,
    times,
    ...(newest !== undefined && (await maySee(newest)) && { newest: await flowView(newest, names) }),
  }))
  return {
    nodes: nodes.map(({ node: { kind, name }, step }) => ({ kind, name, step })),
    edges: await Promise.all(views),
    before,
    after,
    total,
  }
}

async function flowView(flow: Flow, names: Names): Promise<FlowView> {
  const { action, at, agent, onBehalfOf, from, fromColumns, to, toColumns, how, rows, approval, approvers } = flow
  return {
    action,
    at: moment(at),
    agent: await names.agent(agent),
    ...(onBehalfOf !== undefined && { onBehalfOf: await names.person(onBehalfOf) }),
    from: { kind: from.kind, name: from.name },
    ...(fromColumns && { fromColumns: [...fromColumns] }),
    to: { kind: to.kind, name: to.name },
    ...(toColumns && { toColumns: [...toColumns] }),
    how,
    ...(rows !== undefined && { rows }),
    ...(approval !== undefined && { approval }),
    approvers: await names.people(approvers),
    policies: [...flow.policies],
  }
}
