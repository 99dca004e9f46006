import { isLocal } from '@countersign/schema'
import { count, person as ref } from '../ledger/words.ts'
import { conflict, type Law } from './law.ts'
import { actor } from './leaf-parts.ts'

/** A person is (issuer, subject), never two of them (P5). */
export const personChanged: Law<'person.changed'> = {
  subject: ({ person }) => person.id,
  stream: ({ person }, blind) => ({ stream: ref(person.id, blind), sequence: person.version }),

  leaf: ({ by, person }, blind, lists) => ({
    actor: actor(by, blind),
    person: {
      id: ref(person.id, blind),
      version: count(person.version),
      active: person.active,
      local: isLocal(person) || undefined,
      roles: lists.cut('roles', person.roles),
    },
  }),

  touches: ({ person }, keys) => ({
    people: [person.id],
    accounts: [keys.account(person.issuer, person.subject)],
  }),

  apply({ person }, { index: entry }, { world, draft, keys }) {
    const { id, version } = person
    const stored = world.people.get(id)
    if (version !== (stored?.version ?? 0) + 1) return conflict({ person: id })
    const accountKey = keys.account(person.issuer, person.subject)
    if ((world.accounts.get(accountKey) ?? id) !== id) return conflict({ person: id })
    if (stored !== undefined && stored.accountKey !== accountKey) draft.remove(world.accounts, stored.accountKey)
    draft.set(world.accounts, accountKey, id)
    draft.set(world.people, id, { id, version, accountKey, groups: person.groups.map(keys.group), entry })
    return undefined
  },
}
