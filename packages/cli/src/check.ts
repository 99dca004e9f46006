/**
 * What is wrong with a configuration, found by what `serve` does before it opens anything.
 *
 * @module
 */
import { findSocket, foresee, addressesOf, prepare } from '@countersign/server'
import { inLines, readConfigFile, type Told, toldOf } from './config-file.ts'
import { dataDirOf, type Terminal } from './terminal.ts'
import { Stopped } from './stopped.ts'

export interface CheckOptions {
  readonly config?: string
  /** Where the data lies, or will. */
  readonly data?: string
  /** Also tries what it names: provider, database, MCP servers, upstreams. */
  readonly connect?: boolean
  readonly json?: boolean
}

export interface Checked {
  /** Undefined where no file was found. */
  readonly config: string | undefined
  readonly problems: readonly Told[]
  readonly warnings: readonly Told[]
  /** 0 if they do not pass. */
  readonly policies: number
  readonly observing: readonly string[]
  readonly gateways: readonly string[]
}

export async function check(terminal: Terminal, options: CheckOptions): Promise<void> {
  const checked = await lookOver(terminal, options)
  const { config, problems, warnings, policies, observing } = checked
  const ok = problems.length === 0
  if (options.json) terminal.say(JSON.stringify({ ok, ...checked, config: config ?? null }, undefined, 2))
  if (!ok) throw new Stopped(1, options.json ? '' : inLines([...problems, ...warnings]))
  if (options.json) return
  terminal.say(
    config === undefined
      ? `There is no countersign.yaml in ${terminal.cwd}. With the defaults all is fine: ${policies} sample policies pass.`
      : `${config}: fine. ${policies} policies pass.`,
  )
  if (warnings.length > 0) terminal.say(inLines(warnings))
  for (const address of observing) terminal.say(`${address} only observes: what should wait for people runs there.`)
}

/** @throws Stopped for a file that is named and not there */
export async function lookOver(
  terminal: Terminal,
  { config: named, data, connect = false }: CheckOptions,
): Promise<Checked> {
  const file = readConfigFile(terminal, named)
  const dataDir = dataDirOf(terminal, data)
  const preparation = await prepare(file.read, file.baseDir, dataDir)
  try {
    const stands = (await findSocket(dataDir).catch(() => undefined)) !== undefined
    const foreseen = await foresee(file.read, preparation, { env: terminal.env, connect, stands })
    const { prepared } = preparation
    const addresses = prepared ? addressesOf(prepared.gateways, '') : []
    return {
      config: file.path && file.name,
      problems: preparation.problems.map(toldOf(terminal, file, 'problem')),
      warnings: [...preparation.warnings, ...foreseen].map(toldOf(terminal, file, 'warning')),
      policies: prepared?.policies.engine.active().policies.length ?? 0,
      observing: addresses.flatMap(({ gateway, name, observes }) => (observes ? [`${gateway}/${name}`] : [])),
      gateways: addresses.map(({ gateway, name }) => `${gateway}/${name}`),
    }
  } finally {
    await preparation.close()
  }
}
