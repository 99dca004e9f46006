/**
 * A client's MCP server → a server behind the gate. Whatever may be a secret leaves for a variable; a reference that the
 * client would resolve becomes one that `countersign.yaml` resolves.
 *
 * @module
 */
import { isAbsolute, relative, resolve } from 'node:path'
import type { FoundServer, Trouble } from './found.ts'

/** A section of `gateways.mcp.servers`, its texts with `${NAME}` where a secret was. */
export type Behind = {
  readonly from: string
  readonly environment: string
  readonly preset?: 'filesystem'
} & (
  | { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly cwd?: string }
  | { readonly url: string; readonly private: boolean; readonly headers: Readonly<Record<string, string>> }
)

export interface Moved {
  readonly servers: ReadonlyMap<string, Behind>
  /** Variables with the secrets that stood in the clients' files. */
  readonly secrets: ReadonlyMap<string, string>
  /** Variables that the clients took from the environment, or asked for: someone has to set them. */
  readonly wanted: ReadonlySet<string>
  readonly troubles: readonly Trouble[]
}

interface Setting {
  readonly environment: string
  /** Where `countersign.yaml` will lie. */
  readonly folder: string
  readonly home: string | undefined
}

export function behindTheGate(found: readonly FoundServer[], setting: Setting): Moved {
  const servers = new Map<string, Behind>()
  const secrets = new Map<string, string>()
  const wanted = new Set<string>()
  const troubles: Trouble[] = []
  const seen = new Set<string>()

  for (const server of found) {
    const why = notFit(server)
    if (why !== undefined) {
      troubles.push({ about: `${server.name} (${server.from})`, says: why })
      continue
    }
    const { command, args, env, url, headers, http_headers } = server.spec
    const same = JSON.stringify([command, args, env, url, headers, http_headers])
    if (seen.has(same)) continue // two clients know the same one
    seen.add(same)
    const name = freeName(server.name, servers)
    servers.set(name, translate(name, server, setting, { secrets, wanted }))
  }
  return { servers, secrets, wanted, troubles }
}

