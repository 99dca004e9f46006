/**
 * What is wrong with a configuration or with policies, with line and column.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CountersignError } from '@countersign/core'
import {
  type CaseResult,
  checkPolicies,
  createPolicyEngine,
  policyDirectory,
  type Problem,
  testPolicies,
} from '@countersign/policy'
import { type ConfigProblem, registryOf } from '@countersign/server'
import type { Hand } from './hand.ts'
import { Stopped } from './stopped.ts'
import { readConfig } from './up.ts'

const place = (file: string, { line, column, says }: { line: number; column: number; says: string }, of = '') =>
  `${file}:${line}:${column}: ${of}${says}`

export async function check(hand: Hand, file: string | undefined, json: boolean): Promise<void> {
  const { config, baseDir, path } = readOrExplain(hand, file)
  const registry = registryOf(config, baseDir)
  const policies = resolve(baseDir, config.policies)
  const report = await checkPolicies({ ...policyDirectory(policies), registry, agentGroups: config.agentGroups })
  if (!report.ok) throw new Stopped(1, inLines(policies, report.problems))
  hand.say(
    json
      ? JSON.stringify({ ok: true, config: path, policies: report.policies.length })
      : `${path}: fine. ${report.policies.length} policies pass.`,
  )
}

export interface PolicyOptions {
  readonly registry?: string
  readonly agentGroups?: string
  readonly json?: boolean
}

export async function policyCheck(hand: Hand, directory: string | undefined, options: PolicyOptions): Promise<void> {
  const source = sourceOf(hand, directory, options)
  const report = await checkPolicies(source)
  if (options.json) hand.say(JSON.stringify(report, undefined, 2))
  if (!report.ok) throw new Stopped(1, options.json ? '' : inLines(source.path, report.problems))
  if (!options.json) hand.say(`${report.policies.length} policies pass. Version ${report.version}`)
}

export async function policyTest(hand: Hand, directory: string | undefined, options: PolicyOptions): Promise<void> {
  const source = sourceOf(hand, directory, options)
  const { engine, close } = await createPolicyEngine({
    files: source.files,
    registry: source.registry,
    agentGroups: source.agentGroups,
  })
  try {
    const report = testPolicies(engine.active(), readFileSync(join(source.path, 'cases.yaml'), 'utf8'))
    if (options.json) hand.say(JSON.stringify(report, undefined, 2))
    const failed = report.results.filter(({ passed }) => !passed)
    if (!options.json) for (const result of report.results) hand.say(lineOf(result))
    if (!report.ok) {
      const untested = report.untested.join(', ') || 'none'
      throw new Stopped(1, `${failed.length} cases fail; policies that decide no case: ${untested}.`)
    }
    if (!options.json) hand.say(`${report.results.length} cases pass, and every policy decides at least one.`)
  } finally {
    close()
  }
}

export function sourceOf(hand: Hand, directory: string | undefined, { registry, agentGroups }: PolicyOptions) {
  const path = resolve(hand.cwd, directory ?? hand.product.policies)
  const registryFile = registry === undefined ? join(path, 'registry.yaml') : resolve(hand.cwd, registry)
  return {
    path,
    ...policyDirectory(path),
    registry: registryOf({ registry: registryFile } as Parameters<typeof registryOf>[0], dirname(registryFile)),
    agentGroups: agentGroups?.split(',') ?? ['ml-agents', 'finance-agents', 'platform-agents'],
  }
}

function readOrExplain(hand: Hand, file: string | undefined) {
  try {
    return readConfig(hand, file)
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'ERR_CONFIG_INVALID') throw error
    const problems = error.detail as readonly ConfigProblem[]
    const name = file ?? 'countersign.yaml'
    throw new Stopped(
      1,
      problems.map((problem) => place(name, problem, problem.path && `${problem.path}: `)).join('\n'),
    )
  }
}

const lineOf = ({ name, passed, expected, got }: CaseResult) =>
  passed ? `✓ ${name}` : `✗ ${name}: expected ${expected}, got ${got}`

const inLines = (folder: string, problems: readonly Problem[]) =>
  problems
    .map((problem) => place(join(folder, problem.file), problem, problem.policy ? `${problem.policy}: ` : ''))
    .join('\n')
