import type { Server } from 'node:http'
import { isError } from '@countersign/core'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSignIn, type SignInSettings } from './oidc.ts'
import { verifyIdTokenProof } from './proof.ts'
import { browse, redirectUri, startProvider } from './fixture.ts'
import { createMemorySessionStore } from './session-store.ts'
import { createSessions } from './sessions.ts'

const clock = { now: () => Date.now() }

const as = (who: string, url: string) => `${url}&login_hint=${who}`
/** Why signing in failed, as the log would say it. */
const why = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'it did not fail',
    (error: unknown) => {
      if (!isError(error, 'ERR_SIGN_IN_FAILED')) throw error
      return (error.detail as { why: string }).why
    },
  )

let issuer: string
let server: Server
let settings: SignInSettings
beforeAll(async () => {
  const started = await startProvider()
  issuer = started.issuer
  server = started.server
  settings = { issuer, clientId: 'house', redirectUri, clock }
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
    const expected = { issuer, clientId: 'house', subject: 'ben', at: signedIn.issuedAt }
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

  it('never leads elsewhere than to our own redirect URI, whatever host it seems to come to', async () => {
    const signIn = createSignIn(settings)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const callback = new URL(await browse(as('ben', url)))
    const seen = `http://evil.example/elsewhere${callback.search}`
    expect(await signIn.finish(seen, pending)).toMatchObject({ subject: 'ben' })
  })
})

describe('a provider that lies', () => {
  /** Answers as the real one does, but for what `tamper` changes in a JSON answer whose address ends so. */
  const tampering =
    (ending: string, tamper: (body: Record<string, unknown>) => unknown): typeof fetch =>
    async (input, init) => {
      const response = await fetch(input, init)
      if (typeof input !== 'string' || !input.endsWith(ending)) return response
      return Response.json(await tamper((await response.json()) as Record<string, unknown>), {
        status: response.status,
      })
    }
  const attempt = async (fetching: typeof fetch) => {
    const signIn = createSignIn({ ...settings, fetch: fetching })
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    return signIn.finish(await browse(as('ben', url)), pending)
  }
  const resigned = async (change: Record<string, unknown>, token: unknown) => {
    const { privateKey } = await generateKeyPair('ES256')
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

it.each(['http://sso.acme.example', 'http://127.0.0.1.evil.example', 'ftp://localhost', 'no url'])(
  'an issuer at %s is a mistake in the configuration',
  (wrong) => {
    expect(() => createSignIn({ ...settings, issuer: wrong })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    )
  },
)
