/**
 * The instance as it is installed: `countersign serve` on the built code, in a process of its own, with an agent and
 * people.
 *
 * @module
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, createDemoProvider, freePorts, openBrowser } from '@countersign/demo'
import { answers, run, start } from './processes.ts'

export interface BenchInstance {
  readonly url: string
  /** Where the HTTP gateway listens. */
  readonly gatewayUrl: string
  readonly pid: number
  /** Of an agent that finance and platform policies speak of. */
  readonly key: string
  /** A finance controller, signed in: may sign what the agent asks. */
  readonly ben: Browser
  /** Another agent, with the groups of the first; its key. */
  addAgent(name: string): Promise<string>
  close(): Promise<void>
}

export const program = [process.execPath, fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))]
export const policies = fileURLToPath(new URL('../policies', import.meta.url))

/** `gateways` is given the port that the HTTP gateway shall listen on. */
export async function openInstance(gateways: (httpPort: number) => object): Promise<BenchInstance> {
  const folder = await makeFolder()
  const [port = 0, httpPort = 0, idpPort = 0] = await freePorts(3)
  const url = `http://localhost:${port}`
  const provider = await openProvider(idpPort, url)
  const data = join(folder, 'data')
  const config = join(folder, 'countersign.yaml')
  await writeFile(
    config,
    JSON.stringify({
      name: 'bench',
      listen: { port },
      identity: { issuer: provider.issuer, clientId: 'countersign', scopes: ['openid', 'profile', 'email'] },
      policies,
      registry: join(policies, 'registry.yaml'),
      agentGroups: ['ml-agents', 'finance-agents', 'platform-agents'],
      limits: { open: 1_000_000, asked: 1_000_000 },
      gateways: gateways(httpPort),
    }),
  )
  const instance = start([...program, 'serve', '--json', '--config', config, '--data', data])
  const close = async () => {
    await instance.close()
    await provider.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await instance.firstLine
    await answers(`${url}/readyz`)
    const [ana, ben] = [openBrowser(url), openBrowser(url)]
    await Promise.all([ana.signIn('ana'), ben.signIn('ben')])
    const addAgent = async (name: string) => {
      const about = ['--owner', 'ana@acme.example', '--team', 'finance-controllers']
      const groups = ['--groups', 'finance-agents,platform-agents']
      const added = await run([...program, 'agents', 'add', name, ...about, ...groups, '--data', data, '--json'])
      return (JSON.parse(added) as { key: string }).key
    }
    const key = await addAgent('bench-bot')
    return { url, gatewayUrl: `http://127.0.0.1:${httpPort}`, pid: instance.pid, key, ben, addAgent, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** As root, PostgreSQL runs as someone else, who has to pass. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  await chmod(folder, 0o711)
  await mkdir(join(folder, 'data'), { mode: 0o711 })
  return folder
}

async function openProvider(port: number, instance: string) {
  const issuer = `http://127.0.0.1:${port}`
  const client = { client_id: 'countersign', redirect_uris: [`${instance}/sign-in/callback`] }
  const provider = await createDemoProvider({ issuer, clients: [client] })
  const server = createServer((request, response) => provider.callback(request, response))
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await provider.close()
    },
  }
}
