import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, browse, redirectUri, secret, startProvider, tampering, why } from './fixture.ts'
import { createSignIn, type SignInSettings } from './oidc.ts'

const clock = { now: () => Date.now() }

let issuer: string
let server: Server
let settings: SignInSettings
beforeAll(async () => {
  const started = await startProvider()
  issuer = started.issuer
  server = started.server
  settings = { issuer, clientId: 'countersign', redirectUri, clock }
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('a provider that cannot sign anyone in yet', () => {
  const attempt = async (fetching: typeof fetch, more: Partial<SignInSettings> = {}) => {
    const signIn = createSignIn({ ...settings, ...more, fetch: fetching })
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    return signIn.finish(await browse(as('ben', url)), pending)
  }

  const listing = (methods: unknown) =>
    tampering('openid-configuration', (body) => ({ ...body, token_endpoint_auth_methods_supported: methods }))
  const posting = { clientId: 'posting', clientSecret: secret }
  it.each<[string, unknown]>([
    ['only in the body', ['client_secret_post']],
    ['in the body, by its client’s registration', ['client_secret_basic', 'client_secret_post']],
    ['in the body, and its metadata are silent', undefined],
    ['in the body, beside what we do not know', ['tls_client_auth', 'client_secret_post', 7]],
  ])('D6: signs people in when it takes the secret %s', async (_, methods) => {
    expect(await attempt(listing(methods), posting)).toMatchObject({ subject: 'ben' })
  })

  it.each<[string, unknown, Partial<SignInSettings>, RegExp]>([
    ['a signed assertion', ['private_key_jwt'], posting, /takes clients by private_key_jwt only; .* client secret/],
    ['nothing', [], posting, /takes clients by nothing only/],
    ['another secret', undefined, { ...posting, clientSecret: 'wrong' }, /invalid_client.* client secret/],
    ['a secret that is not configured', undefined, { clientId: 'posting' }, /invalid_client.* or none/],
  ])('D6: says so when it takes this client only with %s', async (_, methods, client, because) => {
    const failing = attempt(listing(methods), client)
    await expect(failing).rejects.toMatchObject({ detail: { kind: 'misconfigured' } })
    expect(await why(failing)).toMatch(because)
  })

  it.each<[string, typeof fetch, string, RegExp]>([
    [
      'cannot be reached',
      () => Promise.reject(new TypeError('fetch failed')),
      'away',
      /metadata at http.*fetch failed/,
    ],
    ['fails', async () => new Response('', { status: 502 }), 'away', /metadata/],
    ['is not there', async () => new Response('', { status: 404 }), 'misconfigured', /answers 404/],
    ['answers with a page', async () => new Response('<html>'), 'misconfigured', /not this issuer’s/],
    ['answers with half of it', async () => Response.json({ issuer: 'x' }), 'misconfigured', /not this issuer’s/],
  ])('D6: says so when it %s', async (_, fetching, kind, because) => {
    const reaching = createSignIn({ ...settings, fetch: fetching }).reach()
    await expect(reaching).rejects.toMatchObject({ detail: { kind } })
    expect(await why(reaching)).toMatch(because)
  })

  it.each<[string, number, string]>([
    ['is away', 503, 'away'],
    ['is not found', 404, 'misconfigured'],
    ['wants no part of us', 401, 'misconfigured'],
  ])('D6: says so when its token endpoint %s', async (_, status, kind) => {
    const failing: typeof fetch = (input, init) =>
      addressOf(input).endsWith('/token') ? Promise.resolve(new Response('', { status })) : fetch(input, init)
    await expect(attempt(failing)).rejects.toMatchObject({
      detail: { kind, why: expect.stringContaining(`${status}`) },
    })
  })

  it('D6: says so when it knows another redirect address', async () => {
    const mismatch: typeof fetch = (input, init) =>
      addressOf(input).endsWith('/token')
        ? Promise.resolve(Response.json({ error: 'redirect_uri_mismatch' }, { status: 400 }))
        : fetch(input, init)
    expect(await why(attempt(mismatch))).toMatch(/redirect address is not the one registered/)
  })

  it('can be reached again after it was not there', async () => {
    let there = false
    const late: typeof fetch = async (...call) => {
      if (!there) throw new Error('refused')
      return fetch(...call)
    }
    const signIn = createSignIn({ ...settings, fetch: late })
    expect(await why(signIn.begin({ returnTo: '/' }))).toMatch(/refused/)
    there = true
    expect((await signIn.begin({ returnTo: '/' })).url).toContain(issuer)
  })
})

const addressOf = (input: Parameters<typeof fetch>[0]): string =>
  input instanceof Request ? input.url : input.toString()
