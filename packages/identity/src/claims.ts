/**
 * What an ID token says of a person, read strictly. Its signature, issuer, audience and times are checked before.
 *
 * @module
 */
import { z } from 'zod'
import { signInFailed } from './failed.ts'
import { type ReadGroups, readGroups } from './groups.ts'

export interface SignedClaims extends ReadGroups {
  readonly subject: string
  readonly name: string
  readonly email?: string
  readonly acr?: string
  readonly amr?: readonly string[]
  /** Milliseconds since 1970. */
  readonly authTime?: number
  /** Milliseconds since 1970. */
  readonly issuedAt: number
  /** Claims that were left out because they are not what they should be, each in a few words. */
  readonly remarks?: readonly string[]
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

const required = {
  sub: { schema: z.string().min(1).max(255), form: 'text of 1 to 255 characters' },
  iat: { schema: moment, form: 'seconds since 1970' },
}
const optional = {
  name: { schema: printed, form: 'text' },
  preferred_username: { schema: printed, form: 'text' },
  email: { schema: z.string().max(320), form: 'text' },
  acr: { schema: z.string().max(200), form: 'text' },
  amr: { schema: z.array(z.string().max(200)).max(50), form: 'a list of texts' },
  auth_time: { schema: moment, form: 'seconds since 1970' },
}

/**
 * @param needed Claims that are optional, and that this sign-in asked for
 * @throws ERR_SIGN_IN_FAILED naming the claim that identity rests on and that is missing or malformed
 */
export function readClaims(
  claims: unknown,
  groupsClaim: string,
  needed: readonly (keyof typeof optional)[] = [],
): SignedClaims {
  const said = typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  const remarks: string[] = []
  const name = may('name') || may('preferred_username') || may('email')
  const [email, acr, amr, authTime] = [may('email'), may('acr'), may('amr'), may('auth_time')]
  const subject = must('sub')
  return {
    subject,
    name: name || subject,
    ...(email && { email }),
    ...readGroups(said, groupsClaim),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(authTime !== undefined && { authTime: authTime * 1000 }),
    issuedAt: must('iat') * 1000,
    ...(remarks.length > 0 && { remarks: [...new Set(remarks)] }),
  }

  function must<Name extends keyof typeof required>(claim: Name): z.output<(typeof required)[Name]['schema']> {
    const { schema, form } = required[claim]
    const read = schema.safeParse(own(said, claim))
    if (!read.success) throw signInFailed('token', wrong(claim, own(said, claim), form))
    return read.data as z.output<(typeof required)[Name]['schema']>
  }

  function may<Name extends keyof typeof optional>(
    claim: Name,
  ): z.output<(typeof optional)[Name]['schema']> | undefined {
    const { schema, form } = optional[claim]
    const value = own(said, claim)
    const read = schema.safeParse(value)
    if (read.success) return read.data as z.output<(typeof optional)[Name]['schema']>
    if (needed.includes(claim)) throw signInFailed('token', wrong(claim, value, form))
    if (value !== undefined && value !== null) remarks.push(wrong(claim, value, form))
    return undefined
  }
}

const own = (claims: Readonly<Record<string, unknown>>, claim: string) =>
  Object.hasOwn(claims, claim) ? claims[claim] : undefined

/** Says what it is, never what stands in it. */
const wrong = (claim: string, value: unknown, form: string) =>
  value === undefined ? `the ID token has no claim ${claim}` : `the claim ${claim} is ${kindOf(value)}, not ${form}`

const kindOf = (value: unknown) => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value === '' ? 'empty' : `a text of ${value.length} characters`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