function notFit({ spec }: FoundServer): string | undefined {
  const { command, url, type, disabled, enabled } = spec
  if (disabled || !enabled) return 'it is switched off there'
  if (type === 'sse') return 'it speaks the older transport over SSE, which cannot be put behind the gate'
  if (command === undefined && url === undefined) return 'it has neither a command nor a url'
  if (command === undefined && !/^https?:\/\//.test(url ?? '')) return 'its url is not one over http or https'
  if (command?.split('/').at(-1) === 'countersign' || /\/mcp\/[a-z0-9-]+$/.test(localPath(url))) {
    return 'it leads to Countersign already'
  }
  return undefined
}

const localPath = (url: string | undefined) => /^http:\/\/localhost:\d+(\/.*)$/.exec(url ?? '')?.[1] ?? ''

/** Names of servers stand in addresses. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  const plain =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 50) || 'server'
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? plain : `${plain}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}

interface Drawer {
  readonly secrets: Map<string, string>
  readonly wanted: Set<string>
}

function translate(name: string, server: FoundServer, setting: Setting, drawer: Drawer): Behind {
  const { spec, from, folder } = server
  const { environment } = setting
  const hide = (what: string, value: string) => hidden(variableOf(name, what), value, folder, setting, drawer)
  const keep = (what: string, value: string) =>
    isSecret(value) || value.startsWith('file:')
      ? hide(what, value)
      : resolved(variableOf(name, what), value, folder, setting, drawer)

  if (spec.command !== undefined) {
    const program = spec.command.startsWith('.') ? resolve(folder, spec.command) : spec.command
    const words = [program, ...spec.args]
    const command = words.map((word, at) =>
      namesSecret(words[at - 1] ?? '') ? hide(`arg ${at}`, word) : keep(`arg ${at}`, word),
    )
    const cwd = cwdOf(spec.cwd, folder, setting)
    const filesystem = words.some((word) => word.includes('@modelcontextprotocol/server-filesystem'))
    return {
      from,
      environment,
      command,
      env: Object.fromEntries(Object.entries(spec.env).map(([key, value]) => [key, hide(key, value)])),
      ...(cwd !== undefined && { cwd }),
      ...(filesystem && { preset: 'filesystem' as const }),
    }
  }

  const url = spec.url ?? ''
  const { bearer_token_env_var: bearer } = spec
  const fromEnv = Object.entries(spec.env_http_headers).map(([key, variable]) => [key, `\${${variable}}`] as const)
  const headers = [
    ...Object.entries({ ...spec.http_headers, ...spec.headers }),
    ...fromEnv,
    ...(bearer === undefined ? [] : [['Authorization', `Bearer \${${bearer}}`] as const]),
  ]
  return {
    from,
    environment,
    url: secretInUrl(url) ? hide('url', url) : keep('url', url),
    private: looksPrivate(url),
    headers: Object.fromEntries(headers.map(([key, value]) => [key.toLowerCase(), hide(key, value)])),
  }
}

/** Relative paths of a client mean its project's folder. */
function cwdOf(cwd: string | undefined, folder: string, setting: Setting): string | undefined {
  if (cwd !== undefined) return isAbsolute(cwd) ? cwd : resolve(folder, cwd)
  return relative(setting.folder, folder) === '' ? undefined : folder
}

/** References stay, and the word before a token; all else goes under variables of its own. */
function hidden(variable: string, value: string, folder: string, setting: Setting, drawer: Drawer): string {
  const text = resolved(variable, value, folder, setting, drawer)
  const [, scheme = '', rest = ''] = /^((?:Bearer|Basic|token) +)?([^]*)$/i.exec(text) ?? []
  let parts = 0
  const kept = rest.split(reference).map((part, at) => {
    if (at % 2 === 1 || part === '') return part
    parts += 1
    const own = parts === 1 && !rest.includes(`\${${variable}}`) ? variable : `${variable}_PART_${parts}`
    drawer.secrets.set(own, part)
    return `\${${own}}`
  })
  return scheme + kept.join('')
}

const reference = /(\$\{[A-Z_][A-Z0-9_]*\})/

/** `${VAR}`, `${VAR:-default}`, `${env:VAR}`, `${input:id}`, `${workspaceFolder}`: each as its client means it. */
function resolved(variable: string, value: string, folder: string, { home }: Setting, drawer: Drawer): string {
  return value.replaceAll(/\$\{([^}]*)\}/g, (_, inside: string) => {
    const [, name = '', fallback] = /^([^:]*)(?::-(.*))?$/.exec(inside.replace(/^env:/, '')) ?? []
    if (name === 'workspaceFolder' || name === 'CLAUDE_PROJECT_DIR') return folder
    if (name === 'userHome') return home ?? ''
    if (name === 'pathSeparator' || name === '/') return '/'
    const own =
      inside.startsWith('input:') || !/^\w+$/.test(name) ? variable : name.toUpperCase().replace(/^(?=\d)/, '_')
    if (fallback === undefined) drawer.wanted.add(own)
    else drawer.secrets.set(own, fallback)
    return `\${${own}}`
  })
}

const variableOf = (server: string, what: string) =>
  `${server} ${what}`
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')

/** A flag whose next word is a secret. */
const namesSecret = (word: string) =>
  /^--?[\w-]*(?:key|token|secret|password|passwd|auth|credential|dsn|header)[\w-]*$/i.test(word)

/** On suspicion: to hide too much costs a line in the file of secrets. */
function isSecret(word: string): boolean {
  if (secretInUrl(word)) return true
  const assigned = /^--?([\w-]+)=|^([\w-]+):\s/.exec(word)
  const named = assigned?.[1] ?? assigned?.[2]
  if (named !== undefined && namesSecret(`--${named}`)) return true
  if (/(?:^|[=\s:])(?:sk-|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AKIA|eyJ)[\w.-]{8,}/.test(word)) return true
  // A long word without the marks of a path, an address or a package.
  const tail = word.split('=').at(-1) ?? ''
  return /^[\w+-]{24,}={0,2}$/.test(tail) && /\d/.test(tail) && /[a-z]/i.test(tail)
}

function secretInUrl(word: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return false
  if (/:\/\/[^/@\s]+:[^/@\s]+@/.test(word)) return true
  return /[?&;](?:[\w-]*(?:key|token|secret|password|sig|auth)[\w-]*)=[^&]/i.test(word)
}

/** An address in one's own networks has to be named so, or it is not called. */
export function looksPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return (
    !hostname.includes('.') || // localhost, a name of a container, [::1]
    /^(?:10|127)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(hostname) ||
    /\.(?:local|internal|lan|test|localhost)$/.test(hostname)
  )
}
