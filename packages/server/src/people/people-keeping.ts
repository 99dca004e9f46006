/**
 * Ending people's sessions, switching people off and on again, and linking the accounts by which they answer in channels. It is
 * written down, so it counts at every instance from the next request on.
 *
 * @module
 */
import { CountersignError, isError, type Store } from '@countersign/core'
import { type Account, type Actor, byPerson, type FactOf, type Person } from '@countersign/schema'
import { telling } from '../http/problems.ts'

export interface PeopleKeeping {
  /** Everyone who is signed in as them has to sign in again. @throws ERR_PERSON_MISSING */
  endSessions(id: string, by: Actor): Promise<Person>
  /** Who is switched off cannot come in, and is signed out. @throws ERR_PERSON_MISSING */
  switch(id: string, active: boolean, by: Actor): Promise<Person>
  /** Whoever holds the account answers as them, once they have confirmed it. @throws ERR_PERSON_MISSING, ERR_ACCOUNT_TAKEN, ERR_INPUT_INVALID for too many */
  link(id: string, account: Account, by: Actor): Promise<Person>
  /** By the person themselves, once: a link by someone else makes nobody answer. @throws ERR_NOT_FOUND for one not linked to them */
  confirm(id: string, account: Account): Promise<Person>
  /** @throws ERR_PERSON_MISSING */
  unlink(id: string, account: Account, by: Actor): Promise<Person>
}

/**
 * How often a change of a person is made anew when somebody else changed them meanwhile; then it is refused as a
 * conflict.
 */
const mostTries = 5
/** Accounts that one person may be linked to; one more is refused. */
const mostAccounts = 20

const isSame = (one: Account, other: Account) => one.provider === other.provider && one.id === other.id

export function createPeopleKeeping(store: Pick<Store, 'clock' | 'commit' | 'people'>): PeopleKeeping {
  return {
    endSessions: (id, by) => change(id, by, 'sessions-ended', (person) => ended(person)),
    switch: (id, active, by) =>
      change(id, by, active ? 'switched-on' : 'switched-off', (person) =>
        person.active === active ? undefined : { ...ended(person), active },
      ),

    async link(id, account, by) {
      const holder = await store.people.byLinked(account.provider, account.id)
      if (holder && holder.id !== id) throw new CountersignError('ERR_ACCOUNT_TAKEN')
      return change(id, by, 'linked', ({ accounts = [], ...person }) => {
        if (accounts.some((each) => isSame(each, account))) return undefined
        if (accounts.length === mostAccounts)
          throw telling(new CountersignError('ERR_INPUT_INVALID'), `A person has at most ${mostAccounts} accounts.`)
        const { provider, id: name } = account
        return {
          ...person,
          accounts: [...accounts, { provider, id: name, linkedBy: by.id, linkedAt: store.clock.now() }],
        }
      })
    },

    confirm: (id, account) =>
      change(id, byPerson(id), 'confirmed', ({ accounts = [], ...person }) => {
        const link = accounts.find((each) => isSame(each, account))
        if (!link) throw new CountersignError('ERR_NOT_FOUND')
        if (link.confirmedAt !== undefined) return undefined
        const confirmed = { ...link, confirmedAt: store.clock.now() }
        return { ...person, accounts: accounts.map((each) => (each === link ? confirmed : each)) }
      }),

    unlink: (id, account, by) =>
      change(id, by, 'unlinked', ({ accounts = [], ...person }) => {
        const left = accounts.filter((each) => !isSame(each, account))
        return left.length === accounts.length ? undefined : { ...person, accounts: left }
      }),
  }

  function ended(person: Person): Person {
    return { ...person, sessionsEndedAt: Math.max(store.clock.now(), person.sessionsEndedAt ?? 0) }
  }

  /** Someone who signs in at the same moment changes the person too: what is decided here is decided anew. */
  async function change(
    id: string,
    by: Actor,
    as: FactOf<'person.changed'>['change'],
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
