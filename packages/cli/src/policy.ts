/**
 * `countersign policy check` and `policy test`: policies on their own, with the registry and the groups that they name.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isError } from '@countersign/core'
import { type CaseResult, checkPolicies, createPolicyEngine, policyDirectory, testPolicies } from '@countersign/policy'
import { type ConfigProblem, registryOf } from '@countersign/server'
import { parse } from 'yaml'
import { inLines, nearby, readConfigFile, toldOf } from './config-file.ts'
import type { Terminal } from './terminal.ts'
import { Stopped } from './stopped.ts'

export interface PolicyOptions {
  readonly config?: string
  readonly registry?: string
  readonly agentGroups?: string
  readonly json?: boolean
}

export async function policyCheck(
  terminal: Terminal,
  directory: string | undefined,
  options: PolicyOptions,
): Promise<void> {
  const source = sourceOf(terminal, directory, options)
  const report = await checkPolicies(source)
  if (options.json) terminal.say(JSON.stringify(report, undefined, 2))
  const told = report.problems.map(({ file, line, column, policy, says }) => ({
    level: 'problem' as const,
    file: nearby(terminal.cwd, resolve(source.path, file)),
    line,
    column,
    path: policy ?? '',
    says,
  }))
  if (!report.ok) throw new Stopped(1, options.json ? '' : inLines(told))
  if (!options.json) terminal.say(`${report.policies.length} policies pass. Version ${report.version}`)
}

export async function policyTest(
  terminal: Terminal,
  directory: string | undefined,
  options: PolicyOptions,
): Promise<void> {
  const source = sourceOf(terminal, directory, options)
  const file = join(source.path, 'cases.yaml')
  if (!existsSync(file)) throw new Stopped(2, `There is no ${file}: cases are written down there.`)
  const { engine, close } = await createPolicyEngine({
    files: source.files,
    registry: source.registry,
    agentGroups: source.agentGroups,
  })
  try {
    const report = testPolicies(engine.active(), readFileSync(file, 'utf8'))
    if (options.json) terminal.say(JSON.stringify(report, undefined, 2))
    const failed = report.results.filter(({ passed }) => !passed)
    if (!options.json) for (const result of report.results) terminal.say(lineOf(result))
    if (!report.ok) {
      const untested = report.untested.join(', ') || 'none'
      throw new Stopped(1, `${failed.length} cases fail; policies that decide no case: ${untested}.`)
    }
    if (!options.json) terminal.say(`${report.results.length} cases pass, and every policy decides at least one.`)
  } finally {
    close()
  }
}

/**
 * Registry and groups come from `--registry` and `--agent-groups`, else from the configuration that the policies belong
 * to (`--config`, or `countersign.yaml` here if it names the same folder), else from `registry.yaml` beside the
 * policies.
 */
export function sourceOf(terminal: Terminal, directory: string | undefined, options: PolicyOptions) {
  const { config, registry: file, agentGroups } = options
  const known = configurationOf(terminal, directory, config)
  const path = resolve(terminal.cwd, directory ?? known?.policies ?? terminal.product.policies)
  const named = file === undefined ? undefined : { registry: resolve(terminal.cwd, file) }
  const beside = { registry: join(path, 'registry.yaml') }
  if (!named && !known && !existsSync(beside.registry)) {
    throw new Stopped(
      2,
      `There is no ${beside.registry}. Name a registry with --registry, or the configuration with --config.`,
    )
  }
  return {
    path,
    ...policyDirectory(path),
    registry: readRegistry(terminal, named ?? known ?? beside, known?.baseDir ?? terminal.cwd),
    agentGroups: agentGroups?.split(',') ?? known?.agentGroups ?? [],
  }
}

function configurationOf(terminal: Terminal, directory: string | undefined, named: string | undefined) {
  const { read, baseDir, path } = readConfigFile(terminal, named)
  if (path === undefined) return undefined
  const { registry, agentGroups, policies } = read.config
  const folder = resolve(baseDir, policies)
  const theirs = named !== undefined || directory === undefined || resolve(terminal.cwd, directory) === folder
  return theirs ? { registry, agentGroups, policies: folder, baseDir } : undefined
}

/** @throws Stopped with every problem, or with what helps where a configuration was taken for a registry */
function readRegistry(terminal: Terminal, named: Parameters<typeof registryOf>[0], baseDir: string) {
  try {
    return registryOf(named, baseDir)
  } catch (error) {
    if (!isError(error, 'ERR_CONFIG_INVALID')) throw error
    if (typeof named.registry === 'string' && isConfiguration(resolve(baseDir, named.registry))) {
      throw new Stopped(2, `${named.registry} is a configuration, not a registry: name it with --config.`)
    }
    const problems = error.detail as readonly ConfigProblem[]
    throw new Stopped(1, inLines(problems.map(toldOf(terminal, { name: '', baseDir }, 'problem'))))
  }
}

function isConfiguration(file: string): boolean {
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'))
    return (
      typeof value === 'object' && value !== null && ['registry', 'policies', 'gateways'].some((key) => key in value)
    )
  } catch {
    return false
  }
}

const lineOf = ({ name, passed, expected, got }: CaseResult) =>
  passed ? `✓ ${name}` : `✗ ${name}: expected ${expected}, got ${got}`
