import type { Store } from '@countersign/core'
import type { Actor, Named } from '@countersign/schema'

/** Ids into names that people know, each looked up once per request. */
export interface Names {
  person(id: string): Promise<Named>
  people(ids: readonly string[]): Promise<Named[]>
  agent(id: string): Promise<Named>
  actor(who: Actor): Promise<Named>
}

export function createNames(store: Pick<Store, 'people' | 'agents'>): Names {
  const known = new Map<string, Promise<Named>>()

  const once = (key: string, look: () => Promise<Named>) => {
    const found = known.get(key) ?? look()
    known.set(key, found)
    return found
  }
  const person = (id: string) =>
    once(`person ${id}`, async () =>
      id === 'system' ? { id, name: 'Countersign' } : { id, name: (await store.people.get(id))?.name ?? id },
    )

  const agent = (id: string) =>
    once(`agent ${id}`, async () => ({ id, name: (await store.agents.get(id))?.name ?? id }))

  return {
    person,
    people: (ids) => Promise.all(ids.map(person)),
    agent,
    async actor({ kind, id }) {
      switch (kind) {
        case 'person':
        case 'system':
          return person(id)
        case 'agent':
          return agent(id)
        case 'operator':
          return { id, name: 'The command line' }
        case 'provisioner':
          return { id, name: id }
      }
    },
  }
}
