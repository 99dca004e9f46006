/**
 * A `tools/call` as an action: what it is, whom it touches, and what is said of it.
 *
 * @module
 */
import { posix } from 'node:path'
import { type Attempt, type AttemptContext, CountersignError, type Hall, type Prospect } from '@countersign/core'
import { type Effect, type Json, type Lineage, Purpose, type Resource, type Verb } from '@countersign/schema'
import { z } from 'zod'
import { type ServerConfig, ToolRule } from './config.ts'
import { names } from './mapping.ts'
import type { Tool } from './pins.ts'
import { presets } from './presets.ts'
import { replaceAt } from './secrets.ts'
import type { JsonObject } from './wire.ts'

/** What the house runs, exactly: nothing else of the message reaches the server. */
export const Parameters = z.strictObject({
  server: z.string(),
  tool: z.string(),
  arguments: z.record(
    z.string(),
    z.custom<Json>((value) => value !== undefined),
  ),
})

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

/** @throws ERR_INPUT_INVALID if the purpose is not one, or a declared secret is not a string */
export async function describe(call: ToolCall, secrets: Hall['secrets']): Promise<Described> {
  const { server, config, tool, definition, meta } = call
  const rule = ruleFor(config, tool.name)
  const args = await replaceAt(call.args, rule.secrets, (value) => secrets.keep(value))
  const kind = kindOf(rule, config)
  const { verb } = kind
  const resources = resourcesOf(rule, args, `${server}/${tool.name}`)

  return {
    action: { ...kind, resources, parameters: { server, tool: tool.name, arguments: args }, definition },
    context: {
      sentence: sentence(verb, `${server}/${tool.name}`, resources),
      effect: rule.effect ?? effectOf(verb, config.trustAnnotations && tool.annotations?.readOnlyHint === true),
      lineage: lineageOf(rule, args),
      measures: {}, // how many rows a tool touches is its own affair: unknown, and counts as the worst
      purpose: purposeOf(meta),
      trace: traceOf(meta),
      destructive: tool.annotations?.destructiveHint === true,
      observed: config.observe,
    },
  }
}

/** What every call of this tool has in common. */
export function prospectOf(server: string, config: ServerConfig, tool: string): Omit<Prospect, 'agent'> {
  const rule = ruleFor(config, tool)
  const resource = rule.resources ? undefined : ({ kind: 'tool', name: `${server}/${tool}` } as const)
  return { ...kindOf(rule, config), resource }
}

const kindOf = (rule: ToolRule, { environment }: ServerConfig) =>
  ({
    gateway: 'mcp',
    door: 'enforcing',
    verb: rule.verb ?? 'tool.call',
    operation: 'mcp.tools/call',
    environment,
  }) as const

export function ruleFor(config: ServerConfig, tool: string): ToolRule {
  const preset = config.preset === undefined ? undefined : presets[config.preset]
  return own(config.tools, tool) ?? own(preset ?? {}, tool) ?? nothingSaid
}

const nothingSaid = ToolRule.parse({})

const own = (rules: Readonly<Record<string, ToolRule>>, tool: string) =>
  Object.hasOwn(rules, tool) ? rules[tool] : undefined

function resourcesOf({ resources = [] }: ToolRule, args: JsonObject, toolName: string): Resource[] {
  const found = resources.flatMap(
    ({ kind, name }) => names(name, args)?.map((each) => ({ kind, name: each })) ?? [undefined],
  )
  if (resources.length === 0) return [{ kind: 'tool', name: toolName }]
  const known = found.every((resource) => resource !== undefined) ? found : []
  if (known.length === 0 || known.length > 50) return [{ kind: 'unknown', name: toolName }]
  return known.map(settled)
}

/** A path that a policy could read one way and a server another is not a known file. */
function settled(resource: Resource): Resource {
  if (resource.kind !== 'file') return resource
  const { name } = resource
  const plain = posix.isAbsolute(name) && posix.normalize(name) === name && !name.includes('\\')
  return plain ? resource : { kind: 'unknown', name }
}

function lineageOf({ reads, writes, destination, model }: ToolRule, args: JsonObject): Lineage {
  const data = (expression: string | undefined) => {
    const found = expression && names(expression, args)
    // `[]` is the operator's word that it touches nothing; an empty list that the agent sent says nothing.
    const told = found && (found.length > 0 || !expression.includes('arguments'))
    return told ? found.map((name) => ({ name })) : undefined
  }
  const one = (expression: string | undefined) => {
    const found = expression && names(expression, args)
    return found && found.length === 1 ? found[0] : undefined // of several, none speaks for the others
  }
  const lineage = { reads: data(reads), writes: data(writes), destination: one(destination), model: one(model) }
  return Object.fromEntries(Object.entries(lineage).filter(([, value]) => value)) as Lineage
}

function effectOf(verb: Verb, onlyReads: boolean): Effect {
  switch (verb) {
    case 'data.read':
    case 'data.export':
    case 'file.read':
      return 'read'
    case 'iam.grant':
      return 'grant'
    case 'infra.change':
    case 'model.deploy':
      return 'deploy'
    case 'data.write':
    case 'schema.change':
    case 'model.invoke':
    case 'model.train':
    case 'file.write':
    case 'tool.call':
    case 'http.call':
    case 'shell.exec':
      return onlyReads ? 'read' : 'write'
  }
}

function sentence(verb: Verb, tool: string, resources: readonly Resource[]): string {
  const [first, ...others] = resources
  const named = `${JSON.stringify(printable(first?.name ?? tool))}${others.length > 0 ? ` and ${others.length} more` : ''}`
  if (verb === 'file.read') return `Read ${named} with ${tool}`
  if (verb === 'file.write') return `Change ${named} with ${tool}`
  return first?.name === tool ? `Use the tool ${tool}` : `Use the tool ${tool} on ${named}`
}

/** Without control, format and direction characters; short enough for one line. */
const printable = (text: string): string => text.slice(0, 120).replace(/\p{C}/gu, '\u{FFFD}')

const PurposeGiven = z.union([z.string().transform((text) => ({ text })), z.unknown()]).pipe(Purpose)

function purposeOf(meta: JsonObject): Purpose | undefined {
  const given = meta['countersign/purpose']
  if (given === undefined) return undefined
  const purpose = PurposeGiven.safeParse(given)
  if (!purpose.success)
    throw new CountersignError('ERR_INPUT_INVALID', { json: 'a purpose that is too long or not text' })
  return purpose.data
}

/** What ties the action to its trace or, failing that, to the model's own name for it; the first that is there. */
function traceOf(meta: JsonObject): string | undefined {
  const found = ['traceparent', 'claudecode/toolUseId', 'callId'].map((key) => meta[key])
  return found.find((value): value is string => typeof value === 'string' && /^[\w.:-]{1,200}$/.test(value))
}
