import type { Server } from 'node:http'
import { type CryptoKey, decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSignIn, type SignInSettings } from './oidc.ts'
import { verifyIdTokenProof } from './proof.ts'
import { as, browse, redirectUri, startProvider, tampering, why } from './fixture.ts'
import { createMemorySessionStore } from './session-store.ts'
import { createSessions } from './sessions.ts'

const clock = { now: () => Date.now() }

let issuer: string
let server: Server
let settings: SignInSettings
let privateKey: CryptoKey
beforeAll(async () => {
  const started = await startProvider()
  issuer = started.issuer
  server = started.server
  privateKey = started.privateKey
  settings = { issuer, clientId: 'countersign', redirectUri, clock }
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('signing in', () => {
  it('says who it is, by issuer and subject, with groups and what proves it', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/inbox', maxAgeSeconds: 60 })
    const asked = new URL(url).searchParams
    expect(asked.get('code_challenge_method')).toBe('S256')
    expect(asked.get('max_age')).toBe('60')

    const signedIn = await signIn.finish(await browse(as('ben', url)), pending)
    expect(signedIn).toMatchObject({
      issuer,
      subject: 'ben',
      name: 'Name of ben',
      email: 'ben@acme.example',
      groups: ['all', 'finance'],
      groupsPresent: true,
      acr: 'pwd',
      amr: ['pwd'],
    })
    expect(signedIn.authTime).toBeGreaterThan(0)
    expect(JSON.parse(signedIn.keys)).toMatchObject({ keys: [{ kid: 'one' }] })
    expect(JSON.stringify(signedIn.keys)).not.toContain('"d"')

    const proof = { token: signedIn.idToken, keys: signedIn.keys }
    const expected = { issuer, clientId: 'countersign', subject: 'ben', at: signedIn.issuedAt }
    expect(await verifyIdTokenProof(proof, expected)).toBe(true)
    expect(await verifyIdTokenProof(proof, { ...expected, authenticatedWithinMs: 60_000, acr: ['pwd'] })).toBe(true)
    expect(await verifyIdTokenProof(proof, { ...expected, subject: 'cleo' })).toBe(false)
  })

  it('asks the provider to choose the account again, or to authenticate now', async () => {
    const { url } = await createSignIn(settings).begin({ returnTo: '/', prompt: 'select_account', maxAgeSeconds: 0 })
    expect(new URL(url).searchParams.get('prompt')).toBe('select_account')
    const { url: again } = await createSignIn(settings).begin({ returnTo: '/', maxAgeSeconds: 0 })
    expect(new URL(again).searchParams.get('prompt')).toBe('login')
  })

  it('says that groups are unknown, and takes them for none, where the token has none', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const signedIn = await signIn.finish(await browse(as('nobody', url)), pending)
    expect(signedIn).toMatchObject({ groups: [], groupsPresent: false, groupsMissing: 'absent' })
  })

  it('refuses a weaker authentication context than was asked for', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/', acr: 'phr' })
    expect(await why(signIn.finish(await browse(as('ben', url)), pending))).toMatch(/context too weak/)
  })

  it('goes from the browser’s callback to a session, once', async () => {
    const signIn = createSignIn(settings)
    const sessions = createSessions({ store: createMemorySessionStore(), clock, secure: false })
    const begun = await signIn.begin({ returnTo: '/inbox' })
    const cookie = (await sessions.begin(begun.pending, undefined))[0]?.split(';')[0]
    const callback = await browse(as('ben', begun.url))

    expect(await why(sessions.resume(undefined, callback))).toMatch(/not begun in this browser/)
    const { pending } = await sessions.resume(cookie, callback)
    const opened = await sessions.open('per_ben', await signIn.finish(callback, pending), undefined)
    expect(await sessions.current(opened.split(';')[0])).toMatchObject({ person: 'per_ben', acr: 'pwd' })
    expect(await why(sessions.resume(cookie, callback))).toMatch(/used before/)
  })
})

