/**
 * What the API says of agents, and takes.
 *
 * @module
 */
import { z } from 'zod'
import { Agent } from '../agent.ts'
import { Moment, Named } from './api.ts'

export const AgentView = z.object({
  id: z.string(),
  version: z.number().int(),
  name: z.string(),
  owner: Named,
  team: z.string(),
  groups: z.array(z.string()),
  environment: z.string(),
  mode: z.enum(['enforce', 'observe']),
  status: z.enum(['active', 'stopped', 'retired']),
  keys: z.array(
    z.object({
      id: z.string(),
      createdAt: Moment,
      expiresAt: Moment,
      state: z.enum(['active', 'expired', 'revoked']),
    }),
  ),
  registeredBy: Named,
  changedBy: Named,
  openQuestions: z.number().int(),
  lastSeenAt: Moment.optional().describe('When it last asked for anything; absent if it never did.'),
  you: z.object({ mayChange: z.boolean(), mayStop: z.boolean(), mayStart: z.boolean(), mayRetire: z.boolean() }),
})
export type AgentView = z.infer<typeof AgentView>

export const AgentList = z.object({
  items: z.array(AgentView),
  you: z.object({ mayRegister: z.boolean() }),
  known: z
    .object({ teams: z.array(z.string()), agentGroups: z.array(z.string()) })
    .describe('Groups that an agent may be given; empty for those who may not register one.'),
})
export type AgentList = z.infer<typeof AgentList>

/** Registers an agent. It begins active, enforced, with one key. */
export const AgentInput = z.strictObject({
  id: Agent.shape.id,
  name: z.string().min(1).max(200),
  owner: z.string().min(1).max(100).describe('A person’s id.'),
  team: z.string().min(1).max(200).describe('A group that there is: of the registry, or of someone who signed in.'),
  groups: z.array(z.string().min(1).max(200)).max(50).default([]).describe('Of `agentGroups` in the configuration.'),
  environment: z.string().min(1).max(100),
  keyDays: z.number().int().min(1).max(365).default(90).describe('Days until its first key expires.'),
})
export type AgentInput = z.infer<typeof AgentInput>

/** Changes what is said of an agent; what is left out stays. Whoever does cannot approve for it any more (P3). */
export const AgentChangeInput = z
  .strictObject({
    name: AgentInput.shape.name.optional(),
    owner: AgentInput.shape.owner.optional(),
    team: AgentInput.shape.team.optional(),
    groups: z.array(z.string().min(1).max(200)).max(50).optional().describe('All of them, not those that are added.'),
    environment: AgentInput.shape.environment.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, { message: 'Say what shall be changed.' })
export type AgentChangeInput = z.infer<typeof AgentChangeInput>

export const KeyInput = z.strictObject({
  keyDays: z.number().int().min(1).max(365).default(90),
  overlapHours: z.number().int().min(0).max(168).default(24).describe('How long the keys of before still work.'),
})
export type KeyInput = z.infer<typeof KeyInput>

export const StopInput = z.strictObject({ because: z.string().min(1).max(2000).optional() })
export type StopInput = z.infer<typeof StopInput>

/** What to paste for one client. */
export const ReadyLine = z.object({
  client: z.string().describe('`curl`, `Claude Code`, `Codex`, …'),
  where: z.string().describe('`terminal`, a file of the client, or a language.'),
  text: z.string(),
})
export type ReadyLine = z.infer<typeof ReadyLine>

/** The only time the key is seen. What is kept is its SHA-256. */
export const IssuedKey = z.object({
  agent: AgentView,
  key: z.string(),
  expiresAt: Moment,
  ready: z.array(ReadyLine).describe('The key first; then the lines that use it, with the addresses of the gateways.'),
})
export type IssuedKey = z.infer<typeof IssuedKey>
