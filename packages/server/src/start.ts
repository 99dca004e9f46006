/**
 * From a configuration and a data directory to a house that stands.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CountersignError, type LogLine, type Running, type Store } from '@countersign/core'
import { Registry } from '@countersign/schema'
import { createPostgresStore, openEmbeddedStore } from '@countersign/stores'
import type { Config } from './config.ts'
import { type House, openHouse } from './house.ts'
import { type HouseKeys, loadKeys } from './keys.ts'
import type { NodeMount } from './listener.ts'
import { openAll } from './opened.ts'
import { openOperatorSocket } from './operator.ts'
import { type ConfigProblem, readYaml } from './yaml.ts'

export interface StartParts {
  readonly config: Config
  /** Holds `pg/`, `keys/`, `logs/`; 0700. */
  readonly dataDir: string
  /** Against which paths of the configuration are resolved. */
  readonly baseDir: string
  readonly consoleDir: string
  readonly version: string
  readonly demo?: boolean
  readonly mounts?: readonly NodeMount[]
  log(line: LogLine): void
}

export interface StartedHouse extends House {
  readonly store: Store
}

export async function startHouse(parts: StartParts): Promise<StartedHouse> {
  const { config, dataDir, baseDir, log } = parts
  const opened = openAll()
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const keys = await loadKeys(join(dataDir, 'keys'))
    const opening = opened.add(openStore(config, dataDir, keys, log))
    const house = await opened.add(
      openHouse({
        ...parts,
        config: { ...config, policies: resolve(baseDir, config.policies) },
        registry: registryOf(config, baseDir),
        store: opening,
        keys,
        demo: parts.demo ?? false,
      }),
    )
    const store = await opening
    await opened.add(leaveWelcome(join(dataDir, 'welcome'), house.welcome))
    await opened.add(openOperatorSocket(dataDir, { ...house, store }))
    return { ...house, store, close: opened.close }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** The first administrator's link, for whoever may read the data directory; gone with the house that it opens. */
async function leaveWelcome(path: string, link: string | undefined): Promise<Running> {
  await rm(path, { force: true })
  if (link !== undefined) await writeFile(path, `${link}\n`, { mode: 0o600 })
  return { close: () => rm(path, { force: true }) }
}

/** The store alone, for a hand that works beside a running house. */
export function openStore(
  config: Config,
  dataDir: string,
  keys: HouseKeys,
  log: (line: LogLine) => void,
): Promise<Store> {
  const { kek, tenant } = keys
  const common = { keys: { kek, tenant }, origin: `${config.name}/default`, log }
  if (config.store.url !== undefined) return createPostgresStore({ ...common, connection: config.store.url })
  return openEmbeddedStore({ ...common, dataDir: join(dataDir, 'pg') })
}

/** The registry, wherever the configuration keeps it. @throws ERR_CONFIG_INVALID */
export function registryOf({ registry }: Pick<Config, 'registry'>, baseDir: string): Registry {
  if (typeof registry !== 'string') return registry
  const file = resolve(baseDir, registry)
  const yaml = readYaml(textOf(file), file)
  return yaml.parse(Registry, yaml.value ?? {})
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const problem: ConfigProblem = { file, line: 1, column: 1, path: '', says: 'This file cannot be read.' }
    throw new CountersignError('ERR_CONFIG_INVALID', [problem], { cause })
  }
}
