/**
 * Where people sign in: at the identity provider that is configured; without one, on a deployment that this machine alone
 * reaches, as local people, whose part is loaded then and not before.
 *
 * @module
 */
import { CountersignError, type Running, type Store } from '@countersign/core'
import { createSignIn, type SignIn } from '@countersign/identity'
import { isLocal, localIssuer } from '@countersign/schema'
import type { Config } from '../config/config.ts'
import type { NodeMount } from '../http/listener.ts'
import { createLocalRoster, type LocalParts } from './local-people.ts'
import type { PeopleKeeping } from './people-keeping.ts'

export interface WhoSignsInParts {
  readonly identity: Config['identity']
  /** Where local people are kept; without it there are none. */
  readonly dataDir: string | undefined
  readonly publicUrl: string
  readonly store: Pick<Store, 'clock' | 'commit' | 'people'>
  readonly keeping: PeopleKeeping
  /** Groups that may sign, as the registry lists them. */
  groups(): readonly string[]
  /** The way out to a provider at this address. */
  outTo(issuer: string): typeof fetch
}

export interface WhoSignsIn extends Running {
  readonly signIn: SignIn
  readonly local: LocalParts | undefined
  readonly mounts: readonly NodeMount[]
  /** Whether there is an administrator who can sign in here: one who came by another way is none any more. */
  founded(): Promise<boolean>
}

export async function openWhoSignsIn(parts: WhoSignsInParts): Promise<WhoSignsIn> {
  const { identity, dataDir, publicUrl, store, outTo } = parts
  const { clock } = store
  const redirectUri = `${publicUrl}/sign-in/callback`
  const founded = async () =>
    (await store.people.list()).some((person) => person.roles.length > 0 && isLocal(person) === !identity)

  if (identity) {
    if (identity.issuer === localIssuer) throw new CountersignError('ERR_CONFIG_INVALID', { issuer: identity.issuer })
    const { issuer, clientId, clientSecret, groupsClaim, scopes } = identity
    const signIn = createSignIn({
      issuer,
      clientId,
      groupsClaim,
      scopes,
      redirectUri,
      clock,
      ...(clientSecret !== undefined && { clientSecret }),
      fetch: outTo(issuer),
    })
    return { signIn, local: undefined, mounts: [], founded, close: async () => {} }
  }
  if (dataDir === undefined || !isLoopback(publicUrl)) {
    return { signIn: nowhere(), local: undefined, mounts: [], founded, close: async () => {} }
  }

  const { openLocalPeople } = await import('@countersign/identity/local')
  const people = await openLocalPeople({
    dataDir,
    clock,
    publicUrl,
    redirectUri,
    // Also of one who is switched off: signing in says so, in words for them.
    accountOf: (subject) => store.people.byAccount(localIssuer, subject),
  })
  const { issuer, clientId, path, fetch } = people
  return {
    signIn: createSignIn({ issuer, clientId, redirectUri, clock, fetch }),
    local: { people, roster: createLocalRoster({ ...parts, local: people }) },
    mounts: [{ path, answer: (request, response) => people.answer(request, response) }],
    founded,
    close: () => people.close(),
  }
}

const why =
  'no identity provider is connected: the configuration has no section identity, and local people are for a deployment that this machine alone reaches'

function nowhere(): SignIn {
  const refuse = async () => {
    throw new CountersignError('ERR_SIGN_IN_FAILED', { kind: 'misconfigured', why })
  }
  return { reach: refuse, begin: refuse, finish: refuse }
}

export const isLoopback = (url: string): boolean => {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
