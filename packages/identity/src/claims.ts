/**
 * What an ID token says of a person, read strictly. Its signature, issuer, audience and times are checked before.
 *
 * @module
 */
import { z } from 'zod'

/** Why a person's groups are unknown. Unknown groups are no groups. */
export type GroupsMissing = 'absent' | 'overage' | 'unreadable'

export interface SignedClaims {
  readonly subject: string
  readonly name: string
  readonly email?: string
  readonly groups: readonly string[]
  readonly groupsPresent: boolean
  readonly groupsMissing?: GroupsMissing
  readonly acr?: string
  readonly amr?: readonly string[]
  /** Milliseconds since 1970. */
  readonly authTime?: number
  /** Milliseconds since 1970. */
  readonly issuedAt: number
}

const moment = z.number().positive().max(1e11)
const printed = z
  .string()
  .max(1000)
  .transform((text) =>
    text
      .replaceAll(/[\p{C}]/gu, ' ')
      .trim()
      .slice(0, 200),
  )

const Claims = z.looseObject({
  sub: z.string().min(1).max(255),
  iat: moment,
  name: printed.optional().catch(undefined),
  preferred_username: printed.optional().catch(undefined),
  email: z.string().max(320).optional().catch(undefined),
  acr: z.string().max(200).optional(),
  amr: z.array(z.string().max(200)).max(50).optional().catch(undefined),
  auth_time: moment.optional(),
})

const Groups = z.array(z.string().min(1).max(200)).max(2000)

/** Undefined if a claim that identity rests on is missing or malformed. */
export function readClaims(claims: unknown, groupsClaim: string): SignedClaims | undefined {
  const parsed = Claims.safeParse(claims)
  if (!parsed.success) return undefined
  const { sub, iat, name, preferred_username, email, acr, amr, auth_time } = parsed.data
  return {
    subject: sub,
    name: name || preferred_username || email || sub,
    ...(email ? { email } : {}),
    ...readGroups(parsed.data, groupsClaim),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(auth_time === undefined ? {} : { authTime: auth_time * 1000 }),
    issuedAt: iat * 1000,
  }
}

/**
 * Entra leaves groups out of the token when there are more than 200, and says so in `_claim_names` or `hasgroups`
 * (https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#groups-overage-claim).
 */
function readGroups(claims: Record<string, unknown>, groupsClaim: string) {
  if (claims['hasgroups'] === true || elsewhere(claims['_claim_names'], groupsClaim)) return missing('overage')
  if (!Object.hasOwn(claims, groupsClaim)) return missing('absent')
  const groups = Groups.safeParse(claims[groupsClaim])
  if (!groups.success) return missing('unreadable')
  return { groups: [...new Set(groups.data)].toSorted(), groupsPresent: true }
}

const elsewhere = (names: unknown, claim: string) =>
  typeof names === 'object' && names !== null && Object.hasOwn(names, claim)

const missing = (groupsMissing: GroupsMissing) => ({ groups: [], groupsPresent: false, groupsMissing })
