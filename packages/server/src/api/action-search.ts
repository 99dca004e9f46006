import type { ActionQuery, Page, Store } from '@countersign/core'
import type { ActionLife, Person } from '@countersign/schema'
import { maySeeAction } from './access.ts'
import { sift } from './sift.ts'

/** A page of what this person may see of what is found; it may be short and still have a next. */
export function searchVisible(
  store: Pick<Store, 'actions' | 'agents'>,
  person: Person,
  { limit = 50, after, ...query }: ActionQuery,
): Promise<Page<ActionLife>> {
  return sift({ limit, after }, async (paged) => {
    const { items, next } = await store.actions.search({ ...query, ...paged })
    const seen = await Promise.all(
      items.map(async (life) => maySeeAction(person, life, await store.agents.get(life.record.action.agent))),
    )
    return { items: items.filter((_, index) => seen[index]), next }
  })
}
