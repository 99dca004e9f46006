/**
 * MCP servers that a client on this machine is configured with: Claude Code, Codex, Cursor, VS Code. Files are read as
 * their clients read them and never written.
 *
 * @module
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type ParseError, parse as parseJsonc } from 'jsonc-parser'
import { parse as parseToml } from 'smol-toml'
import { z } from 'zod'

/** One server as its client knows it, with the secrets that stand there. */
export interface FoundServer {
  /** As the client calls it. */
  readonly name: string
  /** The client and the file, for people: `Claude Code, .mcp.json`. */
  readonly from: string
  /** The folder that relative paths and `${workspaceFolder}` mean. */
  readonly folder: string
  readonly spec: ServerSpec
}

export interface Trouble {
  readonly about: string
  readonly says: string
}

export interface Found {
  readonly servers: readonly FoundServer[]
  /** What could not be read, or cannot be put behind a gate. */
  readonly troubles: readonly Trouble[]
}

const texts = z.record(z.string(), z.coerce.string())

/** The keys of all four clients; what one does not know is absent there. */
const ServerSpec = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  args: z.array(z.coerce.string()).default([]),
  env: texts.default({}),
  cwd: z.string().optional(),
  url: z.string().optional(),
  headers: texts.default({}),
  http_headers: texts.default({}),
  /** Codex: header → variable. */
  env_http_headers: texts.default({}),
  bearer_token_env_var: z.string().optional(),
  disabled: z.boolean().default(false),
  enabled: z.boolean().default(true),
})
export type ServerSpec = z.infer<typeof ServerSpec>

const Servers = z.record(z.string(), z.unknown())

/**
 * Of a client's configuration file, more than any is long, and short enough to read at once; a larger one is not read.
 */
const mostBytes = 4 << 20

type Read = (text: string, folder: string) => Readonly<Record<string, unknown>>

interface ClientFile {
  readonly client: string
  readonly path: string
  readonly read: Read
  /** The user's own file, not the project's. */
  readonly home: boolean
}

const mcpServers: Read = (text) => Servers.optional().parse(jsonOf(text)['mcpServers']) ?? {}

/** Servers of the user, and those of this folder. */
const claudeJson: Read = (text, folder) => {
  const file = jsonOf(text)
  const projects = Servers.catch({}).parse(file['projects'])
  const here = Servers.catch({}).parse(projects[folder])
  return { ...Servers.catch({}).parse(file['mcpServers']), ...Servers.catch({}).parse(here['mcpServers']) }
}

const vsCode: Read = (text) => Servers.optional().parse(jsonOf(text)['servers']) ?? {}
const codex: Read = (text) => Servers.optional().parse(parseToml(text)['mcp_servers']) ?? {}

const clientFilesIn = (folder: string, home: string | undefined): ClientFile[] => [
  { client: 'Claude Code', path: join(folder, '.mcp.json'), read: mcpServers, home: false },
  { client: 'Cursor', path: join(folder, '.cursor/mcp.json'), read: mcpServers, home: false },
  { client: 'VS Code', path: join(folder, '.vscode/mcp.json'), read: vsCode, home: false },
  { client: 'Codex', path: join(folder, '.codex/config.toml'), read: codex, home: false },
  ...(home === undefined || home === folder
    ? []
    : [
        { client: 'Claude Code', path: join(home, '.claude.json'), read: claudeJson, home: true },
        { client: 'Codex', path: join(home, '.codex/config.toml'), read: codex, home: true },
        { client: 'Cursor', path: join(home, '.cursor/mcp.json'), read: mcpServers, home: true },
      ]),
]

/** What clients know in this folder, and in the user's own files; the project's come first. */
export function findServers(folder: string, home: string | undefined): Found & { readonly ofHome: Found } {
  const there = clientFilesIn(folder, home).filter(({ path }) => existsSync(path))
  const all = (ofHome: boolean) =>
    joined(there.filter((file) => file.home === ofHome).map((file) => readClientFile(file, folder)))
  return { ...all(false), ofHome: all(true) }
}

/** A file that the user names, in whichever of the forms it is. */
export function serversIn(path: string): Found {
  const folder = folderOf(resolve(path))
  const read: Read = (text) => {
    if (path.endsWith('.toml')) return codex(text, folder)
    const file = jsonOf(text)
    return file['mcpServers'] === undefined ? vsCode(text, folder) : claudeJson(text, folder)
  }
  return readClientFile({ client: 'MCP configuration', path: resolve(path), read, home: false }, folder)
}

function readClientFile({ client, path, read, home }: ClientFile, here: string): Found {
  const from = `${client}, ${path.startsWith(`${here}/`) ? path.slice(here.length + 1) : path}`
  try {
    if (statSync(path).size > mostBytes) throw new Error('it is too large')
    const folder = home ? here : folderOf(path)
    const read_ = Object.entries(read(readFileSync(path, 'utf8'), here)).map(([name, spec]) => {
      const parsed = ServerSpec.safeParse(spec)
      if (parsed.success) return { server: { name, from, folder, spec: parsed.data } }
      const [issue] = parsed.error.issues
      return {
        trouble: { about: `${name} (${from})`, says: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` },
      }
    })
    return {
      servers: read_.flatMap(({ server }) => (server ? [server] : [])),
      troubles: read_.flatMap(({ trouble }) => (trouble ? [trouble] : [])),
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    return { servers: [], troubles: [{ about: from, says: `cannot be read: ${why}` }] }
  }
}

/** The project's folder, for a file in one of its dot folders. */
const folderOf = (path: string) => dirname(path).replace(/\/\.(?:cursor|vscode|codex)$/, '')

/** JSON with comments and trailing commas, as these clients allow. */
function jsonOf(text: string): Readonly<Record<string, unknown>> {
  const errors: ParseError[] = []
  const value: unknown = parseJsonc(text, errors, { allowTrailingComma: true, allowEmptyContent: true })
  if (errors[0]) throw new Error(`no JSON at character ${errors[0].offset}`)
  return Servers.parse(value ?? {})
}

const joined = (founds: readonly Found[]): Found => ({
  servers: founds.flatMap(({ servers }) => servers),
  troubles: founds.flatMap(({ troubles }) => troubles),
})
