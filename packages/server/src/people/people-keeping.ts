/**
 * Ending people's sessions, and switching people off and on again. It is written down, so it counts at every instance from
 * the next request on.
 *
 * @module
 */
import { CountersignError, isError, type Store } from '@countersign/core'
import type { Person } from '@countersign/schema'

export interface PeopleKeeping {
  /** Everyone who is signed in as them has to sign in again. @throws ERR_PERSON_MISSING */
  endSessions(id: string, by: string): Promise<Person>
  /** Who is switched off cannot come in, and is signed out. @throws ERR_PERSON_MISSING */
  switch(id: string, active: boolean, by: string): Promise<Person>
}

/**
 * How often a change of a person is made anew when somebody else changed them meanwhile; then it is refused as a
 * conflict.
 */
const mostTries = 5

export function createPeopleKeeping(store: Pick<Store, 'clock' | 'commit' | 'people'>): PeopleKeeping {
  return {
    endSessions: (id, by) => change(id, by, 'sessions-ended', (person) => ended(person)),
    switch: (id, active, by) =>
      change(id, by, active ? 'switched-on' : 'switched-off', (person) =>
        person.active === active ? undefined : { ...ended(person), active },
      ),
  }

  function ended(person: Person): Person {
    return { ...person, sessionsEndedAt: Math.max(store.clock.now(), person.sessionsEndedAt ?? 0) }
  }

  /** Someone who signs in at the same moment changes the person too: what is decided here is decided anew. */
  async function change(
    id: string,
    by: string,
    as: 'sessions-ended' | 'switched-on' | 'switched-off',
    how: (person: Person) => Person | undefined,
  ): Promise<Person> {
    for (let left = mostTries; ; left -= 1) {
      const before = await store.people.get(id)
      if (!before) throw new CountersignError('ERR_PERSON_MISSING', { id })
      const after = how(before)
      if (!after) return before
      const person = { ...after, version: before.version + 1 }
      try {
        await store.commit({ facts: [{ kind: 'person.changed', change: as, by, person }] })
        return person
      } catch (error) {
        if (left === 0 || !isError(error, 'ERR_STORE_CONFLICT')) throw error
      }
    }
  }
}
