/**
 * Whether the configured servers could be reached: their programs are there, their addresses may be called, and, if it is
 * asked for, they start and tell their tools.
 *
 * @module
 */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import type { Around, Finding } from '@countersign/core'
import { foreseeOrigin } from '../foresee.ts'
import type { McpConfig, ServerConfig } from './config.ts'

const tryForMs = 20_000

export async function foreseeServers({ servers }: McpConfig, around: Around): Promise<Finding[]> {
  const found = await Promise.all(
    Object.entries(servers).map(async ([name, server]) => {
      const { key, says } = await foreseeServer(name, server, around)
      return says.map((each): Finding => ({ level: 'warning', path: ['servers', name, key], says: each }))
    }),
  )
  return found.flat()
}

async function foreseeServer(
  name: string,
  server: ServerConfig,
  around: Around,
): Promise<{ key: string; says: string[] }> {
  const key = 'url' in server ? 'url' : 'command'
  const says =
    'url' in server ? await foreseeOrigin(new URL(server.url), server.private, around) : await program(server, around)
  if (says.length > 0 || !around.connect) return { key, says }
  const trouble = await askForTools(name, server)
  return { key, says: trouble === undefined ? [] : [trouble] }
}

type Program = Extract<ServerConfig, { command: string[] }>

/** Looked for as the system will, so that what is said is what would happen. */
async function program({ command: [name = ''], env, cwd }: Program, around: Around): Promise<string[]> {
  if (cwd !== undefined && !(await isFolder(cwd))) return [`Its folder ${cwd} is not there.`]
  const from = cwd ?? '.'
  if (name.includes('/'))
    return (await runs(resolve(from, name))) ? [] : [`There is no program ${name} that can be run.`]
  const path = env['PATH'] ?? around.env['PATH'] ?? ''
  for (const folder of path.split(delimiter).filter(Boolean)) {
    if (await runs(resolve(from, folder, name))) return []
  }
  return [`There is no program ${name} in PATH: install it, or name it with its whole path.`]
}

const isFolder = async (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function runs(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

async function askForTools(name: string, server: ServerConfig): Promise<string | undefined> {
  const [{ Client }, { openTransport }] = await Promise.all([
    import('@modelcontextprotocol/client'),
    import('./transport.ts'),
  ])
  const client = new Client({ name: 'countersign', version: '0.1.0' }, { capabilities: {} })
  try {
    await client.connect(
      openTransport(name, server, () => undefined),
      { timeout: tryForMs },
    )
    await client.listTools({}, { timeout: tryForMs })
    return undefined
  } catch (error) {
    return `It did not answer as an MCP server: ${causesOf(error)}.`
  } finally {
    await client.close().catch(() => undefined)
  }
}

/** Every cause in a line, without what it repeats. */
function causesOf(error: unknown): string {
  const words: string[] = []
  for (let at = error; at instanceof Error && words.length < 4; at = at.cause) {
    const says = at.message.split('\n')[0]?.slice(0, 200).replace(/\.$/, '')
    if (says && !words.includes(says)) words.push(says)
  }
  return words.join(': ') || 'no reason given'
}
