import { CountersignError, newId } from '@countersign/core'
import { Person } from '@countersign/schema'
import type { SignedIn } from './oidc.ts'

/** A person is (issuer, subject): a changed name or email is the same person, the same email elsewhere is another. */
type Account = Pick<SignedIn, 'issuer' | 'subject' | 'name' | 'email' | 'groups' | 'groupsPresent'>

/**
 * The next version of the person who signed in; the first, for someone new. Groups are those of this sign-in: unknown
 * groups are none, never the ones from last time.
 *
 * @throws ERR_SIGN_IN_FAILED for someone who left, or an account that is not this person's
 */
export function personAfterSignIn(known: Person | undefined, account: Account, now: number): Person {
  const { issuer, subject, name, email, groups, groupsPresent } = account
  if (known && !known.active) throw new CountersignError('ERR_SIGN_IN_FAILED', { why: 'no longer active' })
  if (known && (known.issuer !== issuer || known.subject !== subject)) {
    throw new CountersignError('ERR_SIGN_IN_FAILED', { why: 'another account' })
  }
  return {
    id: known?.id ?? newId('per'),
    version: (known?.version ?? 0) + 1,
    issuer,
    subject,
    name,
    ...(email === undefined ? {} : { email }),
    groups: groupsPresent ? [...groups] : [],
    groupsAsOf: now,
    signedInAt: now,
    active: true,
    roles: known?.roles ?? [],
  }
}

export const withRoles = (person: Person, roles: readonly Person['roles'][number][]): Person =>
  Person.parse({ ...person, version: person.version + 1, roles: [...new Set(roles)].toSorted() })
