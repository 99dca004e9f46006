/**
 * `countersign.yaml`: read, resolved and checked in one place. Every part owns its own section's schema.
 *
 * @module
 */
import { defaultPoints } from '@countersign/core'
import { OpenLineageConfig } from '@countersign/followers'
import { GroupRoles } from '@countersign/identity'
import { Registry } from '@countersign/schema'
import { z } from 'zod'
import { type Issue, type Path, readYaml } from './yaml.ts'

const points = Object.fromEntries(
  Object.entries(defaultPoints).map(([name, value]) => [name, z.number().int().min(0).max(100).default(value)]),
) as Record<keyof typeof defaultPoints, z.ZodDefault<z.ZodNumber>>

/** `localhost` and the addresses that only this machine has. */
const ownHost = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/

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
      .url()
      .optional()
      .describe(
        'How browsers and agents reach the house, without a slash at the end. Default `http://localhost:<port>`.',
      ),
    store: z
      .strictObject({ url: z.string().optional().describe('A PostgreSQL 15 or later. Default: the embedded one.') })
      .prefault({}),
    identity: z
      .strictObject({
        issuer: z.url().describe('The OpenID provider: Okta, Entra ID, any other by discovery.'),
        clientId: z.string().describe('As the provider registered this house.'),
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
    timeZone: z.string().default('UTC').describe('In which policies read hours and weekdays.'),
    limits: z
      .strictObject({
        open: z.number().int().positive().default(20).describe('Open at once.'),
        asked: z.number().int().positive().default(60).describe('Asked within `withinMs`.'),
        withinMs: z.number().int().positive().default(600_000),
      })
      .prefault({})
      .describe('Questions of one agent, for one person: open at once, and asked within a time.'),
    gateways: z.record(z.string(), z.unknown()).default({}).describe('One section per gateway.'),
    channels: z.record(z.string(), z.unknown()).default({}).describe('One section per channel.'),
    openlineage: OpenLineageConfig.optional(),
  })
  .refine(({ listen, publicUrl }) => publicUrl !== undefined || ownHost.test(listen.host), {
    path: ['publicUrl'],
    message: 'A listener that others can reach needs the URL by which they do.',
  })
export type Config = z.infer<typeof Config>

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a file named in the configuration. */
  readonly readFile: (path: string) => string
}

/** The schemas of the sections that belong to a part, by its name. */
export type Sections = Readonly<Record<'gateways' | 'channels', Readonly<Record<string, z.ZodType>>>>

/** @throws ERR_CONFIG_INVALID with a list of ConfigProblem as detail */
export function parseConfig(text: string, surroundings: Surroundings, sections: Sections): Config {
  const yaml = readYaml(text)
  const unresolved: { path: Path; says: string }[] = []
  const resolved = resolve(yaml.value ?? {}, surroundings, [], (path, says) => unresolved.push({ path, says }))
  yaml.refuse(unresolved)
  const config = yaml.parse(Config, resolved)
  yaml.refuseIssues(wrongSections(config, sections))
  return config
}

function wrongSections(config: Config, sections: Sections): Issue[] {
  return (['gateways', 'channels'] as const).flatMap((kind) =>
    Object.entries(config[kind]).flatMap(([name, section]): Issue[] => {
      const path = [kind, name]
      const schema = Object.hasOwn(sections[kind], name) ? sections[kind][name] : undefined
      const known = Object.keys(sections[kind]).join(', ')
      if (!schema) return [{ code: 'custom', path, message: `There is nothing of that name. There are: ${known}` }]
      const issues = schema.safeParse(section).error?.issues ?? []
      return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
    }),
  )
}

/** `${NAME}` is an environment variable, `file:path` the text of a file; nothing else reaches outside. */
function resolve(
  value: unknown,
  surroundings: Surroundings,
  path: Path,
  problem: (path: Path, says: string) => void,
): unknown {
  if (Array.isArray(value)) return value.map((item, at) => resolve(item, surroundings, [...path, at], problem))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, resolve(member, surroundings, [...path, key], problem)]),
    )
  }
  if (typeof value !== 'string') return value

  if (!value.startsWith('file:')) {
    return value.replaceAll(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (_, name: string) => {
      const found = surroundings.env[name]
      if (found === undefined) problem(path, `The environment variable ${name} is not set.`)
      return found ?? ''
    })
  }
  try {
    return surroundings.readFile(value.slice('file:'.length)).trim()
  } catch {
    problem(path, 'This file cannot be read.')
    return undefined
  }
}
