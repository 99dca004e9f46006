import { newId } from '@countersign/core'
import { Person } from '@countersign/schema'
import { signInFailed } from './failed.ts'
import type { SignedIn } from './oidc.ts'

/** A person is (issuer, subject): a changed name or email is the same person, the same email elsewhere is another. */
type Account = Pick<SignedIn, 'issuer' | 'subject' | 'name' | 'email' | 'groups' | 'groupsPresent' | 'groupsTrouble'>

/**
 * The next version of the person who signed in; the first, for someone new. Groups are those of this sign-in: unknown
 * groups are none, never the ones from last time.
 *
 * @throws ERR_SIGN_IN_FAILED for someone who left, or an account that is not this person's
 */
export function personAfterSignIn(known: Person | undefined, account: Account, now: number): Person {
  const { issuer, subject, name, email, groups, groupsPresent, groupsTrouble } = account
  if (known && !known.active) throw signInFailed('left', 'no longer active')
  if (known && (known.issuer !== issuer || known.subject !== subject)) {
    throw signInFailed('again', 'another account')
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
    ...(groupsTrouble !== undefined && { groupsTrouble }),
    signedInAt: now,
    active: true,
    ...(known?.sessionsEndedAt !== undefined && { sessionsEndedAt: known.sessionsEndedAt }),
    roles: known?.roles ?? [],
    ...(known?.accounts && { accounts: known.accounts }),
  }
}

export const withRoles = (person: Person, roles: readonly Person['roles'][number][]): Person =>
  Person.parse({ ...person, version: person.version + 1, roles: [...new Set(roles)].toSorted() })
