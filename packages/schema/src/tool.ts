/**
 * Tools of the servers behind Countersign: what each says of itself, and what of it people have accepted.
 *
 * @module
 */
import { z } from 'zod'
import { Json } from './action.ts'

/** Everything an agent is shown of a tool: its name, description, schema and annotations. */
export const ToolDefinition = z.object({
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the canonical definition (RFC 8785), hex.'),
  says: z.record(z.string(), Json).describe('As the server gave it.'),
})
export type ToolDefinition = z.infer<typeof ToolDefinition>

/** One tool of one server. It may be used while `listed` is what was `pinned`. */
export const ToolRecord = z.object({
  id: z.string().min(3).max(400).describe('`server/name`.'),
  version: z.number().int().min(1),
  server: z.string().min(1),
  name: z.string().min(1),
  pinned: ToolDefinition.optional().describe('Absent until a person accepts a tool that joined later.'),
  listed: ToolDefinition.describe('As the server listed it last.'),
})
export type ToolRecord = z.infer<typeof ToolRecord>

/** `pinned` may be used. `changed` is not what was pinned; `new` joined after its server was first seen. */
export const ToolStanding = z.enum(['pinned', 'changed', 'new'])
export type ToolStanding = z.infer<typeof ToolStanding>

export const ToolView = ToolRecord.omit({ version: true }).extend({
  standing: ToolStanding.describe('`pinned` may be used; `changed` and `new` wait for a person.'),
  you: z.object({ mayAccept: z.boolean() }),
})
export type ToolView = z.infer<typeof ToolView>

export const ToolList = z.object({
  items: z.array(ToolView),
  leftOut: z
    .array(z.object({ server: z.string(), name: z.string(), why: z.string() }))
    .describe('Tools that a server lists and that cannot be served, and why, as this instance saw them last.'),
  observing: z
    .array(z.string())
    .describe('Gateways that hold nothing, `gateway/upstream`: what would wait for people runs.'),
})
export type ToolList = z.infer<typeof ToolList>

export const ToolAcceptance = z.strictObject({
  id: ToolRecord.shape.id,
  hash: ToolDefinition.shape.hash.describe('Of the definition that was looked at.'),
})
export type ToolAcceptance = z.infer<typeof ToolAcceptance>
