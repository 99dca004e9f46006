/**
 * What the site's OpenID provider says of itself, read once, and how it takes us as its client.
 *
 * @module
 */
import { isError } from '@countersign/core'
import { createRemoteJWKSet, customFetch as keysFetch } from 'jose'
import * as oidc from 'openid-client'
import { signInFailed } from './failed.ts'
import { boundedFetch, type Fetch } from './fetch.ts'
import { trustworthy } from './loopback.ts'
import { statusOf, wordsOf } from './refused.ts'

export interface ProviderSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly fetch?: Fetch
}

export interface KnownProvider {
  readonly config: oidc.Configuration
  /** The keys it signs with; `jwks` are those in force. */
  readonly keys: ReturnType<typeof createRemoteJWKSet>
  /** One per way of proving the client, the most likely first. Each gives the ID token of the grant. */
  readonly exchanges: readonly Exchange[]
}

type Grant = (config: oidc.Configuration) => Promise<unknown>
type Exchange = (grant: Grant) => Promise<string>

/**
 * For each answer of the provider: people wait for it on a blank page. After that the sign-in fails and may be tried
 * again.
 */
const timeoutSeconds = 10

export function createProvider(settings: ProviderSettings) {
  const { issuer, clientId, clientSecret, fetch = globalThis.fetch } = settings
  const bounded = boundedFetch(fetch)
  const insecure = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []
  let known: Promise<KnownProvider> | undefined

  return {
    /** @throws ERR_SIGN_IN_FAILED; the next call tries again */
    known(): Promise<KnownProvider> {
      known ??= discover().catch((error: unknown) => {
        known = undefined
        throw isError(error, 'ERR_SIGN_IN_FAILED') ? error : unreachable(error)
      })
      return known
    },
  }

  async function discover(): Promise<KnownProvider> {
    const how = { execute: insecure, timeout: timeoutSeconds, [oidc.customFetch]: bounded }
    const config = await oidc.discovery(new URL(issuer), clientId, {}, oidc.None(), how)
    const { authorization_endpoint, token_endpoint, jwks_uri } = config.serverMetadata()
    for (const [name, url] of Object.entries({ authorization_endpoint, token_endpoint, jwks_uri })) {
      if (url === undefined) throw signInFailed('misconfigured', `the provider’s metadata name no ${name}`)
      if (!URL.canParse(url) || !trustworthy(new URL(url))) {
        throw signInFailed('misconfigured', `the provider names an address that is not https: its ${name}`)
      }
    }
    const keys = createRemoteJWKSet(new URL(jwks_uri ?? ''), {
      timeoutDuration: timeoutSeconds * 1000,
      [keysFetch]: bounded,
    })
    const proofs = clientProofs(config.serverMetadata(), clientSecret)
    return { config, keys, exchanges: proofs.map((proof) => exchangeBy(proof, config.serverMetadata())) }
  }

  function exchangeBy(proof: oidc.ClientAuth, metadata: oidc.ServerMetadata): Exchange {
    return async (grant) => {
      let idToken: unknown
      const config = new oidc.Configuration(metadata, clientId, {}, proof)
      for (const set of insecure) set(config)
      config.timeout = timeoutSeconds
      config[oidc.customFetch] = async (url, options) => {
        const response = await bounded(url, options)
        return withoutIdToken(response, (taken) => (idToken = taken))
      }
      await grant(config)
      if (typeof idToken === 'string') return idToken
      throw signInFailed('misconfigured', 'the provider sent no ID token; the scope openid has to be among the scopes')
    }
  }

  function unreachable(error: unknown) {
    const at = `the provider’s metadata at ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const status = statusOf(error)
    if (status !== undefined && status < 500) {
      return signInFailed('misconfigured', `${at} cannot be read: it answers ${status}`)
    }
    return status === undefined && isAnswer(error)
      ? signInFailed('misconfigured', `${at} are not this issuer’s`, wordsOf(error))
      : signInFailed('away', `${at} cannot be read`, wordsOf(error))
  }
}

/**
 * How the token endpoint takes this client, by the provider's metadata (OpenID Connect Discovery 1.0 §3: Basic where they
 * are silent). A client may be registered for one of several, so the others are tried where the first is refused.
 *
 * @throws ERR_SIGN_IN_FAILED where a secret cannot prove it
 */
function clientProofs(metadata: oidc.ServerMetadata, secret: string | undefined): oidc.ClientAuth[] {
  if (secret === undefined) return [oidc.None()]
  const listed = metadata.token_endpoint_auth_methods_supported
  const ways: Readonly<Record<string, () => oidc.ClientAuth>> = {
    client_secret_basic: () => oidc.ClientSecretBasic(secret),
    client_secret_post: () => oidc.ClientSecretPost(secret),
    client_secret_jwt: () => oidc.ClientSecretJwt(secret),
  }
  const taken = Object.keys(ways).filter((way) =>
    Array.isArray(listed) ? listed.includes(way) : way !== 'client_secret_jwt',
  )
  if (taken.length > 0) return taken.map((way) => ways[way]?.() ?? oidc.None())
  const names = (listed ?? []).map((way) => String(way).replaceAll(/\W/g, '')).slice(0, 8)
  throw signInFailed(
    'misconfigured',
    `the provider takes clients by ${names.join(', ') || 'nothing'} only; Countersign proves itself by a client secret (client_secret_basic, client_secret_post or client_secret_jwt)`,
  )
}

/** Takes the ID token out of the answer: what the library would refuse for an odd optional claim is read by us. */
async function withoutIdToken(response: Response, take: (token: unknown) => void): Promise<Response> {
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  headers.delete('www-authenticate') // or the library keeps the reason in the body to itself
  const text = await response.text()
  const again = (body: string) => new Response(body, { status, statusText, headers })
  if (status !== 200) return again(text)
  try {
    const { id_token: idToken, ...rest } = JSON.parse(text) as Record<string, unknown>
    take(idToken)
    return again(JSON.stringify(rest))
  } catch {
    return again(text) // the library says what is wrong with it
  }
}

/** It answered, and with something else than metadata of this issuer. */
const isAnswer = (error: unknown) =>
  error instanceof oidc.ClientError
    ? /^OAUTH_(?!TIMEOUT|ABORT)/.test(error.code ?? '')
    : error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL'