describe('a callback that is not the answer to what was begun', () => {
  const table: readonly [string, (callback: URL, other: URL) => void, RegExp][] = [
    [
      'with the state of another sign-in',
      (url, other) => url.searchParams.set('state', other.searchParams.get('state') ?? ''),
      /state/,
    ],
    ['without a state', (url) => url.searchParams.delete('state'), /state/],
    ['with two states', (url) => url.searchParams.append('state', 'x'), /state/],
    [
      'with the code of another sign-in',
      (url, other) => url.searchParams.set('code', other.searchParams.get('code') ?? ''),
      /invalid_?grant/,
    ],
    ['with a made-up code', (url) => url.searchParams.set('code', 'made-up'), /invalid_?grant/],
    ['from another issuer (RFC 9207)', (url) => url.searchParams.set('iss', 'https://evil.example'), /iss/],
    ['without its issuer (RFC 9207)', (url) => url.searchParams.delete('iss'), /iss/],
    ['that carries an error', (url) => url.searchParams.set('error', 'access_denied'), /access_denied/],
  ]
  it.each(table)('is refused %s', async (_, forge, because) => {
    const signIn = createSignIn(settings)
    const mine = await signIn.begin({ returnTo: '/' })
    const theirs = await signIn.begin({ returnTo: '/' })
    const callback = new URL(await browse(as('ben', mine.url)))
    forge(callback, new URL(await browse(as('eve', theirs.url))))
    expect(await why(signIn.finish(callback, mine.pending))).toMatch(because)
  })

  it('is refused when its code comes again', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const callback = await browse(as('ben', url))
    await signIn.finish(callback, pending)
    expect(await why(signIn.finish(callback, pending))).toMatch(/invalid_?grant/)
  })

  it('is refused when the token was made for another nonce', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const callback = await browse(as('ben', url))
    expect(await why(signIn.finish(callback, { ...pending, nonce: 'another' }))).toMatch(/nonce/)
  })

  it('is refused after ten minutes', async () => {
    let nowMs = Date.now()
    const signIn = createSignIn({ ...settings, clock: { now: () => nowMs } })
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const callback = await browse(as('ben', url))
    nowMs += 10 * 60_000 + 1
    expect(await why(signIn.finish(callback, pending))).toMatch(/too long/)
  })

  it('works while the clock of the store is hours ahead of the provider and of this machine', async () => {
    const signIn = createSignIn({ ...settings, clock: { now: () => Date.now() + 2 * 3_600_000 } })
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    expect(await signIn.finish(await browse(as('ben', url)), pending)).toMatchObject({ subject: 'ben' })
  })

  it('never leads elsewhere than to our own redirect URI, whatever host it seems to come to', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const callback = new URL(await browse(as('ben', url)))
    const seen = `http://evil.example/elsewhere${callback.search}`
    expect(await signIn.finish(seen, pending)).toMatchObject({ subject: 'ben' })
  })
})

