/**
 * `countersign.yaml` as text: its value with secrets filled in, everything that is wrong with it, and where each key stands.
 *
 * @module
 */
import { CountersignError, type Finding } from '@countersign/core'
import { Config } from './config.ts'
import { type Sections, salvageSections } from './sections.ts'
import { type ConfigProblem, type Path, readYaml, salvage } from './yaml.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a file named in the configuration. */
  readonly readFile: (path: string) => string
}

export interface ReadConfig {
  /** What is wrong is left out of it; whole if there are no problems. */
  readonly config: Config
  readonly problems: readonly ConfigProblem[]
  /** Where something that a part found stands: in this file, or in the one whose text it is about. */
  problem(path: Path, says: string, at?: Finding['at']): ConfigProblem
}

/** A configuration that nobody wrote down, or that was read before. */
export const asRead = (config: Config): ReadConfig => ({
  config,
  problems: [],
  problem: (path, says) => ({ line: 1, column: 1, path: path.join('.'), says }),
})

export function readConfig(text: string, surroundings: Surroundings, sections: Sections): ReadConfig {
  const yaml = readYaml(text)
  const files = new Map<string, string>()
  const problem: ReadConfig['problem'] = (path, says, at) => {
    const [file] = path.flatMap((_, index) => files.get(nameOf(path.slice(0, index + 1))) ?? [])
    if (file !== undefined && at) return { file, ...at, path: path.join('.'), says }
    return yaml.problem(path, says)
  }
  if (yaml.problems.length > 0) return { config: Config.parse({}), problems: yaml.problems, problem }

  const unresolved: { path: Path; says: string }[] = []
  const value = resolve(yaml.value ?? {}, [], {
    ...surroundings,
    problem: (path, says) => unresolved.push({ path, says }),
    taken: (path, file) => files.set(nameOf(path), file),
  })
  const { value: config = Config.parse({}), wrong } = salvage(Config, value)
  const { config: whole, wrong: inside } = salvageSections(config, sections)
  const also = [...wrong, ...inside].filter(({ path }) => !unresolved.some((one) => nameOf(one.path) === nameOf(path)))
  return {
    config: whole,
    problems: [...unresolved, ...also].map(({ path, says }) => yaml.problem(path, says)),
    problem,
  }
}

/** @throws ERR_CONFIG_INVALID with a list of ConfigProblem as detail */
export function parseConfig(text: string, surroundings: Surroundings, sections: Sections): Config {
  const { config, problems } = readConfig(text, surroundings, sections)
  if (problems.length > 0) throw new CountersignError('ERR_CONFIG_INVALID', problems)
  return config
}

const nameOf = (path: Path) => path.map(String).join('\u0000')

interface Resolving extends Surroundings {
  problem(path: Path, says: string): void
  taken(path: Path, file: string): void
}

/** `${NAME}` is an environment variable, `file:path` the text of a file; nothing else reaches outside. */
function resolve(value: unknown, path: Path, around: Resolving): unknown {
  if (Array.isArray(value)) return value.map((item, at) => resolve(item, [...path, at], around))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, resolve(member, [...path, key], around)]),
    )
  }
  if (typeof value !== 'string') return value

  if (!value.startsWith('file:')) {
    return value.replaceAll(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (_, name: string) => {
      const found = around.env[name]
      if (found === undefined) around.problem(path, `The environment variable ${name} is not set.`)
      return found ?? ''
    })
  }
  const file = value.slice('file:'.length)
  try {
    const text = around.readFile(file).trim()
    around.taken(path, file)
    return text
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    around.problem(path, `This file cannot be read${code === undefined ? '' : ` (${code})`}.`)
    return undefined
  }
}
