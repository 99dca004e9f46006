/**
 * `countersign.yaml` of this machine: found, read, and what is wrong in words.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { asRead, Config, type ConfigProblem, readConfig, type ReadConfig, sections } from '@countersign/server'
import { environmentOf } from './env-file.ts'
import type { Terminal } from './terminal.ts'
import { Stopped } from './stopped.ts'

export interface ConfigFile {
  readonly read: ReadConfig
  /** Against which its paths are resolved. */
  readonly baseDir: string
  /** Undefined where there is none, and the defaults hold. */
  readonly path: string | undefined
  /** As the person at the terminal would name it. */
  readonly name: string
}

const usual = 'countersign.yaml'

/** `file`: as `--config` names it. @throws Stopped for one that is named and cannot be read */
export function readConfigFile(terminal: Terminal, file: string | undefined): ConfigFile {
  const path = resolve(terminal.cwd, file ?? usual)
  const name = file ?? usual
  const text = textOf(path)
  if (text === undefined) {
    if (file !== undefined) throw new Stopped(2, `There is no ${path}.`)
    const { policies } = terminal.product
    const config = Config.parse({ policies, registry: join(policies, 'registry.yaml') })
    return { read: asRead(config), baseDir: terminal.cwd, path: undefined, name }
  }
  const baseDir = dirname(path)
  const readFile = (named: string) => readFileSync(resolve(baseDir, named), 'utf8')
  const read = readConfig(text, { env: environmentOf(path, terminal.env), readFile }, sections)
  return { read: withoutDemo(read), baseDir, path, name }
}

/** Undefined if it is not there. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Stopped(2, `${path} cannot be read (${statOf(path) ?? code}).`)
  }
}

function statOf(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? 'it is a folder' : undefined
  } catch {
    return undefined
  }
}

function withoutDemo(read: ReadConfig): ReadConfig {
  if (!read.config.identity?.issuer.includes('/demo/idp')) return read
  const says = 'The demo’s identity provider is for the demo alone: anyone can be anyone there.'
  return { ...read, problems: [...read.problems, read.problem(['identity', 'issuer'], says)] }
}

/** A problem with the file named as one would from here. */
export interface Told {
  readonly level: 'problem' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly says: string
}

export const toldOf =
  (terminal: Terminal, { name, baseDir }: Pick<ConfigFile, 'name' | 'baseDir'>, level: Told['level']) =>
  ({ file, line, column, path, says }: ConfigProblem): Told => ({
    level,
    file: file === undefined ? name : nearby(terminal.cwd, resolve(baseDir, file)),
    line,
    column,
    path,
    says,
  })

/** Inside the folder one stands in, without its path. */
export function nearby(cwd: string, file: string): string {
  const from = relative(cwd, file)
  return from === '' || from.startsWith('..') || isAbsolute(from) ? file : from
}

/** As compilers say it, so that editors find the place. */
export const inLines = (told: readonly Told[]): string =>
  told
    .map(({ level, file, line, column, path, says }) =>
      [
        `${file}:${line}:${column}`,
        ...(level === 'warning' ? ['warning'] : []),
        ...(path === '' ? [] : [path]),
        says,
      ].join(': '),
    )
    .join('\n')
