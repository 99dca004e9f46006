/**
 * What a configuration without problems will still run into: a provider, a database, programs and addresses that are not
 * there. Warnings, since they may come later than Countersign does.
 *
 * @module
 */
import { type Around, CountersignError, type Running } from '@countersign/core'
import { createWayOut, foreseeOrigin } from '@countersign/egress'
import { createSignIn } from '@countersign/identity'
import { tryPostgres } from '@countersign/stores'
import { z } from 'zod'
import type { Config } from './config.ts'
import { identityOf } from './identity.ts'
import { taken } from './ports.ts'
import type { Preparation } from './prepare.ts'
import { unreached } from './reach.ts'
import type { ReadConfig } from './read-config.ts'
import type { ConfigProblem, Path } from './yaml.ts'

interface Foreseen {
  readonly path: Path
  readonly says: string
}

/**
 * Nothing is changed anywhere: the database is asked what it is, the provider for its document, MCP servers for their tools. Ports are
 * tried unless an instance `stands` already, which has them.
 */
export async function foresee(
  read: ReadConfig,
  preparation: Preparation,
  around: Around & { readonly stands: boolean },
): Promise<ConfigProblem[]> {
  const { config } = read
  const tried = around.connect
    ? await Promise.all([
        tryProvider(config),
        tryStore(config),
        tryAddresses(config, around),
        around.stands ? [] : taken(preparation.listens),
      ])
    : []
  const gateways = await preparation.foresee(around)
  const { prepared } = preparation
  const reached = prepared ? unreached(prepared.gateways, prepared.policies.engine.active()) : []
  return [...[...tried.flat(), ...reached].map(({ path, says }) => read.problem(path, says)), ...gateways]
}

async function tryProvider(config: Config): Promise<Foreseen[]> {
  if (!config.identity) return []
  const provider = identityOf(config)
  const opened: Running[] = []
  const out = createWayOut((part) => opened.push(part))
  try {
    const signIn = createSignIn({
      ...provider,
      redirectUri: `${config.publicUrl ?? `http://localhost:${config.listen.port}`}/sign-in/callback`,
      clock: { now: () => Date.now() },
      fetch: out.fetchTo(provider.issuer),
    })
    await signIn.begin({ returnTo: '/' })
    return []
  } catch (error) {
    return [{ path: ['identity', 'issuer'], says: `Nobody could sign in: ${causeOf(error)}.` }]
  } finally {
    for (const part of opened) await part.close()
  }
}

async function tryStore({ store: { url } }: Config): Promise<Foreseen[]> {
  if (url === undefined) return []
  try {
    await tryPostgres(url)
    return []
  } catch (error) {
    return [{ path: ['store', 'url'], says: `The database cannot be used: ${causeOf(error)}.` }]
  }
}

/** A channel or follower with an address of its own has it as `url`. */
const Addressed = z.looseObject({ url: z.url() })

async function tryAddresses({ channels, followers }: Config, around: Around): Promise<Foreseen[]> {
  const addresses = Object.entries({ channels, followers }).flatMap(([kind, sections]) =>
    Object.entries(sections).flatMap(([name, section]) => {
      const { data } = Addressed.safeParse(section)
      return data ? [{ path: [kind, name, 'url'], url: data.url }] : []
    }),
  )
  const found = await Promise.all(
    addresses.map(async ({ path, url }) =>
      (await foreseeOrigin(new URL(url), true, around)).map((says): Foreseen => ({ path, says })),
    ),
  )
  return found.flat()
}

/** In one line, with the code that an operator would look up; libraries' errors keep it in their causes. */
function causeOf(error: unknown): string {
  const words: string[] = []
  for (let at = error; at instanceof Error && words.length < 4; at = at.cause) {
    const told = at instanceof CountersignError ? detailOf(at) : at.message
    const code = (at as NodeJS.ErrnoException).code
    const says = told === '' && typeof code === 'string' ? code : told
    if (says !== '' && !words.includes(says)) words.push(says.slice(0, 300))
    if (at instanceof AggregateError && at.errors[0] instanceof Error) words.push(at.errors[0].message)
  }
  return words.join(': ').replace(/\.$/, '') || 'no reason given'
}

/** What we know of it; what may be said to anyone would not help here. */
function detailOf({ detail, message }: CountersignError): string {
  if (typeof detail === 'string') return detail.replace(/\.$/, '')
  const { why, cause } = (detail ?? {}) as { readonly why?: unknown; readonly cause?: unknown }
  if (typeof why !== 'string') return message.replace(/\.$/, '')
  return typeof cause === 'string' ? `${why}: ${cause}` : why
}
