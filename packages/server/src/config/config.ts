/**
 * `countersign.yaml`: read, resolved and checked in one place. Every part owns its own section's schema.
 *
 * @module
 */
import { defaultPoints } from '@countersign/core'
import { GroupRoles, trustworthy } from '@countersign/identity'
import { Registry } from '@countersign/schema'
import { z } from 'zod'

const points = Object.fromEntries(
  Object.entries(defaultPoints).map(([name, value]) => [name, z.number().int().min(0).max(100).default(value)]),
) as Record<keyof typeof defaultPoints, z.ZodDefault<z.ZodNumber>>

/** `localhost` and the addresses that only this machine has. */
const ownHost = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/

const notTrustworthy = 'Only https is trusted, or an address of this machine.'

function isRoot(text: string): boolean {
  const { pathname, search, hash, username, password } = new URL(text)
  return /^\/*$/.test(pathname) && [search, hash, username, password].every((part) => part === '')
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}

export const Config = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9.-]+$/)
      .default('localhost')
      .describe('Names this deployment: the ledger’s origin is `<name>/default`.'),
    listen: z
      .strictObject({
        host: z.string().default('localhost').describe('`localhost` is 127.0.0.1 and ::1.'),
        port: z.number().int().min(0).max(65535).default(4600),
      })
      .prefault({})
      .describe('The listener of console, API and MCP.'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .refine(isRoot, {
        message: 'Countersign is served at the root of a name: leave out path, query and password.',
      })
      .refine((text) => trustworthy(new URL(text)), { message: notTrustworthy })
      .transform((text) => new URL(text).origin)
      .optional()
      .describe(
        'How browsers and agents reach Countersign: https, or this machine. Default `http://localhost:<port>`.',
      ),
    store: z
      .strictObject({
        url: z
          .string()
          .regex(/^(?:postgres(?:ql)?:\/\/|socket:|\/)/, 'This is not the URL of a PostgreSQL: postgres://…')
          .optional()
          .describe('A PostgreSQL 15 or later. Default: the embedded one.'),
      })
      .prefault({}),
    identity: z
      .strictObject({
        issuer: z
          .url({ protocol: /^https?$/ })
          .refine((text) => trustworthy(new URL(text)), { message: notTrustworthy })
          .describe('The OpenID provider: Okta, Entra ID, any other by discovery.'),
        clientId: z.string().describe('As the provider registered Countersign.'),
        clientSecret: z.string().optional().describe('Left out for a public client; PKCE is used in either case.'),
        groupsClaim: z
          .string()
          .default('groups')
          .describe('The claim of the ID token that lists a person’s groups; without it they have none.'),
        roles: GroupRoles.prefault({}),
        scopes: z.array(z.string()).default(['openid', 'profile', 'email', 'groups']).describe('Asked for at sign-in.'),
      })
      .optional(),
    policies: z.string().default('./policies').describe('Directory of `.cedar` files.'),
    agentGroups: z.array(z.string()).default([]).describe('Groups of agents that policies may name.'),
    registry: z
      .union([z.string(), Registry])
      .default('./policies/registry.yaml')
      .describe('Datasets, models, destinations, roles and groups: here, or a YAML file.'),
    risk: z.strictObject(points).prefault({}).describe('Points per signal; 0 switches one off.'),
    timeZone: z
      .string()
      .refine(isTimeZone, {
        message: 'There is no such time zone. They are named as Europe/Berlin, America/New_York, UTC.',
      })
      .default('UTC')
      .describe('In which policies read hours and weekdays.'),
    limits: z
      .strictObject({
        open: z.number().int().positive().default(20).describe('Open at once.'),
        asked: z.number().int().positive().default(60).describe('Asked within `withinMs`.'),
        denied: z
          .number()
          .int()
          .positive()
          .default(60)
          .describe('Denied of one credential within `withinMs`; those beyond are summed up in the record.'),
        withinMs: z.number().int().positive().default(600_000),
      })
      .prefault({})
      .describe('Questions of one agent, for one person: open at once, and asked within a time. And denials.'),
    gateways: z.record(z.string(), z.unknown()).default({}).describe('One section per gateway.'),
    channels: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('One section per channel, under its type or, with a `type`, under any name.'),
    followers: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('One section per follower of the ledger, under its type or, with a `type`, under any name.'),
  })
  .refine(({ listen, publicUrl }) => publicUrl !== undefined || ownHost.test(listen.host), {
    path: ['listen', 'host'],
    message: 'A listener that others can reach needs the URL by which they do: `publicUrl`.',
  })
export type Config = z.infer<typeof Config>
