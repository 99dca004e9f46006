/**
 * The demo's OpenID provider: the certified `oidc-provider`, with a people picker where others ask for a password. On
 * this machine only, because whoever reaches it can be anyone.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CountersignError } from '@countersign/core'
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { base, Prompt } from 'oidc-provider/lib/helpers/interaction_policy/index.js'
import { Provider } from 'oidc-provider/lib/provider.js'
import { providerKeys, type ProviderKeys } from './keys.ts'
import { contentSecurityPolicy, problemPage } from './page.ts'
import { type DemoPerson, people } from './people.ts'
import { createPicking, demoAcr, send } from './picking.ts'

export interface DemoProviderSettings {
  /** Its path is where the provider is mounted: `http://localhost:4600/demo/idp`. */
  readonly issuer: string
  readonly clients: readonly DemoClient[]
  /** Signing keys are kept here (0600), so that what was signed before a restart can be verified after it. */
  readonly keysFile?: string
}

export interface DemoClient {
  readonly client_id: string
  readonly client_name?: string
  /** Without one the client is public, and PKCE protects it alone. */
  readonly client_secret?: string
  readonly redirect_uris: readonly string[]
}

export interface DemoProvider {
  readonly issuer: string
  readonly people: readonly DemoPerson[]
  /** Answers every request below the issuer's path; for a `node:http` listener. */
  callback(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

/** @throws ERR_CONFIG_INVALID for an issuer that is not on this machine */
export async function createDemoProvider({ issuer, clients, keysFile }: DemoProviderSettings): Promise<DemoProvider> {
  const { protocol, hostname, host, pathname } = new URL(issuer)
  if (protocol !== 'http:' || !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
    throw new CountersignError('ERR_CONFIG_INVALID', { issuer })
  }
  const prefix = pathname.replace(/\/$/, '')
  const policy = contentSecurityPolicy([...new Set(clients.flatMap(redirectOrigins))])
  const provider = new Provider(issuer, configure(clients, prefix, policy, await providerKeys(keysFile)))
  provider.silent = true
  const answer = provider.callback()
  const picking = createPicking({ provider, policy, origin: new URL(issuer).origin, nameOf: clientNames(clients) })
  let closed = false

  return {
    issuer,
    people,
    callback(request, response) {
      const url = request.url ?? '/'
      if (closed) return send(response, 503, problemPage('The demo is closing.'), policy)
      if (!onThisMachine(request) || request.headers.host !== host) {
        return send(response, 403, problemPage('The demo’s people live on this machine only.'), policy)
      }
      if (prefix !== '' && !/^[/?]|^$/.test(url.startsWith(prefix) ? url.slice(prefix.length) : '!')) {
        return send(response, 404, problemPage('There is nothing here.'), policy)
      }
      const inside = url.slice(prefix.length) || '/'
      if (inside.startsWith('/interaction/')) return void picking(request, response)
      Object.assign(request, { originalUrl: url, url: inside }) // how the provider learns where it is mounted
      void answer(request, response)
    },
    async close() {
      closed = true
    },
  }
}

/** The provider on a listener of its own. `port` 0 takes a free one. */
export async function startDemoProvider({
  port,
  ...settings
}: Omit<DemoProviderSettings, 'issuer'> & { readonly port: number }): Promise<DemoProvider> {
  let provider: DemoProvider | undefined
  const server = createServer((request, response) => provider?.callback(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  provider = await createDemoProvider({
    ...settings,
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  return {
    ...provider,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}

const twelveHours = 12 * 3600

function configure(clients: readonly DemoClient[], prefix: string, policy: string, keys: ProviderKeys): Configuration {
  return {
    adapter: createMemoryAdapter(),
    jwks: keys.jwks,
    clients: clients.map(clientMetadata),
    clientDefaults: {
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      require_auth_time: true,
    },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    claims: { openid: ['sub', 'groups', 'acr', 'amr'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    acrValues: [demoAcr],
    scopes: ['openid', 'profile', 'email'],
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    interactions: { policy: prompts(), url: (_, { uid }) => `${prefix}/interaction/${uid}` },
    cookies: { keys: keys.cookies },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 600,
      Session: twelveHours,
      Grant: twelveHours,
    },
    findAccount: (_, id) => account(id),
    loadExistingGrant: grantEverything,
    renderError(ctx) {
      ctx.type = 'html'
      ctx.set('Content-Security-Policy', policy)
      ctx.body = problemPage('The sign-in could not go on: it may have taken too long, or was begun elsewhere.')
    },
  }
}

const clientMetadata = ({ client_id, client_name, client_secret, redirect_uris }: DemoClient): ClientMetadata => ({
  client_id,
  redirect_uris: [...redirect_uris],
  token_endpoint_auth_method: client_secret === undefined ? 'none' : 'client_secret_basic',
  ...(client_name === undefined ? {} : { client_name }),
  ...(client_secret === undefined ? {} : { client_secret }),
})

/** Besides `login`: a client may ask to choose again, to switch person. Nobody consents to anything in the demo. */
function prompts(): Prompt[] {
  const policy = base()
  policy.remove('consent')
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0)
  return policy
}

function account(id: string) {
  const person = people.find((one) => one.id === id)
  if (!person) return undefined
  const { name, email, groups } = person
  return {
    accountId: id,
    claims: () => ({ sub: id, name, email, groups: [...groups] }),
  }
}

async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider, requestParamScopes } = ctx.oidc
  if (!client || !session?.accountId) return undefined
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope([...requestParamScopes].join(' '))
  await grant.save()
  return grant
}

const redirectOrigins = ({ redirect_uris }: DemoClient) => redirect_uris.map((uri) => new URL(uri).origin)

const clientNames = (clients: readonly DemoClient[]) => (id: unknown) =>
  clients.find(({ client_id }) => client_id === id)?.client_name ?? 'Countersign'

const onThisMachine = ({ socket }: IncomingMessage) =>
  /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')
