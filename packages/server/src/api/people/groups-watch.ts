/**
 * Whose groups could not be read when they signed in. Groups say who signs, so someone without them looks like someone who
 * is not asked: the reason has to be seen.
 *
 * @module
 */
import type { SignedIn } from '@countersign/identity'
import type { Person } from '@countersign/schema'
import type { ApiParts } from '../front/parts.ts'

/** People of whom the trouble is remembered here; on themselves it stands in any case. */
const most = 1000
const key = 'sign-in/groups'

export function createGroupsWatch({ concerns, log }: Pick<ApiParts, 'concerns' | 'log'>) {
  const troubled = new Map<string, { readonly says: string; readonly absent: boolean }>()
  let anyHad = false

  return {
    see({ id, name }: Person, { groupsTrouble, groupsMissing, groupsPresent, remarks = [] }: SignedIn): void {
      anyHad ||= groupsPresent
      for (const says of remarks) log({ level: 'warn', says: 'a claim was left out', detail: { person: id, says } })
      if (groupsTrouble !== undefined) {
        log({ level: 'warn', says: 'groups could not be read', detail: { person: id, says: groupsTrouble } })
      }
      troubled.delete(id)
      if (groupsTrouble !== undefined && troubled.size < most) {
        troubled.set(id, { says: `${name}: ${groupsTrouble}`, absent: groupsMissing === 'absent' })
      }
      tell()
    },
  }

  function tell(): void {
    // Many providers leave the claim out for people without groups: that is no trouble while others have it.
    const theirs = [...troubled.values()].filter(({ absent }) => !(absent && anyHad))
    const latest = theirs.at(-1)
    if (!latest) return concerns.clear(key)
    const others = theirs.length === 1 ? '' : ` (and ${theirs.length - 1} more)`
    concerns.raise(
      key,
      `Groups could not be read at sign-in, so they may approve less than they should. ${latest.says}${others}.`,
    )
  }
}
