// oxlint-disable-next-line typescript/triple-slash-reference -- others compile this file by its package's name
/// <reference path="../oidc-provider.d.ts" />
/**
 * An OpenID provider on this machine: the certified `oidc-provider`, with the one step that it leaves to others handed in.
 * On this machine only, because whoever reaches it can be anyone it knows.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CountersignError } from '@countersign/core'
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { base, Prompt } from 'oidc-provider/lib/helpers/interaction_policy/index.js'
import { Provider } from 'oidc-provider/lib/provider.js'
import { providerKeys, type ProviderKeys } from './keys.ts'

export interface LoopbackProviderSettings {
  /** What its tokens say. A path of it is where the provider is mounted. */
  readonly issuer: string
  /** Where it answers, if that is elsewhere than at its issuer: `http://localhost:4600/local-people`. */
  readonly at?: string
  readonly clients: readonly LoopbackClient[]
  /** Signing keys are kept here (0600), so that what was signed before a restart can be verified after it. */
  readonly keysFile?: string
  /** The authentication context of every sign-in. */
  readonly acr: string
  /** Of its pages. */
  readonly contentSecurityPolicy: string
  accountOf(id: string): Promise<LoopbackAccount | undefined>
  problemPage(says: string): string
  /** Says who is at the browser, by `provider.interactionFinished`. */
  interact(provider: Provider): (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

export interface LoopbackClient {
  readonly client_id: string
  readonly client_name?: string
  /** Without one the client is public, and PKCE protects it alone. */
  readonly client_secret?: string
  readonly redirect_uris: readonly string[]
}

export interface LoopbackAccount {
  readonly name: string
  readonly email?: string | undefined
  readonly groups: readonly string[]
}

export interface LoopbackProvider {
  readonly issuer: string
  /** Answers every request below the path that it is mounted at; for a `node:http` listener. */
  callback(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

/** @throws ERR_CONFIG_INVALID for an address that is not on this machine */
export async function createLoopbackProvider(settings: LoopbackProviderSettings): Promise<LoopbackProvider> {
  const { issuer, at = issuer, contentSecurityPolicy: policy, problemPage } = settings
  const { protocol, hostname, host, pathname } = new URL(at)
  if (protocol !== 'http:' || !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
    throw new CountersignError('ERR_CONFIG_INVALID', { issuer: at })
  }
  const prefix = pathname.replace(/\/$/, '')
  const provider = new Provider(issuer, configure(settings, prefix, await providerKeys(settings.keysFile)))
  provider.silent = true
  const answer = provider.callback()
  const interact = settings.interact(provider)
  let closed = false

  return {
    issuer,
    callback(request, response) {
      const url = request.url ?? '/'
      if (closed) return send(response, 503, problemPage('Countersign is closing.'), policy)
      if (!onThisMachine(request) || request.headers.host !== host) {
        return send(response, 403, problemPage('These people live on this machine only.'), policy)
      }
      if (prefix !== '' && !/^[/?]|^$/.test(url.startsWith(prefix) ? url.slice(prefix.length) : '!')) {
        return send(response, 404, problemPage('There is nothing here.'), policy)
      }
      const inside = url.slice(prefix.length) || '/'
      if (inside.startsWith('/interaction/')) return void interact(request, response)
      Object.assign(request, { originalUrl: url, url: inside }) // how the provider learns where it is mounted
      void answer(request, response)
    },
    async close() {
      closed = true
    },
  }
}

/** A working day, and then some: after it a browser proves again who it is. */
const sessionSeconds = 12 * 3600

function configure(settings: LoopbackProviderSettings, prefix: string, keys: ProviderKeys): Configuration {
  const { clients, acr, accountOf, problemPage, contentSecurityPolicy } = settings
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
    acrValues: [acr],
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
      Session: sessionSeconds,
      Grant: sessionSeconds,
    },
    async findAccount(_, id) {
      const account = await accountOf(id)
      if (!account) return undefined
      const { name, email, groups } = account
      return {
        accountId: id,
        claims: () => ({ sub: id, name, ...(email !== undefined && { email }), groups: [...groups] }),
      }
    },
    loadExistingGrant: grantEverything,
    renderError(ctx) {
      ctx.type = 'html'
      ctx.set('Content-Security-Policy', contentSecurityPolicy)
      ctx.body = problemPage('The sign-in could not go on: it may have taken too long, or was begun elsewhere.')
    },
  }
}

const clientMetadata = ({ client_id, client_name, client_secret, redirect_uris }: LoopbackClient): ClientMetadata => ({
  client_id,
  redirect_uris: [...redirect_uris],
  token_endpoint_auth_method: client_secret === undefined ? 'none' : 'client_secret_basic',
  ...(client_name === undefined ? {} : { client_name }),
  ...(client_secret === undefined ? {} : { client_secret }),
})

/** Besides `login`: a client may ask to choose again, to switch person. Nobody consents to anything here. */
function prompts(): Prompt[] {
  const policy = base()
  policy.remove('consent')
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0)
  return policy
}

async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider, requestParamScopes } = ctx.oidc
  if (!client || !session?.accountId) return undefined
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope([...requestParamScopes].join(' '))
  await grant.save()
  return grant
}

const onThisMachine = ({ socket }: IncomingMessage) =>
  /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')

/** `same-origin`, because with a stricter referrer policy a browser hides the form's origin from us. */
export function send(response: ServerResponse, status: number, html: string, policy: string): void {
  if (response.headersSent) return
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  response.end(html)
}
