/**
 * The instance under test, as a process of its own: PostgreSQL, embedded or elsewhere, and HTTP and MCP gateways.
 * Settings come as JSON in the environment; one line of JSON on stdout says that it stands.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Store } from '@countersign/core'
import { type AgentId, agentGroups, companyRegistry, introduce } from '@countersign/demo'
import { Config, createLog, startInstance } from '@countersign/server'
import { upstream } from './upstream.ts'

/** What `main.ts` hands to the instance. */
export interface InstanceSettings {
  readonly dataDir: string
  /** Of several instances each has its own data, and all have the same keys, of the deployment and of its agents. */
  readonly keysFile: string
  /** Where tools write. */
  readonly folder: string
  /** Without one PostgreSQL is embedded. */
  readonly storeUrl?: string
  readonly issuer: string
  readonly policies: string
  readonly port: number
  readonly httpPort: number
  readonly companyUrl: string
  readonly companyToken: string
}

/** What the instance says once it stands. */
export interface Ready {
  readonly vkey: string
  readonly keys: Readonly<Record<AgentId, string>>
}

const settings = JSON.parse(process.env['CHAOS_INSTANCE'] ?? '{}') as InstanceSettings
const { dataDir, keysFile, folder, storeUrl, issuer, policies, port, httpPort, companyUrl, companyToken } = settings
await mkdir(folder, { recursive: true, mode: 0o700 })

const server = createRequire(import.meta.resolve('@countersign/demo')).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)
const instance = await startInstance({
  config: Config.parse({
    name: 'chaos',
    listen: { port },
    publicUrl: `http://localhost:${port}`,
    store: { url: storeUrl },
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
  log: createLog((text) => process.stderr.write(text)),
})
const keys = await keysOf(instance.store)
process.stdout.write(`${JSON.stringify({ vkey: instance.vkey, keys } satisfies Ready)}\n`)

await new Promise<void>((stop) => {
  process.once('SIGTERM', () => stop())
  process.stdin.resume().once('end', () => stop()) // whoever started it is gone
})
await instance.close()
process.exit(0)

/** Agents' keys are shown once, so they are written down for the next start. */
async function keysOf(store: Store): Promise<Ready['keys']> {
  if ((await store.agents.list()).length > 0) return JSON.parse(await readFile(keysFile, 'utf8')) as Ready['keys']
  const made = await introduce(store, issuer)
  await writeFile(keysFile, JSON.stringify(made), { mode: 0o600 })
  return made
}
