import { z } from 'zod'
import { presetNames, presets } from '../meaning/presets/presets.ts'
import { createRuleCompiler, Pointer, ruleShape } from '../meaning/rule.ts'

/** What an expression of a tool looks at: the arguments as sealed. */
export const offer = { arguments: 'map' } as const

const compile = createRuleCompiler(offer)

/** What is to be made of one tool. What is left out is unknown, and counts as the worst. */
export const ToolRule = z
  .strictObject({
    ...ruleShape,
    verb: ruleShape.verb.optional().describe('Default `tool.call`.'),
    effect: ruleShape.effect.describe('Default: by the verb.'),
    resources: ruleShape.resources.optional().describe('Default: the tool itself.'),
    rows: ruleShape.rows.describe('Rows at most, where the arguments themselves fix their number.'),
    secrets: z.array(Pointer).max(50).default([]).describe('JSON pointers into the arguments to what nobody may see.'),
  })
  .superRefine((rule, context) => {
    compile(rule, (path, message) => context.addIssue({ code: 'custom', path, message }))
    const plain = [...(rule.resources ?? []).map(({ name }) => name), rule.destination, rule.model, rule.sentence]
    if (plain.some((said) => typeof said === 'string' && /\barguments[.[]/.test(said)))
      context.addIssue({
        code: 'custom',
        message: 'Text stands for itself. An expression is written { cel: arguments.… }.',
      })
  })
export type ToolRule = z.infer<typeof ToolRule>

const toolPresets = presetNames('tools')

/** The rules of each preset, read as an operator's are. */
export const presetRules = z.record(z.enum(toolPresets), z.record(z.string(), ToolRule)).parse(presets.tools)

const about = {
  environment: z.string().min(1).default('prod'),
  preset: z.enum(toolPresets).optional().describe('Rules for a well-known server; `tools` goes before them.'),
  tools: z.record(z.string(), ToolRule).default({}),
  trustAnnotations: z.boolean().default(false).describe('Believe the server where it says that a tool only reads.'),
  timeoutMs: z.number().int().positive().default(600_000).describe('How long one run may take, in milliseconds.'),
  observe: z
    .boolean()
    .default(false)
    .describe('Holds nothing: what would wait for people runs and is recorded as such.'),
}

const OverStdio = z.strictObject({
  command: z.array(z.string().min(1)).min(1).describe('Program and arguments; no shell.'),
  env: z.record(z.string(), z.string()).default({}).describe('Beside HOME, LOGNAME, PATH, SHELL, TERM and USER.'),
  cwd: z.string().optional(),
  ...about,
})

const OverHttp = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  private: z.boolean().default(false).describe('Names this address as one that may lie in your own networks.'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Countersign’s own credentials; agents’ are never passed on.'),
  ...about,
})

export const ServerConfig = z.union([OverStdio, OverHttp])
export type ServerConfig = z.infer<typeof ServerConfig>

const Patience = z.strictObject({
  ms: z.number().int().positive(),
  needsProgress: z.boolean().default(false).describe('Only if this request asks for progress.'),
})

/** Measured: Claude Code waits as long as progress comes; Codex waits 300 s, whatever comes. */
const profiles: Record<string, z.infer<typeof Patience>> = {
  'claude-code': { ms: 12 * 3_600_000, needsProgress: true },
  'codex-mcp-client': { ms: 280_000, needsProgress: false },
}

export const McpConfig = z.strictObject({
  servers: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), ServerConfig),
  patienceMs: z.number().int().positive().default(45_000).describe('How long a client nobody knows is kept waiting.'),
  clients: z
    .record(z.string(), Patience)
    .default(profiles)
    .describe('By the name a client gives itself; can only lengthen the waiting.'),
  progressEveryMs: z.number().int().positive().default(15_000),
  sessionIdleMs: z.number().int().positive().default(3_600_000),
  maxBodyBytes: z
    .number()
    .int()
    .positive()
    .default(1 << 20),
})
export type McpConfig = z.infer<typeof McpConfig>
