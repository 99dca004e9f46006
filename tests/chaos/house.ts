/**
 * The house under test, as a process of its own: embedded PostgreSQL, identity provider, HTTP and MCP gateways.
 * Settings come as JSON in the environment; one line of JSON on stdout says that it stands.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Store } from '@countersign/core'
import { type AgentId, agentGroups, companyRegistry, createDemoProvider, introduce } from '@countersign/demo'
import { Config, createLog, startHouse } from '@countersign/server'
import { upstream } from './upstream.ts'

/** What `main.ts` hands to the house. */
export interface HouseSettings {
  readonly dataDir: string
  readonly policies: string
  readonly port: number
  readonly httpPort: number
  readonly companyUrl: string
  readonly companyToken: string
}

/** What the house says once it stands. */
export interface Ready {
  readonly vkey: string
  readonly folder: string
  readonly keys: Readonly<Record<AgentId, string>>
}

const { dataDir, policies, port, httpPort, companyUrl, companyToken } = JSON.parse(
  process.env['CHAOS_HOUSE'] ?? '{}',
) as HouseSettings
const publicUrl = `http://localhost:${port}`
const issuer = `${publicUrl}/demo/idp`
const folder = join(dataDir, 'files')
await mkdir(folder, { recursive: true, mode: 0o700 })

const provider = await createDemoProvider({
  issuer,
  clients: [{ client_id: 'countersign', redirect_uris: [`${publicUrl}/sign-in/callback`] }],
  keysFile: join(dataDir, 'demo-idp.json'),
})
const server = createRequire(import.meta.resolve('@countersign/demo')).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)
const house = await startHouse({
  config: Config.parse({
    name: 'chaos',
    listen: { port },
    publicUrl,
    identity: { issuer, clientId: 'countersign', scopes: ['openid', 'profile', 'email'] },
    policies,
    agentGroups,
    registry: companyRegistry,
    limits: { open: 100_000, asked: 100_000 },
    gateways: {
      http: {
        listen: `127.0.0.1:${httpPort}`,
        upstreams: { company: upstream({ url: companyUrl, token: companyToken }) },
      },
      mcp: {
        servers: { files: { command: [process.execPath, server, folder], preset: 'filesystem' } },
        patienceMs: 700,
      },
    },
  }),
  dataDir,
  baseDir: '/',
  consoleDir: join(dataDir, 'no-console'),
  version: '0.0.0',
  demo: true,
  mounts: [{ path: '/demo/idp', answer: (request, response) => provider.callback(request, response) }],
  log: createLog((text) => process.stderr.write(text)),
})
const keys = await keysOf(house.store)
process.stdout.write(`${JSON.stringify({ vkey: house.vkey, folder, keys } satisfies Ready)}\n`)

await new Promise<void>((stop) => {
  process.once('SIGTERM', () => stop())
  process.stdin.resume().once('end', () => stop()) // whoever started it is gone
})
await house.close()
await provider.close()
process.exit(0)

/** Agents' keys are shown once, so they are written down for the next start. */
async function keysOf(store: Store): Promise<Ready['keys']> {
  const file = join(dataDir, 'keys.json')
  if ((await store.agents.list()).length > 0) return JSON.parse(await readFile(file, 'utf8')) as Ready['keys']
  const made = await introduce(store, issuer)
  await writeFile(file, JSON.stringify(made), { mode: 0o600 })
  return made
}