describe('a provider that lies', () => {
  const attempt = async (fetching: typeof fetch, more: Partial<SignInSettings> = {}) => {
    const signIn = createSignIn({ ...settings, ...more, fetch: fetching })
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    return signIn.finish(await browse(as('ben', url)), pending)
  }
  const resigned = async (change: Record<string, unknown>, token: unknown, key?: CryptoKey) => {
    const privateKey = key ?? (await generateKeyPair('ES256')).privateKey
    return new SignJWT({ ...decodeJwt(String(token)), ...change })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(privateKey)
  }
  const unsigned = (token: unknown) =>
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${String(token).split('.')[1]}.`

  it('is refused for metadata of another issuer', async () => {
    const lying = tampering('openid-configuration', (body) => ({ ...body, issuer: 'https://evil.example' }))
    expect(await why(attempt(lying))).toMatch(/issuer/)
  })

  it('is refused for an endpoint that is not https', async () => {
    const lying = tampering('openid-configuration', (body) => ({
      ...body,
      token_endpoint: 'http://evil.example/token',
    }))
    expect(await why(attempt(lying))).toMatch(/address that is not https/)
    const luring = tampering('openid-configuration', (body) => ({
      ...body,
      authorization_endpoint: 'http://evil.example',
    }))
    expect(await why(attempt(luring))).toMatch(/not https/)
  })

  it('is refused for a token signed by a key that is not the issuer’s, or by none', async () => {
    const forged = tampering('/token', async (body) => ({
      ...body,
      id_token: await resigned({ sub: 'cleo' }, body['id_token']),
    }))
    expect(await why(attempt(forged))).toMatch(/signature/)
    const bare = tampering('/token', (body) => ({ ...body, id_token: unsigned(body['id_token']) }))
    expect(await why(attempt(bare))).toMatch(/alg|signature/)
  })

  const saying = (change: Record<string, unknown>) =>
    tampering('/token', async (body) => ({ ...body, id_token: await resigned(change, body['id_token'], privateKey) }))

  it.each<[string, Record<string, unknown>, object]>([
    ['acr is a number', { acr: 1 }, { remarks: ['the claim acr is a number, not text'] }],
    ['acr and auth_time are null', { acr: null, auth_time: null }, {}],
    ['amr is a text', { amr: 'pwd' }, { remarks: ['the claim amr is a text of 3 characters, not a list of texts'] }],
    ['auth_time is a text', { auth_time: '17' }, { remarks: [expect.stringMatching(/auth_time is a text/)] }],
    ['email_verified is a text', { email_verified: 'true' }, { email: 'ben@acme.example' }],
    ['name is an object', { name: { given: 'Ben' } }, { name: 'ben@acme.example' }],
    ['groups is a text', { groups: 'finance' }, { groups: ['finance'] }],
  ])('D4: still signs people in when %s', async (_, change, expected) => {
    expect(await attempt(saying(change))).toMatchObject({ subject: 'ben', ...expected })
  })

  const hourAgo = Math.floor(Date.now() / 1000) - 3600
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['sub is a number', { sub: 7 }, /claim sub is a number/],
    ['aud is another', { aud: 'another' }, /claim aud is not this client/],
    ['azp is another', { aud: ['countersign', 'another'], azp: 'another' }, /claim azp is not this client/],
    ['iss is another', { iss: 'https://evil.example' }, /claim iss is not the configured issuer/],
    ['iat is a text', { iat: 'now' }, /claim iat/],
    ['exp is not there', { exp: undefined }, /no claim exp/],
  ])('D4: names the claim when %s', async (_, change, because) => {
    expect(await why(attempt(saying(change)))).toMatch(because)
  })

  it.each<[string, Record<string, unknown>]>([
    ['it has expired already', { exp: hourAgo }],
    ['it is not valid yet', { nbf: hourAgo + 7200 }],
    ['it was issued in the future', { iat: hourAgo + 7200, exp: hourAgo + 9999 }],
  ])('D6: says that the clocks do not agree when %s', async (_, change) => {
    const failing = attempt(saying(change))
    await expect(failing).rejects.toMatchObject({ detail: { kind: 'clock' } })
    expect(await why(failing)).toMatch(/\d+ s (off|in the future).*do not agree what time it is/)
  })

  it('is refused for an acr or auth_time that was asked for and is odd', async () => {
    const signIn = createSignIn({ ...settings, fetch: saying({ auth_time: '17', acr: 1 }) })
    const dated = await signIn.begin({ returnTo: '/', maxAgeSeconds: 60 })
    expect(await why(signIn.finish(await browse(as('ben', dated.url)), dated.pending))).toMatch(/auth_time is a text/)
    const strong = await signIn.begin({ returnTo: '/', acr: 'pwd' })
    expect(await why(signIn.finish(await browse(as('ben', strong.url)), strong.pending))).toMatch(/acr is a number/)
  })

  it('is refused for an authentication that is older than was asked for', async () => {
    const signIn = createSignIn({ ...settings, fetch: saying({ auth_time: hourAgo }) })
    const { url, pending } = await signIn.begin({ returnTo: '/', maxAgeSeconds: 60 })
    expect(await why(signIn.finish(await browse(as('ben', url)), pending))).toMatch(/auth_time is too long ago/)
  })

  it('is refused for an answer that never ends', async () => {
    const endless: typeof fetch = async () =>
      new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1 << 16)) }))
    expect(await why(attempt(endless))).toMatch(/too large|something went wrong/)
  })

  it('puts no token or code into an error', async () => {
    const forged = tampering('/token', async (body) => ({ ...body, id_token: await resigned({}, body['id_token']) }))
    const error: unknown = await attempt(forged).catch((thrown: unknown) => thrown)
    expect(JSON.stringify(error)).not.toMatch(/eyJ/)
    expect(error).toMatchObject({ message: 'Signing in did not work.' })
    expect(error).not.toHaveProperty('cause')
  })
})

it.each(['http://sso.acme.example', 'http://127.0.0.1.evil.example', 'ftp://localhost', 'no url'])(
  'an issuer at %s is a mistake in the configuration',
  (wrong) => {
    expect(() => createSignIn({ ...settings, issuer: wrong })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    )
  },
)
