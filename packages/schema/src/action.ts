/**
 * What an agent wants to do, said so that a person can judge it and a machine can compare it.
 *
 * @module
 */
import { z } from 'zod'

/** The families policy speaks of. A gateway's own operations are members: `crm/delete_rows` is a `tool.call`. */
export const Verb = z.enum([
  'data.read',
  'data.write',
  'data.export',
  'schema.change',
  'iam.grant',
  'infra.change',
  'model.invoke',
  'model.train',
  'model.deploy',
  'file.read',
  'file.write',
  'tool.call',
  'http.call',
  'shell.exec',
])
export type Verb = z.infer<typeof Verb>

/** `enforcing`: Countersign itself runs the sealed copy. `cooperating`: the client runs what it was permitted. */
export const Mode = z.enum(['enforcing', 'cooperating'])
export type Mode = z.infer<typeof Mode>

export const ResourceKind = z.enum(['dataset', 'model', 'role', 'tool', 'file', 'route', 'host', 'unknown'])
export type ResourceKind = z.infer<typeof ResourceKind>

/** The thing acted upon, e.g. `{ kind: 'dataset', name: 'finance.orders' }`. */
export const Resource = z.object({ kind: ResourceKind, name: z.string().min(1).max(500) })
export type Resource = z.infer<typeof Resource>

/**
 * Any JSON value. Numbers are finite; integers beyond 2^53 travel as strings.
 *
 * Not walked here: what comes in was read strictly, what is sealed has a canonical form, and to look at every value of
 * a large one once more at each read takes seconds, in which an agent could keep everybody waiting.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export const Json: z.ZodType<Json> = z.unknown() as z.ZodType<Json>

/** Exactly what the digest covers, and all that a run may depend on. */
export const Action = z.object({
  tenant: z.literal('default'),
  gateway: z.string().min(1).describe('The gateway that saw it: `mcp`, `http`, …'),
  mode: Mode,
  verb: Verb,
  operation: z.string().min(1).describe('The stable name of what is done: `crm/delete_rows`.'),
  resources: z.array(Resource).min(1).max(50),
  parameters: z.record(z.string(), Json).describe('Everything the execution depends on; secrets as references.'),
  definition: z
    .string()
    .optional()
    .describe('SHA-256 of the definition, hex, as the agent was shown it, of the tool that `operation` names.'),
  environment: z.string().min(1).describe('`prod`, `staging`, `dev`, …'),
  agent: z.string().min(1).describe('Id of the acting agent, from its verified credential.'),
  onBehalfOf: z.string().optional().describe('The person the agent acts for, where that is verified.'),
  startedBy: z.string().optional().describe('The person who verifiably started the session.'),
})
export type Action = z.infer<typeof Action>

/** SHA-256 of the canonical action (RFC 8785), hex. Two actions with the same digest are the same action. */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'Digest'>()
export type Digest = z.infer<typeof Digest>

/** Why the agent says it does this. Claimed, never verified; outside the digest, inside what approvers are shown. */
export const Purpose = z.object({
  text: z.string().max(2000).optional(),
  workItem: z.string().max(200).optional(),
  link: z.string().max(2000).optional(),
})
export type Purpose = z.infer<typeof Purpose>

/** What kind of change it makes, for the risk table. */
export const Effect = z.enum(['read', 'write', 'delete', 'grant', 'deploy'])
export type Effect = z.infer<typeof Effect>

/** Numbers a decision may rest on. Missing means unknown; what is said is enforced as a ceiling while it runs. */
export const Measures = z.object({
  rows: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  bytes: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
})
export type Measures = z.infer<typeof Measures>
