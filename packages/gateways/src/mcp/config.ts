import { Effect, ResourceKind, Verb } from '@countersign/schema'
import { z } from 'zod'
import { compiles } from './mapping.ts'

const Expression = z.string().min(1).max(2000).refine(compiles, 'is not a CEL expression over `arguments`')
const Pointer = z.string().regex(/^(\/([^/~]|~[01])*)+$/, 'is not a JSON pointer (RFC 6901)')

/** What the house shall make of one tool. What is left out is unknown, and counts as the worst. */
export const ToolRule = z.strictObject({
  verb: Verb.optional().describe('Default `tool.call`.'),
  effect: Effect.optional().describe('Default `read` for verbs that read, else `write`.'),
  resources: z
    .array(z.strictObject({ kind: ResourceKind, name: Expression }))
    .min(1)
    .optional()
    .describe('CEL over `arguments`, giving a name or a list of names. Default: the tool itself.'),
  reads: Expression.optional().describe('CEL giving the datasets that are read.'),
  writes: Expression.optional().describe('CEL giving the datasets that are written.'),
  destination: Expression.optional().describe('CEL giving where the data goes.'),
  model: Expression.optional().describe('CEL giving the model that is used.'),
  secrets: z.array(Pointer).max(50).default([]).describe('JSON pointers into the arguments to strings nobody may see.'),
})
export type ToolRule = z.infer<typeof ToolRule>

const about = {
  environment: z.string().min(1).default('prod'),
  preset: z.enum(['filesystem']).optional().describe('Rules for a well-known server; `tools` goes before them.'),
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
  private: z.boolean().default(false).describe('Names this address as one that may lie in the house’s own networks.'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('The house’s own credentials; agents’ are never passed on.'),
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
