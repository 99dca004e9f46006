import { isLocal, type Person } from '@countersign/schema'
import { count, person as ref } from '../ledger/words.ts'
import type { Keys } from './keys.ts'
import { conflict, type Law } from './law.ts'
import { actor } from './leaf-parts.ts'

/** A person is (issuer, subject), never two of them, and a linked account is one person's (P5). */
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
      accounts: count(person.accounts?.length),
    },
  }),

  touches: ({ person }, keys) => ({
    people: [person.id],
    accounts: [keys.account(person.issuer, person.subject), ...linkedOf(person, keys)],
  }),

  apply({ person }, { index: entry }, { world, draft, keys }) {
    const { id, version } = person
    const stored = world.people.get(id)
    if (version !== (stored?.version ?? 0) + 1) return conflict({ person: id })
    const accountKey = keys.account(person.issuer, person.subject)
    const linked = linkedOf(person, keys)
    const theirs = [accountKey, ...linked]
    if (theirs.some((key) => (world.accounts.get(key) ?? id) !== id)) return conflict({ person: id })
    for (const key of stored === undefined ? [] : [stored.accountKey, ...stored.linked])
      if (!theirs.includes(key)) draft.remove(world.accounts, key)
    for (const key of theirs) draft.set(world.accounts, key, id)
    draft.set(world.people, id, { id, version, accountKey, linked, groups: person.groups.map(keys.group), entry })
    return undefined
  },
}

const linkedOf = ({ accounts = [] }: Person, keys: Keys) => accounts.map((each) => keys.linked(each.provider, each.id))
