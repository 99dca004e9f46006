/**
 * Which data an action touches: named by the gateway, classified from the registry.
 *
 * @module
 */
import { z } from 'zod'

/** A dataset as a gateway names it; the registry knows the rest. */
export const NamedData = z.object({ name: z.string().min(1), columns: z.array(z.string()).optional() })
export type NamedData = z.infer<typeof NamedData>

/** What a gateway can say of the data before anything runs. An absent part is unknown, and counts as the worst. */
export const Lineage = z.object({
  reads: z.array(NamedData).optional(),
  writes: z.array(NamedData).optional(),
  destination: z.string().optional().describe('Where the data goes, by its registered name or its address.'),
  model: z.string().optional(),
})
export type Lineage = z.infer<typeof Lineage>

export const DataNode = z.object({
  name: z.string(),
  columns: z.array(z.string()).optional(),
  classes: z.array(z.string()).describe('The worst first, by the levels of the registry.'),
  domain: z.string().optional(),
  known: z.boolean().describe('False where the registry has no such dataset; its class is then the configured worst.'),
})
export type DataNode = z.infer<typeof DataNode>

/** Sources → action → destination, with classes: what the card draws and policy reads. */
export const DataUse = z.object({
  reads: z.array(DataNode),
  writes: z.array(DataNode),
  classes: z.array(z.string()).describe('Every class that occurs, the worst first by the levels of the registry.'),
  sensitive: z.boolean().describe('At least one class is confidential or above.'),
  destination: z.object({ name: z.string(), outside: z.boolean(), known: z.boolean() }).optional(),
  model: z.object({ name: z.string(), external: z.boolean(), known: z.boolean() }).optional(),
})
export type DataUse = z.infer<typeof DataUse>

/** What Countersign knows of the site's data: the registry. Its words are the operators', never an agent's. */
export const Registry = z.strictObject({
  classes: z
    .record(z.string(), z.number().int().min(0).max(100))
    .default({ public: 0, internal: 10, confidential: 50, financial: 60, pii: 70, phi: 80, secret: 100 })
    .describe('Every class and its level; 50 and above is sensitive.'),
  unknownClass: z.string().default('confidential').describe('What data that nobody registered counts as.'),
  datasets: z
    .record(
      z.string(),
      z.strictObject({
        domain: z.string().describe('What policies name as `Domain::"…"`.'),
        classes: z.array(z.string()).min(1),
        owner: z.string().optional(),
        columns: z.record(z.string(), z.array(z.string())).optional().describe('Classes of single columns.'),
      }),
    )
    .default({}),
  models: z
    .record(
      z.string(),
      z.strictObject({
        external: z.boolean().describe('Runs outside the compliance boundary.'),
        owner: z.string().optional(),
      }),
    )
    .default({}),
  destinations: z
    .record(z.string(), z.strictObject({ outside: z.boolean().describe('Lies outside the compliance boundary.') }))
    .default({}),
  roles: z.record(z.string(), z.strictObject({ privileged: z.boolean() })).default({}),
  groups: z.array(z.string()).default([]).describe('Groups that policies may name as approvers.'),
  agentGroups: z
    .array(z.string())
    .default([])
    .describe('Groups of agents that policies may name, beside those of the configuration.'),
})
export type Registry = z.infer<typeof Registry>
