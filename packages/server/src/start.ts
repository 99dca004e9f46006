/**
 * From a configuration and a data directory to an instance that stands.
 *
 * @module
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogLine, type Running, type Store } from '@countersign/core'
import { createPostgresStore, openEmbeddedStore } from '@countersign/stores'
import type { Config } from './config/config.ts'
import { type Instance, openInstance } from './instance.ts'
import { type DeploymentKeys, loadKeys } from './data/keys.ts'
import type { NodeMount } from './http/listener.ts'
import { openAll } from './opened.ts'
import { openOperatorSocket } from './operator/operator.ts'
import { orRefuse, prepare } from './config/prepare.ts'
import { asRead, type ReadConfig } from './config/read-config.ts'

export interface StartParts {
  readonly config: Config
  /** Where its keys stand, if it was read from a file. */
  readonly read?: ReadConfig
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

export interface StartedInstance extends Instance {
  readonly store: Store
}

/** @throws ERR_CONFIG_INVALID with everything that `check` would say, as a list of ConfigProblem */
export async function startInstance(parts: StartParts): Promise<StartedInstance> {
  const { config, dataDir, baseDir, log } = parts
  const opened = openAll()
  try {
    // Before anything is opened or made: what has a problem leaves nothing behind.
    const preparation = await opened.add(
      prepare(parts.read ? { ...parts.read, config } : asRead(config), baseDir, dataDir),
    )
    const prepared = orRefuse(preparation)
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const keys = await loadKeys(join(dataDir, 'keys'))
    const opening = opened.add(openStore(config, dataDir, keys, log))
    // While PostgreSQL starts; told where the policies are put in force. It lets nothing else of this process go on meanwhile, not
    // even hear in time that a server elsewhere answers, so that one is waited for first.
    if (config.store.url === undefined) prepared.policies.load().catch(() => undefined)
    const instance = await opened.add(
      openInstance({
        ...parts,
        prepared,
        store: opening,
        keys,
        demo: parts.demo ?? false,
      }),
    )
    const store = await opening
    await opened.add(leaveWelcome(join(dataDir, 'welcome'), instance.welcome))
    await opened.add(openOperatorSocket(dataDir, { ...instance, store }))
    return { ...instance, store, close: opened.close }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** The first administrator's link, for whoever may read the data directory; gone with the instance that it opens. */
async function leaveWelcome(path: string, link: string | undefined): Promise<Running> {
  await rm(path, { force: true })
  if (link !== undefined) await writeFile(path, `${link}\n`, { mode: 0o600 })
  return { close: () => rm(path, { force: true }) }
}

/** The store alone, for a command that works beside a running instance. */
export function openStore(
  config: Config,
  dataDir: string,
  keys: DeploymentKeys,
  log: (line: LogLine) => void,
): Promise<Store> {
  const { kek, tenant } = keys
  const common = { keys: { kek, tenant }, origin: `${config.name}/default`, log }
  if (config.store.url !== undefined) return createPostgresStore({ ...common, connection: config.store.url })
  return openEmbeddedStore({ ...common, dataDir: join(dataDir, 'pg') })
}
