// oxlint-disable-next-line typescript/triple-slash-reference -- tests lie outside the project that includes it
/// <reference path="./oidc-provider.d.ts" />
/**
 * A real OpenID provider for tests, and a browser that signs in at it.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isError } from '@countersign/core'
import { exportJWK, generateKeyPair } from 'jose'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { Provider } from 'oidc-provider/lib/provider.js'

export const redirectUri = 'http://localhost:4600/auth/callback'
/** Of the client `posting`. With what Basic has to escape (RFC 6749 §2.3.1). */
export const secret = 'a secret: 100 % + more'

/** The certified provider on a free port; its interaction signs in whoever the `login_hint` names. */
export async function startProvider(port = 0) {
  let provider: Provider | undefined
  const server = createServer((request, response) => {
    if (!provider) return
    if (!request.url?.startsWith('/interaction/')) return void provider.callback()(request, response)
    void signInAsHinted(provider, request, response)
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  provider = new Provider(issuer, {
    adapter: createMemoryAdapter(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }] },
    clients: [
      {
        client_id: 'countersign',
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: 'ES256',
        require_auth_time: true,
      },
      {
        client_id: 'posting',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    claims: { openid: ['sub', 'groups', 'acr', 'amr'], profile: ['name'], email: ['email'] },
    acrValues: ['phr', 'pwd'],
    conformIdTokenClaims: false,
    clientBasedCORS: () => false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    cookies: { keys: ['x'.repeat(32)] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 3600, Interaction: 600, Session: 3600, Grant: 3600 },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `Name of ${id}`,
        email: `${id}@acme.example`,
        ...(id === 'nobody' ? {} : { groups: ['finance', 'all'] }),
      }),
    }),
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  })
  provider.silent = true
  return { issuer, server, privateKey }
}

async function signInAsHinted(
  provider: Provider,
  request: Parameters<Provider['interactionDetails']>[0],
  response: Parameters<Provider['interactionDetails']>[1],
) {
  const { params } = await provider.interactionDetails(request, response)
  const accountId = String(params['login_hint'])
  await provider.interactionFinished(request, response, { login: { accountId, acr: 'pwd', amr: ['pwd'] } })
}

/** Follows redirects with cookies until one leaves for Countersign. */
export async function browse(url: string, leaveFor = redirectUri): Promise<string> {
  const cookies = new Map<string, string>()
  for (let at = url, steps = 0; steps < 10; steps += 1) {
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`stopped at ${response.status}`)
    at = new URL(location, at).href
    if (at.startsWith(leaveFor)) return at
  }
  throw new Error('walked in circles')
}

/** The address where `who` signs in. */
export const as = (who: string, url: string) => `${url}&login_hint=${who}`
/** Why signing in failed, as the log would say it. */
export const why = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'it did not fail',
    (error: unknown) => {
      if (!isError(error, 'ERR_SIGN_IN_FAILED')) throw error
      const { why: reason, cause = '' } = error.detail as { why: string; cause?: string }
      return `${reason} ${cause}`
    },
  )

/** Answers as the real one does, but for what `tamper` changes in a JSON answer whose address ends so. */
export const tampering =
  (ending: string, tamper: (body: Record<string, unknown>) => unknown): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    if (typeof input !== 'string' || !input.endsWith(ending)) return response
    return Response.json(await tamper((await response.json()) as Record<string, unknown>), {
      status: response.status,
    })
  }
