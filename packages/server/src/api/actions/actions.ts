/**
 * The record: what agents did, searched by people.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { search as searchFollower } from '@countersign/followers'
import { createRoute, z } from '@hono/zod-openapi'
import { ActionPage, ActionView } from '@countersign/schema'
import { maySeeAction } from '../front/access.ts'
import { actionSummary, actionView } from './action.ts'
import { actionFilters, asText, queryOf } from './action-query.ts'
import { searchVisible } from './action-search.ts'
import { viewer } from '../front/viewer.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import type { Reads } from '../front/reads.ts'
import { answers, idOf, paging } from '../front/route.ts'

const search = createRoute({
  method: 'get',
  path: '/api/actions',
  summary: 'Actions that you may see, newest first.',
  request: { query: z.strictObject({ ...paging, ...actionFilters }) },
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
    const query = await queryOf(asked, parts.store.people)
    const { size } = await store.ledger.head() // before this look adds an entry of its own
    await reads.record(visitor.person.id, 'actions', asText(asked))
    const look = viewer(parts, visitor)

    const found = await searchVisible(store, visitor.person, { ...query, limit, after })
    const items = await Promise.all(found.items.map((life) => actionSummary(life, look)))
    const behind = size - (await store.journal.cursor(searchFollower.name, 'beginning'))
    return context.json(
      { items, ...(found.next !== undefined && { next: found.next }), ...(behind > 0 && { behind }) },
      200,
    )
  })

  api.openapi(read, async (context) => {
    const { id } = context.req.valid('param')
    const visitor = context.get('visitor')
    const found = await store.actions.get(id)
    const agent = found && (await store.agents.get(found.life.record.action.agent))
    if (!found || !maySeeAction(visitor.person, found.life, agent))
      throw new CountersignError('ERR_ACTION_MISSING', { id })
    await reads.record(visitor.person.id, 'action', id)
    return context.json(await actionView(found, agent, viewer(parts, visitor)), 200)
  })
}
