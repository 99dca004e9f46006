/**
 * The demo's OpenID provider: a provider on this machine, with a people picker where others ask for a password.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLoopbackProvider, type LoopbackClient, type LoopbackProvider } from '@countersign/identity/local'
import { contentSecurityPolicy, problemPage } from './page.ts'
import { type DemoPerson, people } from './people.ts'
import { createPicking, demoAcr } from './picking.ts'

export interface DemoProviderSettings {
  /** Its path is where the provider is mounted: `http://localhost:4600/demo/idp`. */
  readonly issuer: string
  readonly clients: readonly LoopbackClient[]
  /** Signing keys are kept here (0600), so that what was signed before a restart can be verified after it. */
  readonly keysFile?: string
}

export interface DemoProvider extends LoopbackProvider {
  readonly people: readonly DemoPerson[]
}

/** @throws ERR_CONFIG_INVALID for an issuer that is not on this machine */
export async function createDemoProvider(settings: DemoProviderSettings): Promise<DemoProvider> {
  const { issuer, clients } = settings
  const policy = contentSecurityPolicy([...new Set(clients.flatMap(redirectOrigins))])
  const provider = await createLoopbackProvider({
    ...settings,
    acr: demoAcr,
    contentSecurityPolicy: policy,
    accountOf: async (id) => people.find((one) => one.id === id),
    problemPage,
    interact: (made) =>
      createPicking({ provider: made, policy, origin: new URL(issuer).origin, nameOf: clientNames(clients) }),
  })
  return { ...provider, people }
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

const redirectOrigins = ({ redirect_uris }: LoopbackClient) => redirect_uris.map((uri) => new URL(uri).origin)

const clientNames = (clients: readonly LoopbackClient[]) => (id: unknown) =>
  clients.find(({ client_id }) => client_id === id)?.client_name ?? 'Countersign'
