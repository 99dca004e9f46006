import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { algorithms, isParty, skewMs } from './id-token.ts'

export interface ExpectedProof {
  readonly issuer: string
  readonly clientId: string
  readonly subject: string
  /** When the person countersigned; milliseconds since 1970. */
  readonly at: number
  /** How old the token may be then, in milliseconds; default 12 h, the longest a session lasts. */
  readonly withinMs?: number
  /** How long ago the person may have authenticated then (`auth_time`), in milliseconds; for `fresh`. */
  readonly authenticatedWithinMs?: number
  /** Authentication contexts of which the token has to state one. */
  readonly acr?: readonly string[]
}

/** How old a token may be at the moment that its person signed: as long as a session lasts. */
const longestSessionMs = 12 * 3_600_000

/**
 * Whether a kept ID token shows that this person was signed in when countersigning. The token may have run out since,
 * and within the session that it opened: what counts is that it was issued before `at` and not too long before.
 */
export async function verifyIdTokenProof(
  proof: { readonly token: string; readonly keys: string },
  { issuer, clientId, subject, at, withinMs = longestSessionMs, authenticatedWithinMs, acr }: ExpectedProof,
): Promise<boolean> {
  try {
    const keys = createLocalJWKSet(JSON.parse(proof.keys) as JSONWebKeySet)
    // Judged at the moment it was issued: `exp` and `nbf` have to make sense, however long ago that is.
    const issuedAt = claimedIssue(proof.token)
    const { payload } = await jwtVerify(proof.token, keys, {
      issuer,
      audience: clientId,
      subject,
      algorithms,
      requiredClaims: ['exp', 'iat', 'sub', 'aud'],
      currentDate: new Date(issuedAt),
      clockTolerance: skewMs / 1000,
    })
    if (!isParty(payload, clientId)) return false
    if (issuedAt > at + skewMs || at - issuedAt > withinMs + skewMs) return false
    if (acr && !acr.includes(String(payload['acr']))) return false
    return authenticatedWithinMs === undefined || recent(payload['auth_time'], at, authenticatedWithinMs)
  } catch {
    return false // not a token, not a key, or not signed by it: no proof
  }
}

/** Read before the signature is checked, and trusted only after. */
function claimedIssue(token: string): number {
  const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const iat = typeof payload === 'object' && payload !== null && 'iat' in payload ? payload.iat : undefined
  if (typeof iat !== 'number') throw new TypeError('no iat')
  return iat * 1000
}

const recent = (authTime: unknown, at: number, withinMs: number) =>
  typeof authTime === 'number' && authTime * 1000 <= at + skewMs && at - authTime * 1000 <= withinMs + skewMs
