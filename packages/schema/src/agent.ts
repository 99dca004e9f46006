/**
 * Who asks, and who answers.
 *
 * @module
 */
import { z } from 'zod'

/** A credential Countersign issued. The key itself is shown once; what is kept is its SHA-256. */
export const AgentKey = z.object({
  id: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.number().int(),
  expiresAt: z.number().int(),
  revokedAt: z.number().int().optional(),
  issuedBy: z
    .string()
    .optional()
    .describe('Who was shown it: they could act as the agent, so they may not approve (P3).'),
})
export type AgentKey = z.infer<typeof AgentKey>

export const Agent = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  version: z.number().int().min(1),
  name: z.string().max(200),
  owner: z.string().describe('The person who answers for it.'),
  team: z.string().describe('The group that signs where a sign-off names `agent-team`.'),
  groups: z.array(z.string()).describe('Agent groups that policies name.'),
  environment: z.string(),
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  status: z.enum(['active', 'stopped']),
  stoppedBy: z.string().optional().describe('While stopped: who stopped it, and so may not start it (P15).'),
  retiredAt: z.number().int().optional().describe('Stopped for good, without a key in force. Its id stays taken.'),
  keys: z.array(AgentKey),
  registeredBy: z.string(),
  changedBy: z.string(),
  setBy: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Who last set what stands, by its name or `group <name>`, if not who registered it: they may not approve (P3).',
    ),
})
export type Agent = z.infer<typeof Agent>

/** The administrator's roles. None implies approving. */
export const Role = z.enum(['policy', 'identity', 'operations', 'auditor', 'privacy'])
export type Role = z.infer<typeof Role>

/** An account at a provider that a channel speaks for: `slack:T024BE7LD` and `U0G9QF9C6`. */
export const Account = z.object({
  provider: z.string().regex(/^[A-Za-z0-9][\w.:-]{0,127}$/),
  id: z.string().regex(/^[\x21-\x7e]{1,200}$/),
})
export type Account = z.infer<typeof Account>

/** Whoever holds that account is this person, says who linked it, and says they themselves once it is confirmed. */
export const LinkedAccount = Account.extend({
  linkedBy: z.string().describe('A person’s id, or `operator`. Who linked it cannot be served by its clicks (P3).'),
  linkedAt: z.number().int(),
  confirmedAt: z
    .number()
    .int()
    .optional()
    .describe('When they said here that it is theirs. Until then it answers nothing, and is told of nothing.'),
})
export type LinkedAccount = z.infer<typeof LinkedAccount>

/** A person is (issuer, subject), never an email. */
export const Person = z.object({
  id: z.string(),
  version: z.number().int().min(1),
  issuer: z.string(),
  subject: z.string(),
  name: z.string(),
  email: z.string().optional(),
  groups: z.array(z.string()),
  groupsAsOf: z.number().int(),
  groupsTrouble: z.string().optional().describe('Why all or some of their groups could not be read then.'),
  signedInAt: z.number().int().optional().describe('When they last came in; absent if they never did.'),
  active: z.boolean().describe('Whether they may come in. Who is switched off signs nothing and is signed out.'),
  sessionsEndedAt: z.number().int().optional().describe('Sessions from before then are over.'),
  roles: z.array(Role),
  accounts: z.array(LinkedAccount).max(20).optional().describe('By which they answer in channels.'),
})
export type Person = z.infer<typeof Person>

/**
 * The issuer of local people, who are there until an identity provider is connected. It names no port, so that they
 * stay the same people at another one. Nobody else can have it: a provider that is connected answers at its issuer.
 */
export const localIssuer = 'http://localhost/local-people'
export const isLocal = ({ issuer }: Pick<Person, 'issuer'>): boolean => issuer === localIssuer
