/**
 * What is wrong with a configuration or with policies, with line and column.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isError } from '@countersign/core'
import {
  type CaseResult,
  checkPolicies,
  createPolicyEngine,
  policyDirectory,
  type Problem,
  testPolicies,
} from '@countersign/policy'
import { type ConfigProblem, placesOf, registryOf } from '@countersign/server'
import type { Hand } from './hand.ts'
import { Stopped } from './stopped.ts'
import { readConfig } from './up.ts'

interface Wrong {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly says: string
}

export async function check(hand: Hand, file: string | undefined, json: boolean): Promise<void> {
  const found = readOrExplain(hand, file)
  if ('wrong' in found) return refuse(hand, found.wrong, json)
  const { config, baseDir, path, registry } = found
  const policies = resolve(baseDir, config.policies)
  const report = await checkPolicies({ ...policyDirectory(policies), registry, agentGroups: config.agentGroups })
  if (!report.ok) return refuse(hand, report.problems.map(inFolder(policies)), json)
  const count = report.policies.length
  const observing = placesOf(config, '').flatMap(({ gateway, name, observes }) =>
    observes ? [`${gateway}/${name}`] : [],
  )
  if (json) return hand.say(JSON.stringify({ ok: true, config: path, policies: count, observing }))
  hand.say(`${path}: fine. ${count} policies pass.`)
  for (const door of observing) hand.say(`${door} only observes: what should wait for people runs there.`)
}

/** As compilers say it, so that editors find the place. */
function refuse(hand: Hand, wrong: readonly Wrong[], json: boolean): never {
  if (json) hand.say(JSON.stringify({ ok: false, problems: wrong }, undefined, 2))
  throw new Stopped(1, json ? '' : inLines(wrong))
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
  if (!report.ok) throw new Stopped(1, options.json ? '' : inLines(report.problems.map(inFolder(source.path))))
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
    registry: registryOf({ registry: registryFile }, hand.cwd),
    agentGroups: agentGroups?.split(',') ?? hand.product.agentGroups,
  }
}

function readOrExplain(hand: Hand, file: string | undefined) {
  try {
    const read = readConfig(hand, file)
    return { ...read, registry: registryOf(read.config, read.baseDir) }
  } catch (error) {
    if (!isError(error, 'ERR_CONFIG_INVALID')) throw error
    const here = file ?? 'countersign.yaml'
    const wrong = (error.detail as readonly ConfigProblem[]).map((problem): Wrong => ({
      ...problem,
      file: problem.file ?? here,
      says: saysOf(problem.path, problem),
    }))
    return { wrong }
  }
}

const inFolder =
  (folder: string) =>
  (problem: Problem): Wrong => ({ ...problem, file: join(folder, problem.file), says: saysOf(problem.policy, problem) })

const saysOf = (about: string | undefined, { says }: { says: string }) => (about ? `${about}: ${says}` : says)

const inLines = (wrong: readonly Wrong[]) =>
  wrong.map(({ file, line, column, says }) => `${file}:${line}:${column}: ${says}`).join('\n')

const lineOf = ({ name, passed, expected, got }: CaseResult) =>
  passed ? `✓ ${name}` : `✗ ${name}: expected ${expected}, got ${got}`
