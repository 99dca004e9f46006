/**
 * Signing in through the site's OpenID provider: authorization code, PKCE, state and nonce
 * (https://openid.net/specs/openid-connect-core-1_0.html). The ID token and the keys it verified with are kept as
 * proof.
 *
 * @module
 */
import { type Clock, CountersignError, isError } from '@countersign/core'
import * as oidc from 'openid-client'
import { readClaims, type SignedClaims } from './claims.ts'
import { signInFailed } from './failed.ts'
import type { Fetch } from './fetch.ts'
import { checkIdToken } from './id-token.ts'
import { trustworthy } from './loopback.ts'
import { createProvider } from './provider.ts'
import { refusedBy, refusesClient } from './refused.ts'

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
  /** Already checked: a path of this deployment. */
  readonly returnTo: string
  /** Begun with the link that makes the first administrator. */
  readonly founding?: true
}

/** What `finish` has to know again. Kept by the browser, encrypted, and used once. */
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
  /** Whether the provider can be reached and fits the configuration. @throws ERR_SIGN_IN_FAILED */
  reach(): Promise<void>
  /** @throws ERR_SIGN_IN_FAILED */
  begin(wish: SignInWish): Promise<{ readonly url: string; readonly pending: PendingSignIn }>
  /** @throws ERR_SIGN_IN_FAILED */
  finish(callbackUrl: string | URL, pending: PendingSignIn): Promise<SignedIn>
}

/** How long someone may take at the provider's own pages; after that they begin again. */
export const pendingForMs = 10 * 60_000

/**
 * Discovery happens at the first sign-in, and again after a failure: the provider may start later than Countersign.
 *
 * @throws ERR_CONFIG_INVALID for an issuer or redirect URI that is neither https nor on this machine
 */
export function createSignIn(settings: SignInSettings): SignIn {
  const { redirectUri, scopes = ['openid', 'profile', 'email'], groupsClaim = 'groups', clock } = settings
  for (const url of [settings.issuer, redirectUri]) {
    if (!URL.canParse(url) || !trustworthy(new URL(url))) throw new CountersignError('ERR_CONFIG_INVALID', { url })
  }
  const provider = createProvider(settings)

  return {
    async reach() {
      await provider.known()
    },

    async begin(wish) {
      const { config } = await provider.known()
      const pending: PendingSignIn = {
        ...wish,
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        startedAt: clock.now(),
      }
      const prompt = wish.prompt ?? (wish.maxAgeSeconds === 0 ? 'login' : undefined)
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        ...(wish.acr === undefined ? {} : { acr_values: wish.acr }),
        ...(wish.maxAgeSeconds === undefined ? {} : { max_age: String(wish.maxAgeSeconds) }),
        ...(prompt === undefined ? {} : { prompt }),
      })
      return { url: url.href, pending }
    },

    async finish(callbackUrl, pending) {
      if (clock.now() - pending.startedAt > pendingForMs) throw signInFailed('again', 'took too long')
      const { config, keys } = await provider.known()
      const idToken = await redeem(withQueryOf(redirectUri, callbackUrl), pending)
      const { issuer } = config.serverMetadata()
      const payload = await checkIdToken(idToken, keys, {
        issuer,
        clientId: settings.clientId,
        nonce: pending.nonce,
        now: Date.now(), // the provider and this machine both keep time; neither knows the store's clock
        ...(pending.maxAgeSeconds !== undefined && { maxAgeSeconds: pending.maxAgeSeconds }),
      })
      const claims = readClaims(payload, groupsClaim, [
        ...(pending.acr === undefined ? [] : (['acr'] as const)),
        ...(pending.maxAgeSeconds === undefined ? [] : (['auth_time'] as const)),
      ])
      if (pending.acr !== undefined && !pending.acr.split(' ').includes(claims.acr ?? '')) {
        throw signInFailed('token', 'authentication context too weak: the claim acr is none of those asked for')
      }
      return { ...claims, issuer, idToken, keys: JSON.stringify(keys.jwks()) }
    },
  }

  /** The code for the ID token, which is checked by its reader. */
  async function redeem(callback: URL, { state, verifier }: PendingSignIn): Promise<string> {
    const { exchanges } = await provider.known()
    for (const [tries, exchange] of exchanges.entries()) {
      try {
        return await exchange((config) =>
          oidc.authorizationCodeGrant(config, callback, { expectedState: state, pkceCodeVerifier: verifier }),
        )
      } catch (error) {
        if (isError(error, 'ERR_SIGN_IN_FAILED')) throw error
        if (tries === exchanges.length - 1 || !refusesClient(error)) throw refusedBy(error)
      }
    }
    throw signInFailed('misconfigured', 'the provider takes no client in a way that Countersign knows')
  }
}

/** Only the query comes from the browser: host and path are ours, whatever a proxy or a forger says. */
function withQueryOf(redirectUri: string, callbackUrl: string | URL): URL {
  const url = new URL(redirectUri)
  url.search = new URL(callbackUrl, redirectUri).search
  return url
}
