/**
 * `countersign.env`: secrets beside `countersign.yaml`, for whoever has no better place for them. The environment itself
 * goes before it.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'

export const envFileName = 'countersign.env'

type Environment = Readonly<Record<string, string | undefined>>

/** The environment that a configuration is read in: `env`, and what stands in the file beside it. */
export function environmentOf(configPath: string, env: Environment): Environment {
  const path = join(dirname(configPath), envFileName)
  return existsSync(path) ? { ...parseEnv(readFileSync(path, 'utf8')), ...env } : env
}

/** A line that is read back as this value; undefined where the form has no way to write it. */
export function envLine(name: string, value: string): string | undefined {
  return ["'", '"', '`']
    .map((quote) => `${name}=${quote}${value}${quote}`)
    .find((line) => {
      const read = parseEnv(line)
      return Object.keys(read).length === 1 && read[name] === value
    })
}
