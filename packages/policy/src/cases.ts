/**
 * Policies tried against cases that people can read: given this, expect that.
 *
 * @module
 */
import { classify, CountersignError, decide, effectOf, type PolicyQuestion, riskOf } from '@countersign/core'
import { type Decision, DenyReason, Effect, Resource, ResourceKind, Verb } from '@countersign/schema'
import { parse } from 'yaml'
import { z } from 'zod'
import type { CedarPolicySet } from './set.ts'

/** `dataset finance.orders` */
const ResourceText = z.string().transform((text, context): Resource => {
  const [, kind, name] = /^(\S+) (.+)$/.exec(text) ?? []
  const resource = Resource.safeParse({ kind, name })
  if (resource.success) return resource.data
  context.addIssue({
    code: 'custom',
    message: `is no resource: write a kind (${ResourceKind.options.join(', ')}) and a name`,
  })
  return z.NEVER
})

/** `unknown`: the gateway cannot say. */
const Datasets = z.union([z.literal('unknown'), z.array(z.string())])

const Given = z.strictObject({
  agent: z.string(),
  onBehalfOf: z.string().optional(),
  verb: Verb,
  operation: z.string().optional(),
  gateway: z.string().default('sdk'),
  mode: z.enum(['enforcing', 'cooperating']).default('enforcing'),
  resource: ResourceText.optional(),
  resources: z.array(ResourceText).optional(),
  environment: z.string().default('dev'),
  reads: Datasets.optional().describe('Default: the datasets among the resources.'),
  writes: Datasets.default([]),
  destination: z.string().optional(),
  model: z.string().optional(),
  rows: z.number().int().nonnegative().optional(),
  bytes: z.number().int().nonnegative().optional(),
  purpose: z.boolean().default(false),
  client: z.string().default('test'),
  effect: Effect.optional(),
  destructive: z.boolean().default(false),
  firstTime: z.boolean().default(false),
  hour: z.number().int().min(0).max(23).default(11),
  weekday: z.number().int().min(1).max(7).default(3),
  risk: z.number().int().min(0).max(100).optional().describe('Default: as Countersign itself would score it.'),
})

const Expected = z.union([
  z.enum(['allow', 'deny', 'ask']),
  z.strictObject({ ask: z.array(z.string()).min(1) }),
  z.strictObject({ deny: DenyReason }),
])

const Cases = z.strictObject({
  agents: z.record(z.string(), z.strictObject({ groups: z.array(z.string()), owner: z.string(), team: z.string() })),
  people: z.record(z.string(), z.strictObject({ groups: z.array(z.string()) })).default({}),
  cases: z.array(z.strictObject({ name: z.string().min(1), given: Given, expect: Expected })).min(1),
})
type Cases = z.infer<typeof Cases>
/** Whom a case may name. */
export type Cast = Pick<Cases, 'agents' | 'people'>
type Case = Cases['cases'][number]

export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  readonly expected: string
  readonly got: string
  readonly decision: Decision
}

export interface CasesReport {
  /** Every case came out as expected, and every policy decided one. */
  readonly ok: boolean
  readonly results: readonly CaseResult[]
  /** Ids of policies that decided no case. */
  readonly untested: readonly string[]
}

/** @throws ERR_INPUT_INVALID for cases that cannot be read */
export function testPolicies(set: CedarPolicySet, casesYaml: string): CasesReport {
  const { cases, ...people } = readCases(casesYaml)
  const results = cases.map((one) => tryCase(set, one, people))
  const decided = new Set(results.flatMap(({ decision }) => decision.because))
  const untested = set.policies.map(({ id }) => id).filter((id) => !decided.has(id))
  return { ok: untested.length === 0 && results.every(({ passed }) => passed), results, untested }
}

const readCases = (casesYaml: string): Cases => readYaml(casesYaml, Cases)

/**
 * What Countersign would ask the policies about one action, written as a case writes it (YAML or JSON).
 *
 * @throws ERR_INPUT_INVALID also for an agent or person that is not among those given
 */
export const questionsOfText = (set: CedarPolicySet, text: string, who: Cast): PolicyQuestion[] =>
  questionsOf(set, readYaml(text, Given), who)

function readYaml<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { cases: String(cause) }, { cause })
  }
  const read = schema.safeParse(document)
  if (!read.success) throw new CountersignError('ERR_INPUT_INVALID', { cases: z.prettifyError(read.error) })
  return read.data
}

function tryCase(set: CedarPolicySet, { name, given, expect }: Case, who: Cast): CaseResult {
  const questions = questionsOf(set, given, who)
  const decision = decide(set, questions, questions[0]?.context.risk ?? 100)
  const expected = wordOf(expect)
  const got = typeof expect === 'string' ? decision.kind : wordOf(answerOf(decision))
  return { name, passed: got === expected, expected, got: wordOf(answerOf(decision)), decision }
}

/** The questions that Countersign would put for this. @throws ERR_INPUT_INVALID for an agent or person not listed */
function questionsOf({ registry }: CedarPolicySet, given: Case['given'], { agents, people }: Cast): PolicyQuestion[] {
  const resources = [given.resource ?? [], given.resources ?? []].flat()
  const { agent: id, verb, environment, mode, gateway, onBehalfOf, destructive, firstTime } = given
  const [agent, person] = [agents[id], onBehalfOf === undefined ? undefined : people[onBehalfOf]]
  if (!agent) throw new CountersignError('ERR_INPUT_INVALID', { cases: `nobody said who ${id} is` })
  if (onBehalfOf !== undefined && !person) {
    throw new CountersignError('ERR_INPUT_INVALID', { cases: `nobody said who ${onBehalfOf} is` })
  }

  const reads = given.reads ?? resources.filter(({ kind }) => kind === 'dataset').map(({ name }) => name)
  const dataUse = classify(
    {
      ...(reads !== 'unknown' && { reads: reads.map((name) => ({ name })) }),
      ...(given.writes !== 'unknown' && { writes: given.writes.map((name) => ({ name })) }),
      ...(given.destination !== undefined && { destination: given.destination }),
      ...(given.model !== undefined && { model: given.model }),
    },
    registry,
  )
  const when = { hour: given.hour, weekday: given.weekday }
  const effect = given.effect ?? effectOf(verb)
  const risk = given.risk ?? riskOf({ verb, effect, destructive, environment, dataUse, firstTime, when }).score

  return resources.map((resource) => ({
    action: {
      tenant: 'default',
      gateway,
      mode,
      verb,
      operation: given.operation ?? verb,
      resources,
      parameters: {},
      environment,
      agent: id,
      ...(onBehalfOf !== undefined && { onBehalfOf }),
    },
    resource,
    agent: { id, ...agent },
    onBehalfOf: onBehalfOf !== undefined && person ? { id: onBehalfOf, ...person } : undefined,
    context: {
      risk,
      dataUse,
      measures: {
        ...(given.rows !== undefined && { rows: given.rows }),
        ...(given.bytes !== undefined && { bytes: given.bytes }),
      },
      client: given.client,
      purposeGiven: given.purpose,
      changes: effect !== 'read',
      when,
    },
  }))
}

type Expected = z.infer<typeof Expected>

function answerOf(decision: Decision): Expected {
  switch (decision.kind) {
    case 'allow':
      return 'allow'
    case 'ask':
      return { ask: decision.terms.signOffs.map(({ id }) => id) }
    case 'deny':
      return { deny: decision.reason }
  }
}

function wordOf(expected: Expected): string {
  if (typeof expected === 'string') return expected
  return 'ask' in expected ? `ask: ${expected.ask.toSorted().join(', ')}` : `deny: ${expected.deny}`
}
