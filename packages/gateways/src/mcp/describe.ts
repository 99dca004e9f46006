/**
 * A `tools/call` as an action: what it is, whom it touches, and what is said of it.
 *
 * @module
 */
import { posix } from 'node:path'
import type { Attempt, AttemptContext, GatewayContext, Prospect } from '@countersign/core'
import type { Resource } from '@countersign/schema'
import { purposeOf, traceOf } from '../meaning/claims.ts'
import { meaningOf } from '../meaning/describe.ts'
import { offered } from '../meaning/expression.ts'
import { mustBeOneReading } from '../meaning/reading.ts'
import { createRuleCompiler, namesDeepIn, type Rule } from '../meaning/rule.ts'
import { offer, presetRules, type ServerConfig, ToolRule } from './config.ts'
import { redact } from './parameters.ts'
import type { Tool } from './pins.ts'
import type { JsonObject } from './wire.ts'
import { sentenceOf } from './sentence.ts'

export interface ToolCall {
  readonly server: string
  readonly config: ServerConfig
  readonly tool: Tool
  readonly definition: string
  readonly args: JsonObject
  readonly meta: JsonObject
}

export type Described = Pick<Attempt, 'action'> & {
  readonly context: Omit<AttemptContext, 'attemptId' | 'session' | 'client'>
}

/** @throws ERR_INPUT_INVALID for arguments that two readers could read in two ways, and for a purpose that is none */
export async function describe(call: ToolCall, secrets: GatewayContext['secrets']): Promise<Described> {
  const { server, config, tool, definition, meta } = call
  const written = ruleFor(config, tool.name)
  const rule = compiled(written)
  mustBeOneReading(call.args, { read: namesDeepIn(rule.names, 'arguments'), allowed: rule.alike })

  const operation = `${server}/${tool.name}`
  const { parameters, args } = await redact({ server, tool: tool.name, args: call.args }, written.secrets, secrets)
  const { action, context } = meaningOf(
    rule,
    { arguments: offered(args) },
    {
      verb: 'tool.call',
      resource: { kind: 'tool', name: operation },
      unknown: { kind: 'unknown', name: operation },
      hint: config.trustAnnotations && tool.annotations?.readOnlyHint === true ? 'reads' : undefined,
      sentence: (verb, resources) => sentenceOf({ verb, server, tool: tool.name, resources, args }),
    },
  )
  return {
    action: {
      ...about(config, operation),
      verb: action.verb,
      resources: action.resources.map(settled),
      parameters,
      definition,
    },
    context: {
      ...context,
      destructive: context.destructive || tool.annotations?.destructiveHint === true,
      purpose: purposeOf(meta['countersign/purpose']),
      // What ties the action to its trace or, failing that, to the model's own name for it; the first that is there.
      trace: traceOf(meta.traceparent, meta['claudecode/toolUseId'], meta.callId),
      observed: config.observe,
    },
  }
}

/** What every call of this tool has in common. Whatever depends on its arguments is not known. */
export function prospectOf(server: string, config: ServerConfig, tool: string): Omit<Prospect, 'agent'> {
  const { verb = 'tool.call', resources } = ruleFor(config, tool)
  const operation = `${server}/${tool}`
  return {
    ...about(config, operation),
    verb: typeof verb === 'string' ? verb : 'tool.call',
    resource: resources ? undefined : ({ kind: 'tool', name: operation } as const),
  }
}

/** The operation is the stable name of what is done: what an agent has done before is told by it. */
const about = ({ environment }: ServerConfig, operation: string) =>
  ({ gateway: 'mcp', mode: 'enforcing', operation, environment }) as const

const compile = createRuleCompiler(offer)
const rules = new WeakMap<ToolRule, Rule>()

/** Each rule once. Its expressions were checked when the configuration was read. */
function compiled(rule: ToolRule): Rule {
  const known = rules.get(rule) ?? compile(rule, () => undefined)
  rules.set(rule, known)
  return known
}

export function ruleFor(config: ServerConfig, tool: string): ToolRule {
  const preset = config.preset === undefined ? undefined : presetRules[config.preset]
  return own(config.tools, tool) ?? own(preset ?? {}, tool) ?? nothingSaid
}

const nothingSaid = ToolRule.parse({})

const own = (rules: Readonly<Record<string, ToolRule>>, tool: string) =>
  Object.hasOwn(rules, tool) ? rules[tool] : undefined

/** Where a path that is not whole begins, the server alone knows. */
const settled = (resource: Resource): Resource =>
  resource.kind === 'file' && !posix.isAbsolute(resource.name) ? { kind: 'unknown', name: resource.name } : resource
