/**
 * Who stands at the API: a person with a browser session, and nobody else (P4).
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto'
import { CountersignError, sha256Hex } from '@countersign/core'
import { inOffice, isOver } from '@countersign/identity'
import { localIssuer, type Person } from '@countersign/schema'
import type { Context } from 'hono'
import { belongs } from './access.ts'
import type { ApiEnv, ApiParts, Visitor } from './parts.ts'
import { telling } from '../../http/problems.ts'

/** Refuses tokens even beside a good cookie: what holds a token may be a machine. */
export function refuseTokens(request: Request): void {
  if (!request.headers.has('authorization')) return
  throw telling(
    new CountersignError('ERR_TOKEN_REFUSED'),
    'No bearer token approves or reads here: an agent’s shell could hold it. Open the console in a browser.',
  )
}

/** @throws ERR_SIGNED_OUT */
export async function visitorOf(
  { sessions, store, groupRoles = {} }: Pick<ApiParts, 'sessions' | 'store' | 'groupRoles'>,
  request: Request,
  how: { readonly quiet: boolean } = { quiet: false },
): Promise<Visitor> {
  const session = await sessions.current(request.headers.get('cookie') ?? undefined, how)
  const person = session && (await store.people.get(session.person))
  if (!session || !person?.active || isOver(session, person.sessionsEndedAt))
    throw new CountersignError('ERR_SIGNED_OUT')
  return { session, person: inOffice(person, groupRoles) }
}

const safe = new Set(['GET', 'HEAD'])

/**
 * Only the console's own pages change anything: the browser says where a request comes from, and scripts of other
 * sites cannot make it say otherwise (https://fetch.spec.whatwg.org/#origin-header,
 * https://www.w3.org/TR/fetch-metadata/).
 *
 * @throws ERR_ORIGIN also where the browser says nothing
 */
export function mustBeSameOrigin(request: Request, publicUrl: string): void {
  if (safe.has(request.method)) return
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (origin !== new URL(publicUrl).origin || (site !== null && site !== 'same-origin')) {
    throw new CountersignError('ERR_ORIGIN', { origin, site })
  }
}

/** Carries the key of a local person's browser. */
export const localHeader = 'countersign-local'

/** Carries what Countersign gave to the window that signed in, in the fragment of its address. */
export const windowHeader = 'countersign-browser'

/**
 * A cookie alone signs nothing: browsers give it to every port of the host, whatever program listens there (P4). That
 * goes for the cookies by which local people sign in as well.
 *
 * @throws ERR_WINDOW
 */
export function mustBeTheWindow(
  { sessions, local }: Pick<ApiParts, 'sessions' | 'local'>,
  request: Request,
  { issuer, subject }: Person,
): void {
  if (safe.has(request.method)) return
  const hash = (text: string) => Buffer.from(sha256Hex(text), 'hex')
  const expected = sessions.browserBinding(request.headers.get('cookie') ?? undefined)
  const given = request.headers.get(windowHeader) ?? ''
  if (expected === undefined || !timingSafeEqual(hash(given), hash(expected))) throw new CountersignError('ERR_WINDOW')
  if (issuer !== localIssuer || local?.people.holderOf(request.headers.get(localHeader) ?? '') === subject) return
  throw telling(
    new CountersignError('ERR_WINDOW'),
    'This is not the browser that your link was opened in, or its storage was cleared. `countersign people add` makes a new link.',
  )
}

/** Signing in proves a person, not that they have a part in this deployment. @throws ERR_NOT_ALLOWED */
export async function mustBelong(
  { store, policy }: Pick<ApiParts, 'store' | 'policy'>,
  context: Context<ApiEnv>,
): Promise<void> {
  const { person } = context.get('visitor')
  if (person.roles.length > 0) return
  if (!belongs(person, policy.active(), await store.agents.answeredFor(person)))
    throw new CountersignError('ERR_NOT_ALLOWED')
}
