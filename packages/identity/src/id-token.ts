/**
 * Whether an ID token is the provider's answer to this sign-in (OpenID Connect Core 1.0 §3.1.3.7). Its signature is always
 * checked, over TLS as well: the token is kept as proof.
 *
 * @module
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { signInFailed } from './failed.ts'

/** How much the clocks of Countersign and the provider may differ; a token from further ahead is refused. */
export const skewMs = 60_000
/** Signatures that prove authorship: nothing symmetric, and not `none`. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

export interface ExpectedToken {
  readonly issuer: string
  readonly clientId: string
  readonly nonce: string
  readonly maxAgeSeconds?: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** @throws ERR_SIGN_IN_FAILED naming the claim that is not as it has to be */
export async function checkIdToken(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, clientId, nonce, maxAgeSeconds, now }: ExpectedToken,
): Promise<JWTPayload> {
  const payload = await verified(token, keys, { issuer, clientId, now })
  if (payload['nonce'] !== nonce) throw signInFailed('token', 'the claim nonce is not the one of this sign-in')
  if (!isParty(payload, clientId)) throw signInFailed('token', 'the claim azp is not this client')
  const early = (payload.iat ?? 0) * 1000 - now
  if (early > skewMs) throw clocks(`the ID token was issued ${Math.round(early / 1000)} s in the future`)
  const authTime = payload['auth_time']
  if (maxAgeSeconds !== undefined && typeof authTime === 'number') {
    if (authTime * 1000 + maxAgeSeconds * 1000 + skewMs < now) {
      throw signInFailed('token', 'the claim auth_time is too long ago: the provider did not ask again')
    }
    if (authTime * 1000 > now + skewMs) throw clocks('the claim auth_time lies in the future')
  }
  return payload
}

/** A token for several parties has to say that it was made for us. */
export const isParty = (payload: JWTPayload, clientId: string) =>
  !Array.isArray(payload.aud) || payload.aud.length < 2 || payload['azp'] === clientId

async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, clientId, now }: Pick<ExpectedToken, 'issuer' | 'clientId' | 'now'>,
): Promise<JWTPayload> {
  if (token.split('.').length === 5)
    throw signInFailed('misconfigured', 'the ID token is encrypted; let it be signed only')
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      algorithms,
      requiredClaims: ['exp', 'iat', 'sub', 'aud'],
      currentDate: new Date(now),
      clockTolerance: skewMs / 1000,
    })
    return payload
  } catch (error) {
    throw reason(error, now)
  }
}

const notExpected: Readonly<Record<string, string>> = {
  iss: 'the claim iss is not the configured issuer',
  aud: 'the claim aud is not this client',
}

const unreadable = [errors.JWTInvalid, errors.JWSInvalid, errors.JOSENotSupported, errors.JWKSMultipleMatchingKeys]

function reason(error: unknown, now: number) {
  if (
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
  ) {
    const { exp, nbf } = error.payload
    const off = typeof exp === 'number' && exp * 1000 < now ? now - exp * 1000 : Number(nbf) * 1000 - now
    return clocks(`the claim ${error.claim} is ${Math.round(off / 1000)} s off`)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return signInFailed('token', `the ID token has no claim ${error.claim}`)
    return signInFailed('token', notExpected[error.claim] ?? `the claim ${error.claim} is not what it has to be`)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return signInFailed('token', 'the ID token’s signature is by none of the keys that the provider publishes')
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return signInFailed('token', 'the ID token’s alg is none of those that prove who signed it')
  }
  if (unreadable.some((kind) => error instanceof kind)) {
    return signInFailed('token', 'the ID token cannot be read', (error as Error).message)
  }
  return signInFailed('away', 'the provider’s keys cannot be read', error instanceof Error ? error.message : undefined)
}

const clocks = (says: string) =>
  signInFailed('clock', `${says}: this machine and the identity provider do not agree what time it is`)
