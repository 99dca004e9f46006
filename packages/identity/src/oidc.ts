/**
 * Signing in through the site's OpenID provider: authorization code, PKCE, state and nonce
 * (https://openid.net/specs/openid-connect-core-1_0.html). The ID token and the keys it verified with are kept as proof.
 *
 * @module
 */
import { type Clock, CountersignError } from '@countersign/core'
import * as oidc from 'openid-client'
import { readClaims, type SignedClaims } from './claims.ts'
import { boundedFetch, type Fetch } from './fetch.ts'
import { trustworthy } from './loopback.ts'

export interface SignInSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly redirectUri: string
  /** Default `openid profile email`. */
  readonly scopes?: readonly string[]
  /** The claim that lists a person's groups; default `groups`. */
  readonly groupsClaim?: string
  readonly clock: Clock
  readonly fetch?: Fetch
}

export interface SignInWish {
  /** Authentication context asked for; the answer has to be one of these (RFC 9470 §5). Space separated. */
  readonly acr?: string
  /** Signed in at most this long ago; 0 asks for it now. */
  readonly maxAgeSeconds?: number
  readonly prompt?: 'login' | 'select_account'
  /** Already checked: a path of this house. */
  readonly returnTo: string
  /** Begun with the link that makes the first administrator. */
  readonly founding?: true
}

/** What `finish` has to know again. Kept by the browser, sealed, and used once. */
export interface PendingSignIn extends SignInWish {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly startedAt: number
}

export interface SignedIn extends SignedClaims {
  readonly issuer: string
  readonly idToken: string
  /** The JWKS in force, as JSON. */
  readonly keys: string
}

export interface SignIn {
  begin(wish: SignInWish): Promise<{ readonly url: string; readonly pending: PendingSignIn }>
  /** @throws ERR_SIGN_IN_FAILED */
  finish(callbackUrl: string | URL, pending: PendingSignIn): Promise<SignedIn>
}

/** How long someone may take at the provider's own pages. */
export const pendingForMs = 10 * 60_000

/**
 * Discovery happens at the first sign-in, and again after a failure: the provider may start later than the house.
 *
 * @throws ERR_CONFIG_INVALID for an issuer or redirect URI that is neither https nor on this machine
 */
export function createSignIn(settings: SignInSettings): SignIn {
  const { redirectUri, scopes = ['openid', 'profile', 'email'], groupsClaim = 'groups', clock } = settings
  for (const url of [settings.issuer, redirectUri]) {
    if (!URL.canParse(url) || !trustworthy(new URL(url))) throw new CountersignError('ERR_CONFIG_INVALID', { url })
  }
  const provider = discoverOnce(settings)

  return {
    async begin(wish) {
      const pending: PendingSignIn = {
        ...wish,
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        startedAt: clock.now(),
      }
      const prompt = wish.prompt ?? (wish.maxAgeSeconds === 0 ? 'login' : undefined)
      const url = await failing(async () =>
        oidc.buildAuthorizationUrl(await provider(), {
          redirect_uri: redirectUri,
          scope: scopes.join(' '),
          state: pending.state,
          nonce: pending.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
          code_challenge_method: 'S256',
          ...(wish.acr === undefined ? {} : { acr_values: wish.acr }),
          ...(wish.maxAgeSeconds === undefined ? {} : { max_age: String(wish.maxAgeSeconds) }),
          ...(prompt === undefined ? {} : { prompt }),
        }),
      )
      if (!trustworthy(url)) throw failed('authorization endpoint is not https')
      return { url: url.href, pending }
    },

    async finish(callbackUrl, pending) {
      if (clock.now() - pending.startedAt > pendingForMs) throw failed('took too long')
      const config = await failing(provider)
      const tokens = await failing(async () =>
        oidc.authorizationCodeGrant(config, withQueryOf(redirectUri, callbackUrl), {
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          pkceCodeVerifier: pending.verifier,
          idTokenExpected: true,
          ...(pending.maxAgeSeconds === undefined ? {} : { maxAge: pending.maxAgeSeconds }),
        }),
      )
      const claims = readClaims(tokens.claims(), groupsClaim)
      const keys = oidc.getJwksCache(config)?.jwks
      if (!claims || tokens.id_token === undefined || keys === undefined) throw failed('no usable ID token')
      if (pending.acr !== undefined && !pending.acr.split(' ').includes(claims.acr ?? '')) {
        throw failed('authentication context too weak')
      }
      return { ...claims, issuer: config.serverMetadata().issuer, idToken: tokens.id_token, keys: JSON.stringify(keys) }
    },
  }
}

function discoverOnce({ issuer, clientId, clientSecret, fetch = globalThis.fetch }: SignInSettings) {
  const auth = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret)
  let known: Promise<oidc.Configuration> | undefined
  const discover = () =>
    oidc.discovery(new URL(issuer), clientId, {}, auth, {
      // Without it the library takes TLS for the signature (OIDC Core §3.1.3.7); we keep the token as proof.
      execute: [oidc.enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [])],
      timeout: 10,
      [oidc.customFetch]: boundedFetch(fetch),
    })
  return () => {
    known ??= discover().catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
}

/** Only the query comes from the browser: host and path are ours, whatever a proxy or a forger says. */
function withQueryOf(redirectUri: string, callbackUrl: string | URL): URL {
  const url = new URL(redirectUri)
  url.search = new URL(callbackUrl, redirectUri).search
  return url
}

async function failing<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    throw failed(describe(error))
  }
}

/** The library's errors carry responses and tokens beside their words, so none of them is kept as a cause. */
function describe(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return `the provider answered ${error.error.replaceAll(/[^a-z_]/gi, '').slice(0, 60)}`
  }
  const words: string[] = []
  for (let at = error; at instanceof Error && words.length < 4; at = at.cause) words.push(at.message.slice(0, 200))
  return words.join(': ')
}

const failed = (why: string) => new CountersignError('ERR_SIGN_IN_FAILED', { why })
