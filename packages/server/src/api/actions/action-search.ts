import type { ActionQuery, Page, Store } from '@countersign/core'
import type { ActionLife, Person } from '@countersign/schema'
import { answersFor, maySeeAction, readsAll } from '../front/access.ts'
import { filteredPage } from '../front/filtered-page.ts'

/** A page of what this person may see of what is found; it may be short and still have a next. */
export async function searchVisible(
  store: Pick<Store, 'actions' | 'agents'>,
  person: Person,
  query: ActionQuery,
): Promise<Page<ActionLife>> {
  if (readsAll(person)) return store.actions.search(query)
  const agents = new Map((await store.agents.list()).map((agent) => [agent.id, agent]))
  const own = [...agents.values()].filter((agent) => answersFor(person, agent)).map(({ id }) => id)
  const { limit = 50, after, ...asked } = { ...query, concerns: { person: person.id, agents: own } }
  // The store knows of a question, not whom it is put to: those are looked through here.
  return filteredPage({ limit, after }, async (paged) => {
    const { items, next } = await store.actions.search({ ...asked, ...paged })
    return { items: items.filter((life) => maySeeAction(person, life, agents.get(life.record.action.agent))), next }
  })
}
