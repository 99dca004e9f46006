/**
 * What the tests of this package share: the sample policies, and questions about them.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { decide, type PolicyQuestion, type PolicySet } from '@countersign/core'
import { Registry } from '@countersign/schema'
import { parse } from 'yaml'
import { type Candidate, compile } from './compile.ts'
import { policyDirectory } from './directory.ts'
import type { PolicyFile } from './problem.ts'

const samplePath = fileURLToPath(new URL('../../../policies/', import.meta.url))

export const sampleText = (name: string): Promise<string> => readFile(`${samplePath}${name}`, 'utf8')

export const agentGroups: readonly string[] = ['ml-agents', 'finance-agents', 'platform-agents']

export const sampleRegistry = Registry.parse(parse(await sampleText('registry.yaml')))

export const sampleSource = { ...policyDirectory(samplePath), registry: sampleRegistry, agentGroups }

/** The sample registry, and this text as the only policies. */
export const sourceOf = (text: string, ...more: readonly PolicyFile[]) => ({
  files: [{ name: 'site.cedar', text }, ...more],
  registry: sampleRegistry,
  agentGroups,
})

type Loose<Value> = { readonly [Key in keyof Value]?: unknown } & Readonly<Record<string, unknown>>

export interface Changes {
  readonly action?: Loose<PolicyQuestion['action']>
  readonly agent?: Loose<PolicyQuestion['agent']>
  readonly context?: Loose<PolicyQuestion['context']>
  readonly resource?: unknown
  readonly onBehalfOf?: unknown
}

/** A small export by a finance agent, which the sample policies allow; changes may be as wrong as they like. */
export const questionOf = ({ action, agent, context, ...rest }: Changes = {}): PolicyQuestion =>
  ({
    action: {
      tenant: 'default',
      gateway: 'mcp',
      mode: 'enforcing',
      verb: 'data.export',
      operation: 'mcp.tools/call',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      parameters: {},
      environment: 'prod',
      agent: 'fin-bot',
      ...action,
    },
    resource: { kind: 'dataset', name: 'finance.orders' },
    agent: { id: 'fin-bot', groups: ['finance-agents'], owner: 'dana', team: 'finance-systems', ...agent },
    onBehalfOf: undefined,
    context: {
      risk: 10,
      dataUse: {
        reads: [{ name: 'finance.orders', classes: ['financial'], domain: 'finance', known: true }],
        writes: [],
        classes: ['financial'],
        sensitive: true,
        destination: { name: 's3://own-reports', outside: false, known: true },
      },
      measures: { rows: 10 },
      client: 'test',
      purposeGiven: false,
      changes: false,
      when: { hour: 11, weekday: 3 },
      ...context,
    },
    ...rest,
  }) as PolicyQuestion

/** @throws what stands in the way of loading them */
export async function candidateOf(files: readonly PolicyFile[]): Promise<Candidate> {
  const compiled = await compile(files, { registry: sampleRegistry, agentGroups })
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems))
  return compiled.candidate
}

export const loading = { registry: sampleRegistry, clock: { now: () => 0 } }

/** What is decided, in one word. */
export const answer = (policies: PolicySet, changes: Changes = {}) => {
  const decision = decide(policies, [questionOf(changes)], 10)
  return decision.kind === 'deny' ? decision.reason : decision.kind
}
