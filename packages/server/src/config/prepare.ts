/**
 * Everything that the configuration names, read and compiled, with nothing opened: `check` ends here, and `start` goes on.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import {
  type Around,
  CountersignError,
  type Finding,
  isError,
  type PreparedGateway,
  type Running,
} from '@countersign/core'
import {
  type Policies,
  policyDirectory,
  type PolicySource,
  preparePolicies,
  type Problem,
  watchContents,
} from '@countersign/policy'
import type { Config } from './config.ts'
import { lookAtData } from './data-dir.ts'
import { channelsIn, gatewayOf } from './parts.ts'
import { clashes, type Wanted } from './ports.ts'
import type { ReadConfig } from './read-config.ts'
import { readRegistry, registryFile, rereadRegistry } from './registry.ts'
import type { ConfigProblem } from './yaml.ts'

export interface Prepared {
  /** With `policies` as a whole path. */
  readonly config: Config
  readonly gateways: ReadonlyMap<string, PreparedGateway>
  readonly channels: ReturnType<typeof channelsIn>
  /** Checked, and not loaded yet. */
  readonly policies: Policies
  readonly source: PolicySource & { files(): ReturnType<ReturnType<typeof policyDirectory>['files']> }
  /** Calls back when policies or registry on disk are others than those that were loaded. */
  watch(changed: () => void): { close(): void }
  readonly warnings: readonly ConfigProblem[]
}

export interface Preparation extends Running {
  /** Undefined if there are problems. */
  readonly prepared: Prepared | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** The listeners that a start opens. */
  readonly listens: readonly Wanted[]
  /** What will not work once it runs. */
  foresee(around: Around): Promise<readonly ConfigProblem[]>
}

/** `baseDir`: against which paths of the configuration are resolved. `dataDir`: where the data lies or will, looked at if it is named. */
export async function prepare(read: ReadConfig, baseDir: string, dataDir?: string): Promise<Preparation> {
  const config = { ...read.config, policies: resolve(baseDir, read.config.policies) }
  const gateways = Object.entries(config.gateways).map(([name, section]) => ({
    name,
    gateway: gatewayOf(name).prepare(section),
  }))
  const placed = (name: string, findings: readonly Finding[]) =>
    findings.map(({ path, says, at }) => read.problem(['gateways', name, ...path], says, at))
  const found = (level: Finding['level']) =>
    gateways.flatMap(({ name, gateway }) =>
      placed(
        name,
        gateway.findings.filter((each) => each.level === level),
      ),
    )

  const { registry, problems: registryProblems } = readRegistry(config, baseDir)
  const again = rereadRegistry(config, baseDir)
  const source = { ...policyDirectory(config.policies), agentGroups: config.agentGroups }
  const from = await contents().catch(String)
  // With what can be read of a registry that has problems: those of the policies are told as well.
  const loaded = await load({ ...source, registry: registryProblems.length === 0 ? again : registry }, (problem) =>
    problem.file === '' ? read.problem(['policies'], problem.says) : inFolder(config.policies, problem),
  )

  const listens: Wanted[] = [
    { path: ['listen', 'port'], ...config.listen },
    ...gateways.flatMap(({ name, gateway }) =>
      gateway.listens.map((each) => ({ ...each, path: ['gateways', name, ...each.path] })),
    ),
  ]
  const data = dataDir === undefined ? [] : await lookAtData(dataDir, config)
  const problems = [
    ...read.problems,
    ...found('problem'),
    ...clashes(listens).map(({ path, says }) => read.problem(path, says)),
    ...registryProblems,
    ...loaded.problems,
    ...data.map(({ file, says }): ConfigProblem => ({ file, line: 1, column: 1, path: '', says })),
  ]
  const warnings = found('warning')
  const { policies } = loaded
  const ready = problems.length === 0 && policies !== undefined
  return {
    problems,
    warnings,
    listens,
    prepared: ready
      ? {
          config,
          gateways: new Map(gateways.map(({ name, gateway }) => [name, gateway])),
          channels: channelsIn(config.channels),
          policies,
          source: { ...source, registry: again },
          watch: (changed) => watchContents({ read: contents, from, folders: folders(), changed }),
          warnings,
        }
      : undefined,
    async foresee(around) {
      const seen = await Promise.all(
        gateways.map(async ({ name, gateway }) => placed(name, await gateway.foresee(around))),
      )
      return seen.flat()
    },
    async close() {
      policies?.close()
    },
  }

  /** Policies and registry as one text, to tell whether they are others. */
  async function contents(): Promise<string> {
    const files = await source.files()
    return createHash('sha256')
      .update(JSON.stringify([files, readRegistry(config, baseDir)]))
      .digest('hex')
  }

  function folders(): string[] {
    const file = registryFile(config, baseDir)
    const all = [config.policies, dirname(config.policies), ...(file === undefined ? [] : [dirname(file)])]
    return [...new Set(all)]
  }
}

/** What was found, or an error with all of it. @throws ERR_CONFIG_INVALID with a list of ConfigProblem as detail */
export function orRefuse({ prepared, problems }: Preparation): Prepared {
  if (!prepared) throw new CountersignError('ERR_CONFIG_INVALID', problems)
  return prepared
}

async function load(
  source: PolicySource,
  placed: (problem: Problem) => ConfigProblem,
): Promise<{ policies?: Policies; problems: readonly ConfigProblem[] }> {
  try {
    return { policies: await preparePolicies(source), problems: [] }
  } catch (error) {
    if (!isError(error, 'ERR_POLICY_INVALID')) throw error
    const { problems } = error.detail as { readonly problems: readonly Problem[] }
    return { problems: problems.map(placed) }
  }
}

const inFolder = (folder: string, { file, line, column, policy, says }: Problem): ConfigProblem => ({
  file: resolve(folder, file),
  line,
  column,
  path: policy ?? '',
  says,
})
