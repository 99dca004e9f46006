import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, request as send, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSignIn, type SignInWish, verifyIdTokenProof } from '@countersign/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDemoProvider, type DemoProvider, startDemoProvider } from './provider.ts'

const clock = { now: () => Date.now() }

/** A listener with the provider below `/demo/idp`, and Countersign's own address beside it. */
async function startInstance(keysFile?: string) {
  let provider: DemoProvider | undefined
  const server = createServer((request, response) => provider?.callback(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const redirectUri = `${origin}/auth/callback`
  provider = await createDemoProvider({
    issuer: `${origin}/demo/idp`,
    clients: [{ client_id: 'countersign', client_name: 'Countersign', redirect_uris: [redirectUri] }],
    ...(keysFile === undefined ? {} : { keysFile }),
  })
  return { server, provider, origin, redirectUri }
}

async function stop(server: Server) {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

type Sending = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> }

/** A browser: cookies by path, redirects, and a form sent by choosing a button. */
function openBrowser(leaveFor: string) {
  const cookies = new Map<string, { value: string; path: string }>()

  async function go(url: string, init: Sending = {}): Promise<{ at: string; response: Response | undefined }> {
    for (let at = url, options = init, steps = 0; steps < 12; steps += 1) {
      if (at.startsWith(leaveFor)) return { at, response: undefined }
      const { pathname } = new URL(at)
      const sent = [...cookies].filter(([, { path }]) => pathname.startsWith(path))
      const headers = { ...options.headers, cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; ') }
      const response = await fetch(at, { ...options, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        cookies.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' })
      }
      const location = response.headers.get('location')
      if (location === null) return { at, response }
      at = new URL(location, at).href
      options = {}
    }
    throw new Error('walked in circles')
  }

  const choose = (at: string, field: string, value: string, headers = {}) =>
    go(at, { method: 'POST', body: new URLSearchParams({ [field]: value }), headers })
  return { go, choose }
}

let instance: Awaited<ReturnType<typeof startInstance>>
beforeAll(async () => {
  instance = await startInstance()
})
afterAll(() => stop(instance.server))

const signInAt = ({ provider, redirectUri }: typeof instance) =>
  createSignIn({ issuer: provider.issuer, clientId: 'countersign', redirectUri, clock })

async function signInAs(who: string, browser = openBrowser(instance.redirectUri), wish: Partial<SignInWish> = {}) {
  const signIn = signInAt(instance)
  const { url, pending } = await signIn.begin({ returnTo: '/', ...wish })
  const page = await browser.go(url)
  const { at } = page.response ? await browser.choose(page.at, 'person', who) : page
  return { ...(await signIn.finish(at, pending)), asked: page.response !== undefined }
}

describe('signing in at the demo', () => {
  it.each([
    ['ana', 'Ana Alves', ['agent-owners']],
    ['ben', 'Ben Okafor', ['finance-controllers']],
    ['cleo', 'Cleo Marchetti', ['cfo-office', 'security-admins']],
    ['eve', 'Eve Lindqvist', ['auditors']],
  ])('as %s', async (who, name, groups) => {
    const signedIn = await signInAs(who)
    expect(signedIn).toMatchObject({
      issuer: instance.provider.issuer,
      subject: who,
      name,
      email: `${who}@acme.example`,
    })
    expect(signedIn).toMatchObject({ groups, groupsPresent: true, acr: 'urn:countersign:demo', amr: ['user'] })
    expect(signedIn.authTime).toBeGreaterThan(0)
  })

  it('asks once, then remembers; asks again for another person, for max_age 0, and for the demo’s own context', async () => {
    const browser = openBrowser(instance.redirectUri)
    expect(await signInAs('ana', browser)).toMatchObject({ subject: 'ana', asked: true })
    expect(await signInAs('ben', browser)).toMatchObject({ subject: 'ana', asked: false })
    expect(await signInAs('ben', browser, { prompt: 'select_account' })).toMatchObject({ subject: 'ben', asked: true })
    expect(await signInAs('ben', browser)).toMatchObject({ subject: 'ben', asked: false })
    expect(await signInAs('ben', browser, { maxAgeSeconds: 0 })).toMatchObject({ subject: 'ben', asked: true })
    expect(await signInAs('cleo', browser, { prompt: 'login' })).toMatchObject({ subject: 'cleo', asked: true })
    expect(await signInAs('cleo', browser, { acr: 'urn:countersign:demo' })).toMatchObject({ subject: 'cleo' })
  })

  it('can be cancelled', async () => {
    const signIn = signInAt(instance)
    const browser = openBrowser(instance.redirectUri)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const page = await browser.go(url)
    const { at } = await browser.choose(page.at, 'cancel', 'yes')
    await expect(signIn.finish(at, pending)).rejects.toMatchObject({
      detail: { why: 'the provider answered access_denied' },
    })
  })
})

describe('the people picker', () => {
  const open = async (browser = openBrowser(instance.redirectUri)) => {
    const { url } = await signInAt(instance).begin({ returnTo: '/' })
    const page = await browser.go(url)
    return { browser, at: page.at, response: page.response, html: (await page.response?.text()) ?? '' }
  }

  it('G15: whoever wants to be another is not told to choose themselves again', async () => {
    const browser = openBrowser(instance.redirectUri)
    await signInAs('ana', browser)
    const { url } = await signInAt(instance).begin({ returnTo: '/', prompt: 'select_account' })
    const html = await (await browser.go(url)).response?.text()
    expect(html).toContain('Choose who you want to be')
    expect(html).not.toContain('yourself again')
  })

  it('shows everyone, runs no script, and lets a form lead only back to its clients', async () => {
    const { html, response } = await open()
    for (const { name } of instance.provider.people) expect(html).toContain(name)
    expect(html).toContain('<html lang="en">')
    expect(html).toContain('Who are you today?')
    expect(html).not.toMatch(/<script|\son\w+=|style="/)
    const policy = response?.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/default-src 'none'; style-src 'sha256-/)
    expect(policy).toContain(`form-action 'self' ${instance.origin};`)
    expect(policy).toContain("frame-ancestors 'none'")
  })

  it.each<
    [
      string,
      (at: string, browser: ReturnType<typeof openBrowser>) => Promise<{ response: Response | undefined }>,
      number,
    ]
  >([
    ['a name nobody has', (at, browser) => browser.choose(at, 'person', 'mallory'), 400],
    [
      'a form from another site',
      (at, browser) => browser.choose(at, 'person', 'ben', { origin: 'https://evil.example' }),
      403,
    ],
    ['another method', (at, browser) => browser.go(at, { method: 'PUT' }), 405],
    ['a form that is too long', (at, browser) => browser.choose(at, 'person', 'x'.repeat(10_000)), 400],
    ['another browser', (at) => openBrowser(instance.redirectUri).choose(at, 'person', 'ben'), 400],
  ])('refuses %s', async (_, act, status) => {
    const { at, browser } = await open()
    expect((await act(at, browser)).response?.status).toBe(status)
  })
})

describe('the provider', () => {
  it.each([
    ['another host name (DNS rebinding)', '/demo/idp/.well-known/openid-configuration', 'evil.example', 403],
    ['a path beside its own', '/demo/idpx/auth', undefined, 404],
    ['the root', '/', undefined, 404],
    ['an unknown path below its own', '/demo/idp/nothing', undefined, 404],
    ['its metadata', '/demo/idp/.well-known/openid-configuration', undefined, 200],
  ])('answers %s as it should', async (_, path, host, expected) => {
    const { port } = new URL(instance.origin)
    const status = await new Promise((resolve, reject) => {
      const headers = host === undefined ? {} : { host }
      send({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(expected)
  })

  it('names its endpoints below its path', async () => {
    const metadata = (await (
      await fetch(`${instance.provider.issuer}/.well-known/openid-configuration`)
    ).json()) as object
    expect(metadata).toMatchObject({
      issuer: instance.provider.issuer,
      token_endpoint: `${instance.origin}/demo/idp/token`,
      code_challenge_methods_supported: ['S256'],
    })
  })

  it('is not given out beyond this machine', async () => {
    const wide = createDemoProvider({ issuer: 'https://idp.example', clients: [] })
    await expect(wide).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  })

  it('runs alone on a port as well', async () => {
    const redirect = 'http://127.0.0.1:9/callback'
    const alone = await startDemoProvider({
      port: 0,
      clients: [{ client_id: 'countersign', redirect_uris: [redirect] }],
    })
    const signIn = createSignIn({ issuer: alone.issuer, clientId: 'countersign', redirectUri: redirect, clock })
    const browser = openBrowser(redirect)
    const { url, pending } = await signIn.begin({ returnTo: '/' })
    const { at } = await browser.choose((await browser.go(url)).at, 'person', 'eve')
    expect(await signIn.finish(at, pending)).toMatchObject({ subject: 'eve' })
    await alone.close()
  })
})

it('what was signed before a restart is verified by the same keys after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'))
  const keysFile = join(folder, 'idp.json')
  try {
    const [one, two] = await Promise.all([startInstance(keysFile), startInstance(keysFile)])
    const keysOf = async ({ provider }: typeof instance) => (await fetch(`${provider.issuer}/jwks`)).text()
    const keys = await keysOf(one)
    expect(await keysOf(two)).toBe(keys)
    expect(keys).not.toContain('"d"')
    expect((await stat(keysFile)).mode & 0o777).toBe(0o600)
    expect(await readFile(keysFile, 'utf8')).toContain('"d"')
    await Promise.all([stop(one.server), stop(two.server)])
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('its ID tokens are proofs', async () => {
  const { idToken, keys, issuer, issuedAt } = await signInAs('ben')
  const expected = { issuer, clientId: 'countersign', subject: 'ben', at: issuedAt }
  expect(await verifyIdTokenProof({ token: idToken, keys }, expected)).toBe(true)
})
