/**
 * Local people as the command line keeps them: added, listed, removed, while no identity provider is connected.
 *
 * @module
 */
import { CountersignError, newId, type Store } from '@countersign/core'
import { founderRoles } from '@countersign/identity'
import type { LocalPeople } from '@countersign/identity/local'
import { type Actor, byPerson, type Fact, isLocal, localIssuer, type Person, type Role } from '@countersign/schema'
import { telling } from '../http/problems.ts'
import type { PeopleKeeping } from './people-keeping.ts'

export interface LocalRosterParts {
  readonly store: Pick<Store, 'clock' | 'commit' | 'people'>
  readonly local: LocalPeople
  readonly keeping: PeopleKeeping
  readonly publicUrl: string
  /** Groups that may approve, as the registry lists them. */
  groups(): readonly string[]
}

export interface NewPerson {
  /** Their subject: a short name that is theirs for good. */
  readonly subject: string
  readonly name: string
  readonly email?: string | undefined
  readonly groups: readonly string[]
  readonly roles: readonly Role[]
}

export interface LocalRoster {
  /**
   * Makes them, or gives someone who is there already these groups, roles and name, and a link that signs a browser in
   * as them: once, within a day, on this machine.
   *
   * @throws ERR_INPUT_INVALID, ERR_GROUP_UNKNOWN
   */
  add(what: NewPerson, by: Actor): Promise<{ readonly person: Person; readonly link: string }>
  /** The first administrator. @throws ERR_INPUT_INVALID */
  found(name: string): Promise<Person>
  /** They are switched off, and nothing leads to them any more. @throws ERR_PERSON_MISSING */
  remove(subject: string, by: Actor): Promise<Person>
}

const subjectForm = /^[a-z0-9][a-z0-9._-]{0,62}$/

export function createLocalRoster({ store, local, keeping, publicUrl, groups }: LocalRosterParts): LocalRoster {
  const { clock } = store

  return {
    async add({ subject, name, email, groups: wanted, roles }, by) {
      if (!subjectForm.test(subject)) throw invalid('An id is 1 to 63 of a-z, 0-9, dot, dash and underscore.')
      refuseUnknown(wanted)
      const known = await store.people.byAccount(localIssuer, subject)
      const person: Person = {
        ...(known ?? { id: newId('per'), version: 0, issuer: localIssuer, subject }),
        version: (known?.version ?? 0) + 1,
        name: nameOf(name),
        ...(email !== undefined && { email }),
        groups: [...new Set(wanted)].toSorted(),
        groupsAsOf: clock.now(),
        active: true,
        roles: [...new Set(roles)].toSorted(),
      }
      await store.commit({ facts: [{ kind: 'person.changed', change: 'added', by, person }] })
      return { person, link: `${publicUrl}/join/${await local.invite(subject)}` }
    },

    async found(name) {
      const person: Person = {
        id: newId('per'),
        version: 1,
        issuer: localIssuer,
        subject: await freeSubject(nameOf(name)),
        name: nameOf(name),
        groups: [],
        groupsAsOf: clock.now(),
        active: true,
        roles: [...founderRoles].toSorted(),
      }
      const facts: Fact[] = [
        { kind: 'person.changed', change: 'added', by: byPerson(person.id), person },
        { kind: 'deployment.founded', by: byPerson(person.id), demo: false, local: true },
      ]
      await store.commit({ facts })
      return person
    },

    async remove(subject, by) {
      const known = await store.people.byAccount(localIssuer, subject)
      if (!known || !isLocal(known)) throw new CountersignError('ERR_PERSON_MISSING', { subject })
      await local.forget(subject)
      return keeping.switch(known.id, false, by)
    },
  }

  function refuseUnknown(wanted: readonly string[]): void {
    const missing = wanted.filter((group) => !groups().includes(group))
    if (missing.length === 0) return
    const there = groups().length === 0 ? 'There is none yet.' : `There are: ${groups().slice(0, 20).join(', ')}.`
    throw telling(
      new CountersignError('ERR_GROUP_UNKNOWN', { missing }),
      `There is no group ${missing.join(', ')}. ${there} The registry lists them.`,
    )
  }

  async function freeSubject(name: string): Promise<string> {
    const plain = name
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 40)
    const taken = new Set((await store.people.list()).filter(isLocal).map(({ subject }) => subject))
    for (let number = 1; ; number += 1) {
      const subject = `${plain || 'person'}${number === 1 ? '' : `-${number}`}`
      if (!taken.has(subject)) return subject
    }
  }
}

function nameOf(text: string): string {
  const name = text
    .replaceAll(/[\p{C}]/gu, ' ')
    .trim()
    .slice(0, 200)
  if (name === '') throw invalid('A person needs a name.')
  return name
}

const invalid = (says: string) => telling(new CountersignError('ERR_INPUT_INVALID', { says }), says)

export interface LocalParts {
  readonly people: LocalPeople
  readonly roster: LocalRoster
}
