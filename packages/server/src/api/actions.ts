/**
 * The record: what agents did, searched by people.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { type ActionLife, ActionPage, ActionView, Verb } from '@countersign/schema'
import { maySeeAction } from './access.ts'
import { actionSummary, actionView } from './action.ts'
import { looking } from './looking.ts'
import type { Api, ApiParts } from './parts.ts'
import type { Reads } from './reads.ts'
import { answers, idOf, paging, text } from './route.ts'
import { sift } from './sift.ts'

const at = z.iso.datetime({ offset: true }).transform((moment) => Date.parse(moment))

const search = createRoute({
  method: 'get',
  path: '/api/actions',
  summary: 'Actions that you may see, newest first.',
  request: {
    query: z.strictObject({
      ...paging,
      agent: text.optional(),
      person: text.optional().openapi({ description: 'Acted for, or started the session.' }),
      dataset: text.optional(),
      model: text.optional(),
      verb: Verb.optional(),
      environment: text.optional(),
      decision: z.enum(['allow', 'ask', 'deny']).optional(),
      outcome: z.enum(['done', 'failed', 'unknown']).optional(),
      purpose: text.optional().openapi({ description: 'Part of what the agent claimed as its purpose, in any case.' }),
      from: at.optional().openapi({ type: 'string', format: 'date-time', description: 'Decided at or after.' }),
      to: at.optional().openapi({ type: 'string', format: 'date-time', description: 'Decided before.' }),
    }),
  },
  responses: answers(ActionPage, 'A page may hold fewer than `limit` and still have a `next`.'),
})

const read = createRoute({
  method: 'get',
  path: '/api/actions/{id}',
  summary: 'One action with its whole life.',
  request: { params: z.object({ id: idOf('act') }) },
  responses: answers(ActionView, 'The action.'),
})

export function actions(api: Api, parts: ApiParts, reads: Reads): void {
  const { store } = parts

  api.openapi(search, async (context) => {
    const visitor = context.get('visitor')
    const { limit, after, ...asked } = context.req.valid('query')
    await reads.record(visitor.person.id, 'actions', asText(asked))
    const { purpose, ...query } = asked
    const look = looking(parts, visitor)

    const found = await sift({ limit, after }, async (paged) => {
      const { items, next } = await store.actions.search({ ...query, ...paged })
      const seen = await Promise.all(
        items.map(async (life) => maySeeAction(visitor.person, life, await store.agents.get(life.record.action.agent))),
      )
      return { items: items.filter((life, index) => seen[index] && claims(life, purpose)), next }
    })
    const items = await Promise.all(found.items.map((life) => actionSummary(life, look)))
    return context.json({ items, ...(found.next !== undefined && { next: found.next }) }, 200)
  })

  api.openapi(read, async (context) => {
    const { id } = context.req.valid('param')
    const visitor = context.get('visitor')
    const found = await store.actions.get(id)
    const agent = found && (await store.agents.get(found.life.record.action.agent))
    if (!found || !maySeeAction(visitor.person, found.life, agent))
      throw new CountersignError('ERR_ACTION_MISSING', { id })
    await reads.record(visitor.person.id, 'action', id)
    return context.json(await actionView(found.life, found.timeline, agent, looking(parts, visitor)), 200)
  })
}

/** Purposes lie encrypted beside the record, so they are looked through, not looked up. */
const claims = ({ record }: ActionLife, part: string | undefined): boolean =>
  part === undefined || (record.purpose?.text?.toLowerCase().includes(part.toLowerCase()) ?? false)

const asText = (query: Readonly<Record<string, string | number | undefined>>): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, `${value}`]],
    ),
  ).toString()
