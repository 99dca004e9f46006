/**
 * What the provider, or the way to it, said instead of a sign-in. The library's errors carry responses and tokens beside
 * their words, so none of them is kept as a cause.
 *
 * @module
 */
import * as oidc from 'openid-client'
import { signInFailed, type SignInTrouble } from './failed.ts'

export function refusedBy(error: unknown) {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    const code = error.error.replaceAll(/[^a-z_]/gi, '').slice(0, 60)
    const kind = kinds[code] ?? (error instanceof oidc.AuthorizationResponseError ? 'misconfigured' : 'again')
    return signInFailed(kind, `the provider answered ${code}${hints[code] ?? ''}`, plain(error.error_description))
  }
  const at = 'the provider’s token endpoint'
  const status = statusOf(error)
  if (status !== undefined) return signInFailed(status < 500 ? 'misconfigured' : 'away', `${at} answered ${status}`)
  if (!(error instanceof oidc.ClientError)) return signInFailed('away', `${at} cannot be reached`, wordsOf(error))
  if (isStale(error)) return signInFailed('again', wordsOf(error))
  return signInFailed('away', `${at} does not answer as one`, wordsOf(error))
}

/** It does not take our proof of being this client; another way may do. Keycloak says `unauthorized_client`. */
export const refusesClient = (error: unknown) =>
  error instanceof oidc.ResponseBodyError
    ? ['invalid_client', 'unauthorized_client'].includes(error.error)
    : statusOf(error) === 401

/** Of an answer that was none. */
export function statusOf(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.cause instanceof Response && at.cause.status >= 300) return at.cause.status
  }
  return undefined
}

/** RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core 1.0 §3.1.2.6. */
const kinds: Readonly<Record<string, SignInTrouble>> = {
  access_denied: 'cancelled',
  login_required: 'cancelled',
  interaction_required: 'cancelled',
  account_selection_required: 'cancelled',
  consent_required: 'cancelled',
  server_error: 'away',
  temporarily_unavailable: 'away',
  invalid_grant: 'again',
  invalid_client: 'misconfigured',
  invalid_request: 'misconfigured',
  invalid_scope: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_grant_type: 'misconfigured',
  unsupported_response_type: 'misconfigured',
  redirect_uri_mismatch: 'misconfigured',
}

const hints: Readonly<Record<string, string>> = {
  invalid_client: ': it does not take the client id with this client secret, or none',
  invalid_scope: ': one of the configured scopes is unknown there',
  unauthorized_client: ': it does not take this client, or its client secret, for signing people in',
  redirect_uri_mismatch: ': the redirect address is not the one registered there',
  invalid_grant: ': the code was used before, is too old, or was made for another redirect address',
}

/** The callback itself is not the answer to what was begun. */
const isStale = ({ cause }: oidc.ClientError) =>
  cause instanceof Error && typeof cause.cause === 'object' && cause.cause !== null && 'parameters' in cause.cause

/** At most four causes deep, without what looks like a code, a token or a key. */
export function wordsOf(error: unknown): string {
  const words: string[] = []
  for (let at = error; at instanceof Error && words.length < 4; at = at.cause) {
    words.push(plain(at.message || ('code' in at ? String(at.code) : at.name)) ?? at.name)
  }
  return words.join(': ')
}

const plain = (text: string | undefined) =>
  text
    ?.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ')
    .replaceAll(/[\w.~+/=-]{40,}/g, '…')
    .slice(0, 300)
