/**
 * The claim that lists a person's groups, as providers really send it. Groups say who signs, so nothing is guessed: a
 * member that cannot be read costs itself, and the reason is kept for whoever wonders.
 *
 * @module
 */

/** Why a person's groups are unknown. Unknown groups are no groups. */
export type GroupsMissing = 'absent' | 'overage' | 'unreadable'

export interface ReadGroups {
  readonly groups: readonly string[]
  readonly groupsPresent: boolean
  readonly groupsMissing?: GroupsMissing
  /** Why all or some could not be read: a sentence without the person's name. */
  readonly groupsTrouble?: string
}

/** Characters of a group's name; a longer one does not count, and the people page says so. */
const longest = 200
/** Of one person. Providers send some hundreds at most; those beyond do not count, and the people page says so. */
const most = 2000

/**
 * A text is a list of one, whatever stands in it; so is an object that names a group (`name`, `value`, `display`, as
 * SCIM and some providers write it). Null is absence.
 *
 * Entra leaves groups out of the token when there are more than 200, and says so in `_claim_names` or `hasgroups`
 * (https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#groups-overage-claim).
 */
export function readGroups(claims: Readonly<Record<string, unknown>>, claim: string): ReadGroups {
  if (isElsewhere(claims, claim)) {
    const says = `the provider left ${claim} out of the ID token because there are too many (Entra’s overage); let it send fewer, or app roles`
    return missing('overage', says)
  }
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (value === undefined) return missing('absent', `the ID token has no claim ${claim}`)
  if (value === null) return missing('absent', `the claim ${claim} is null`)
  const listed = Array.isArray(value) ? (value as unknown[]) : [value]
  const members = listed.slice(0, most).map(readMember)
  const groups = members.flatMap((member) => ('group' in member ? [member.group] : []))
  const bad = members.flatMap((member) => ('bad' in member ? [member.bad] : []))
  if (groups.length === 0 && bad.length > 0) return missing('unreadable', troubleOf(claim, value, bad, listed.length))
  const trouble = bad.length > 0 || listed.length > most ? troubleOf(claim, value, bad, listed.length) : undefined
  return {
    groups: [...new Set(groups)].toSorted(),
    groupsPresent: true,
    ...(trouble !== undefined && { groupsTrouble: trouble }),
  }
}

type Member = { readonly group: string } | { readonly bad: string }

function readMember(member: unknown): Member {
  const text = typeof member === 'object' && member !== null && !Array.isArray(member) ? nameIn(member) : member
  if (typeof text !== 'string') return { bad: kindOf(member) }
  if (text.trim() === '') return { bad: 'empty' }
  return text.length > longest ? { bad: `longer than ${longest} characters` } : { group: text }
}

/** `value` before `display`: where both stand, the one that does not change with a rename. */
function nameIn(member: object): unknown {
  const key = ['name', 'value', 'display'].find((each) => Object.hasOwn(member, each))
  return key === undefined ? undefined : (member as Record<string, unknown>)[key]
}

const kindOf = (value: unknown) => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object without a name' : `a ${typeof value}`
}

function troubleOf(claim: string, value: unknown, bad: readonly string[], listed: number): string {
  if (!Array.isArray(value)) return `the claim ${claim} is ${bad[0]}`
  const kinds = [...new Set(bad)].slice(0, 5)
  const cost = bad.length > 0 ? [`${bad.length} of its ${listed} members cannot be read (${kinds.join(', ')})`] : []
  const cut = listed > most ? [`of its ${listed} members the first ${most} count`] : []
  return `the claim ${claim}: ${[...cost, ...cut].join('; ')}`
}

function isElsewhere(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  const short = claims['hasgroups'] === true || claims['hasgroups'] === 'true'
  if (claim === 'groups' && short) return true
  const names = parsed(claims['_claim_names'])
  return typeof names === 'object' && names !== null && Object.hasOwn(names, claim)
}

/** Some of Entra's tokens carry it as JSON in a text. */
function parsed(names: unknown): unknown {
  if (typeof names !== 'string' || names.length > 10_000) return names
  try {
    return JSON.parse(names) as unknown
  } catch {
    return undefined // then it names nothing
  }
}

const missing = (groupsMissing: GroupsMissing, groupsTrouble: string): ReadGroups => ({
  groups: [],
  groupsPresent: false,
  groupsMissing,
  groupsTrouble,
})
