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
import { foreseeOrigin } from '@countersign/egress'
import type { McpConfig, ServerConfig } from './config.ts'
import { openConversation } from './conversation.ts'
import { reach } from './reach.ts'

/** `check --connect` gives a server this long to start and to list its tools: first starts download what they run. */
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

/** As the gateway itself does it. */
async function askForTools(name: string, server: ServerConfig): Promise<string | undefined> {
  const opening = await openConversation({
    open: reach(name, server, () => undefined),
    withinMs: tryForMs,
    told: () => undefined,
    lost: () => undefined,
  })
  if (opening.kind === 'failed') return `It did not answer as an MCP server: ${opening.says}.`
  const { conversation } = opening
  try {
    const answer = await conversation.ask({ method: 'tools/list', withinMs: tryForMs })
    if (answer.kind === 'result') return undefined
    return `It did not tell its tools: ${'says' in answer ? answer.says : 'it forgot the session'}.`
  } finally {
    await conversation.close()
  }
}
