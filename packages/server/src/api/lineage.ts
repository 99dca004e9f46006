/**
 * Where data went, under which approvals.
 *
 * @module
 */
import { CountersignError, type Flow, type LineageNode } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { type FlowView, LineageView, type Person } from '@countersign/schema'
import { answersFor, readsAll } from './access.ts'
import { createNames, type Names } from './names.ts'
import type { Api, ApiParts } from './parts.ts'
import { telling } from './problems.ts'
import type { Reads } from './reads.ts'
import { answers, moment, paging, text } from './route.ts'
import { sift } from './sift.ts'
import { mustBelong } from './who.ts'

const kinds = ['dataset', 'model', 'destination', 'agent'] as const

const read = createRoute({
  method: 'get',
  path: '/api/lineage',
  summary: 'What flowed through a dataset, model, destination or agent, what lies before it, and what depends on it.',
  request: {
    query: z.strictObject({
      ...paging,
      dataset: text.optional(),
      model: text.optional(),
      destination: text.optional(),
      agent: text.optional(),
      depth: z.coerce.number().int().min(1).max(20).default(20),
    }),
  },
  responses: answers(LineageView, 'Exactly one of dataset, model, destination and agent is asked for.'),
})

export function lineage(api: Api, parts: ApiParts, reads: Reads): void {
  const { store } = parts

  api.openapi(read, async (context) => {
    await mustBelong(parts, context)
    const { person } = context.get('visitor')
    const { limit, after, depth, ...asked } = context.req.valid('query')
    const node = nodeOf(asked)
    await reads.record(person.id, 'lineage', `${node.kind}=${node.name}`)

    const names = createNames(store)
    const [flows, upstream, downstream] = await Promise.all([
      sift({ limit, after }, async (paged) => {
        const { items, next } = await store.lineage.flows({ node, direction: 'both', ...paged })
        const seen = await Promise.all(items.map((flow) => maySeeFlow(person, flow)))
        return { items: items.filter((_, index) => seen[index]), next }
      }),
      store.lineage.reach(node, 'upstream', depth),
      store.lineage.reach(node, 'downstream', depth),
    ])
    return context.json(
      {
        node,
        flows: await Promise.all(flows.items.map((flow) => flowView(flow, names))),
        ...(flows.next !== undefined && { next: flows.next }),
        upstream: upstream.map(plain),
        downstream: downstream.map(plain),
      },
      200,
    )
  })

  async function maySeeFlow(person: Person, flow: Flow): Promise<boolean> {
    if (readsAll(person) || flow.onBehalfOf === person.id || flow.approvers.includes(person.id)) return true
    return answersFor(person, await store.agents.get(flow.agent))
  }
}

function nodeOf(asked: Partial<Record<LineageNode['kind'], string | undefined>>): LineageNode {
  const nodes = kinds.flatMap((kind) => (asked[kind] === undefined ? [] : [{ kind, name: asked[kind] }]))
  const [node] = nodes
  if (!node || nodes.length > 1) {
    throw telling(new CountersignError('ERR_INPUT_INVALID'), `Ask for exactly one of ${kinds.join(', ')}.`)
  }
  return node
}

const plain = ({ kind, name }: LineageNode) => ({ kind, name })

async function flowView(flow: Flow, names: Names): Promise<FlowView> {
  const { action, at, agent, onBehalfOf, from, to, how, rows, approval, approvers } = flow
  return {
    action,
    at: moment(at),
    agent: await names.agent(agent),
    ...(onBehalfOf !== undefined && { onBehalfOf: await names.person(onBehalfOf) }),
    from: plain(from),
    to: plain(to),
    how,
    ...(rows !== undefined && { rows }),
    ...(approval !== undefined && { approval }),
    approvers: await names.people(approvers),
  }
}
