/**
 * An instance with a company around it, to try out: nothing in here leaves this machine.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { LogLine, Store } from '@countersign/core'
import { Config, type StartedInstance, startInstance } from '@countersign/server'
import { type AgentId, agentGroups, introduce } from './cast.ts'
import { type RunningCompany, startCompany } from './company/company.ts'
import { companyUpstream } from './company/gateway.ts'
import { companyRegistry } from './company/registry.ts'
import { createDemoProvider } from './idp/provider.ts'
import type { Told } from './send.ts'
import { sendPatiently } from './patient.ts'
import type { Step } from './steps.ts'
import { tryIt } from './try-it.ts'

export interface DemoSettings {
  readonly dataDir: string
  readonly port: number
  readonly httpPort: number
  /** Directory of `.cedar` files. */
  readonly policies: string
  readonly consoleDir: string
  readonly version: string
  /** More of the HTTP gateway's section: a certificate, other upstreams beside the company. */
  readonly http?: { readonly upstreams?: object; readonly tls?: object }
  /** Other instances of this deployment, whose people sign in with the same provider. */
  readonly alsoAt?: readonly string[]
  log(line: LogLine): void
}

export interface Demo {
  readonly instance: StartedInstance
  readonly config: Config
  readonly company: RunningCompany
  /** Where the HTTP gateway listens. */
  readonly gatewayUrl: string
  /** The folder that the tool server works in. */
  readonly folder: string
  readonly keys: Readonly<Record<AgentId, string>>
  /**
   * Lets the step's agent do it; it waits for people, and comes back for its answer. Resolves with that; never rejects.
   */
  act(step: Step): Promise<Told | undefined>
  close(): Promise<void>
}

export async function openDemo(settings: DemoSettings): Promise<Demo> {
  const { dataDir, port, httpPort, policies, log } = settings
  const publicUrl = `http://localhost:${port}`
  const issuer = `${publicUrl}/demo/idp`
  const gatewayUrl = `${settings.http?.tls ? 'https' : 'http'}://127.0.0.1:${httpPort}`
  const folder = join(dataDir, 'files')
  await mkdir(folder, { recursive: true, mode: 0o700 })

  const token = randomBytes(32).toString('base64url')
  const company = await startCompany({ port: 0, token })
  const provider = await createDemoProvider({
    issuer,
    clients: [
      {
        client_id: 'countersign',
        client_name: 'Countersign',
        redirect_uris: [publicUrl, ...(settings.alsoAt ?? [])].map((url) => `${url}/sign-in/callback`),
      },
    ],
    keysFile: join(dataDir, 'demo-idp.json'),
  })
  const upstream = companyUpstream({ url: company.url, token })
  const config = Config.parse({
    name: 'demo',
    listen: { port },
    publicUrl,
    identity: { issuer, clientId: 'countersign', scopes: ['openid', 'profile', 'email'] },
    policies,
    agentGroups,
    registry: companyRegistry,
    gateways: {
      http: {
        ...settings.http,
        listen: `127.0.0.1:${httpPort}`,
        upstreams: { company: upstream, lab: { ...upstream, environment: 'staging' }, ...settings.http?.upstreams },
      },
      mcp: {
        servers: {
          files: { command: [process.execPath, filesystemServer(), folder], preset: 'filesystem', environment: 'prod' },
        },
      },
    },
  })

  let keys: Record<AgentId, string> | undefined
  const closing = new AbortController()
  const panel = tryIt({ publicUrl, act })
  let instance: StartedInstance | undefined
  try {
    instance = await startInstance({
      ...settings,
      config,
      baseDir: '/',
      demo: true,
      log,
      mounts: [
        { path: '/demo/idp', answer: (request, response) => provider.callback(request, response) },
        { path: '/demo/try', answer: panel },
      ],
    })
    keys = await keysOf(instance.store, issuer, join(dataDir, 'demo-keys.json'))
    return { instance, config, company, gatewayUrl, folder, keys, act, close }
  } catch (error) {
    await close()
    throw error
  }

  async function act(step: Step): Promise<Told | undefined> {
    const key = keys?.[step.agent]
    if (key === undefined) return undefined
    // An agent that was cut off tells nobody; what came of it stands in the record.
    return sendPatiently(step, { publicUrl, gatewayUrl, key, signal: closing.signal }).catch(() => undefined)
  }

  async function close(): Promise<void> {
    closing.abort()
    await instance?.close()
    await provider.close()
    await company.close()
  }
}

/** The agents' keys are shown once; the demo writes them down, so that a second start can use them. */
async function keysOf(store: Store, issuer: string, file: string): Promise<Record<AgentId, string>> {
  if ((await store.agents.list()).length > 0) {
    return JSON.parse(await readFile(file, 'utf8')) as Record<AgentId, string>
  }
  const keys = await introduce(store, issuer)
  await writeFile(file, JSON.stringify(keys), { mode: 0o600 })
  return keys
}

const filesystemServer = () =>
  createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js')
