/**
 * `countersign init`: five questions, then a configuration, policies with cases, and a registry that stand at once.
 *
 * @module
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { envFileName, envLine, environmentOf } from '../env-file.ts'
import type { Terminal } from '../terminal.ts'
import { inkOf, plain, printable } from '../ink.ts'
import { Stopped } from '../stopped.ts'
import { behindTheGate } from './behind.ts'
import { type Answers, askFive, type InitOptions } from './five.ts'
import { findServers, type Found, serversIn } from './found.ts'
import { starterPolicies } from './starter.ts'
import { configText } from './yaml.ts'

export interface Wish extends InitOptions {
  /** Asks nothing: flags and defaults hold. */
  readonly yes?: boolean
  /** Overwrites what is there. */
  readonly force?: boolean
  readonly json?: boolean
}

export async function init(terminal: Terminal, into: string | undefined, wish: Wish): Promise<void> {
  const folder = resolve(terminal.cwd, into ?? '.')
  const home = terminal.env['HOME']
  const person = wish.yes ? undefined : terminal.person?.()
  try {
    const look = (path: string) => serversIn(resolve(terminal.cwd, path))
    const found = withNamed(findServers(folder, home), (wish.from ?? []).map(look))
    const answers = await askFive(person?.ask, wish, { folderName: nameOf(folder), found, look })
    const { files, moved, unset } = filesOf(answers, { folder, home, env: terminal.env })

    await mustNotOverwrite(folder, files, { force: wish.force ?? false, ask: person?.ask })
    for (const [name, text] of files) write(join(folder, name), text, name === envFileName)
    keepOutOfGit(folder, files.has(envFileName))

    const troubles = [...found.troubles, ...moved.troubles]
    const written = [...files.keys()]
    if (wish.json) {
      const { name, apis } = answers
      terminal.say(
        printable({ folder, name, written, servers: [...moved.servers.keys()], apis, set: unset, leftOut: troubles }),
      )
      return
    }
    tell(terminal, { folder, answers, written, servers: [...moved.servers.keys()], unset, troubles })
  } finally {
    person?.close()
  }
}

function filesOf(
  answers: Answers,
  { folder, home, env }: { folder: string; home: string | undefined; env: Terminal['env'] },
) {
  const { name, environment, approvers, servers, apis } = answers
  const moved = behindTheGate(servers, { environment, folder, home })
  const files = new Map<string, string>([
    ['countersign.yaml', configText({ name, environment, servers: moved.servers, apis })],
  ])
  for (const [file, text] of Object.entries(starterPolicies(approvers))) files.set(`policies/${file}`, text)

  const lines = [...moved.secrets].map(([variable, value]) => ({ variable, line: envLine(variable, value) }))
  const secrets = lines.flatMap(({ line }) => (line === undefined ? [] : [line]))
  if (secrets.length > 0) {
    const head =
      '# Secrets of countersign.yaml, as they stood in the files of your MCP clients. Keep this file to yourself.'
    files.set(envFileName, `${[head, ...secrets].join('\n')}\n`)
  }
  const known = environmentOf(join(folder, 'countersign.yaml'), env)
  const named = [
    ...moved.wanted,
    ...lines.flatMap(({ variable, line }) => (line === undefined ? [variable] : [])),
    ...apis.flatMap(({ credential }) => (credential === undefined ? [] : [credential])),
  ]
  const unset = [...new Set(named)].filter((variable) => known[variable] === undefined && !moved.secrets.has(variable))
  return { files, moved, unset }
}

/** Several at once are asked about at once: half of a configuration is none. */
async function mustNotOverwrite(
  folder: string,
  files: ReadonlyMap<string, string>,
  { force, ask }: { force: boolean; ask: ((question: string) => Promise<string>) | undefined },
): Promise<void> {
  const there = [...files].flatMap(([name, text]) => {
    const path = join(folder, name)
    return existsSync(path) && readFileSync(path, 'utf8') !== text ? [name] : []
  })
  if (there.length === 0 || force) return
  const names = there.join(', ')
  if (!ask) throw new Stopped(2, `There is ${names} already, and nothing was written. --force overwrites.`)
  const said = (await ask(`There is ${names} already. Overwrite? [no] `)).trim().toLowerCase()
  if (said !== 'y' && said !== 'yes') throw new Stopped(1, 'Nothing was written.')
}

function write(path: string, text: string, secret: boolean): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: secret ? 0o600 : 0o644 })
  if (secret) chmodSync(path, 0o600) // a file that was there keeps its mode otherwise
}

/** Where the folder is under git, or has an ignore file: data and secrets are not for it. */
function keepOutOfGit(folder: string, secrets: boolean): void {
  const path = join(folder, '.gitignore')
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (before === undefined && !existsSync(join(folder, '.git'))) return
  const wanted = ['.countersign/', ...(secrets ? [envFileName] : [])]
  const missing = wanted.filter((line) => !before?.split(/\r?\n/).includes(line))
  if (missing.length === 0) return
  const gap = before === undefined || before === '' || before.endsWith('\n') ? '' : '\n'
  writeFileSync(path, `${before ?? ''}${gap}${missing.join('\n')}\n`)
}

interface Told {
  readonly folder: string
  readonly answers: Answers
  readonly written: readonly string[]
  readonly servers: readonly string[]
  readonly unset: readonly string[]
  readonly troubles: Found['troubles']
}

function tell(terminal: Terminal, { folder, answers, written, servers, unset, troubles }: Told): void {
  const { bold, yellow } = inkOf(terminal)
  const { apis, approvers } = answers
  const away = relative(terminal.cwd, folder)
  terminal.say(`Written${away === '' ? '' : ` in ${plain(away)}`}: ${written.map(plain).join(', ')}`)
  if (written.includes(envFileName))
    terminal.say(`${envFileName} holds the secrets that stood in your clients’ files. Keep it to yourself.`)
  const behind = [...servers.map((name) => `/mcp/${name}`), ...apis.map(({ name, origin }) => `/${name} (${origin})`)]
  terminal.say(
    behind.length > 0
      ? `Behind the gate: ${behind.map(plain).join(', ')}`
      : 'Nothing is behind the gate yet: add it under `gateways`.',
  )
  for (const { about, says } of troubles) terminal.say(yellow(`Left out: ${plain(about)}: ${plain(says)}`))
  if (unset.length > 0)
    terminal.say(
      yellow(`Set before you start, in the environment or in ${envFileName}: ${unset.map(plain).join(', ')}`),
    )
  terminal.say(`
Reads run at once; everything else waits for one person of ${plain(approvers)}. Next:

${bold(`  ${away === '' ? '' : `cd ${plain(away)} && `}countersign up`)}
`)
}

const nameOf = (folder: string) =>
  basename(folder)
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '') || 'countersign'

function withNamed(
  found: Found & { readonly ofHome: Found },
  named: readonly Found[],
): Found & { readonly ofHome: Found } {
  return {
    servers: [...named.flatMap(({ servers }) => servers), ...found.servers],
    troubles: [...named.flatMap(({ troubles }) => troubles), ...found.troubles],
    ofHome: found.ofHome,
  }
}
