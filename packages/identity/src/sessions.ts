/**
 * Who sits at the console. The browser holds 32 random bytes, the house their hash.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import { type Clock, CountersignError, sha256Hex } from '@countersign/core'
import { readCookie, setCookie } from './cookies.ts'
import { type PendingSignIn, pendingForMs, type SignedIn } from './oidc.ts'
import type { ConsoleSession, SessionStore } from './session-store.ts'

export interface SessionSettings {
  readonly store: SessionStore
  readonly clock: Clock
  /** True where the console is served over https: `__Host-` and `Secure`. */
  readonly secure: boolean
  /** Default 30 minutes without a request. */
  readonly idleMs?: number
  /** Default 12 hours from signing in. */
  readonly absoluteMs?: number
}

/** Every `string` that is returned for the browser is one `Set-Cookie` value. */
export interface Sessions {
  /** Binds a sign-in to this browser for 10 minutes. Several may be under way, one per tab. */
  begin(pending: PendingSignIn): Promise<string>
  /**
   * The sign-in that this callback answers, once. `cookie` removes what `begin` set.
   *
   * @throws ERR_SIGN_IN_FAILED for a callback that this browser did not begin, comes again, or comes too late
   */
  resume(
    cookies: string | undefined,
    callbackUrl: string | URL,
  ): Promise<{ readonly pending: PendingSignIn; readonly cookie: string }>
  /** Always a new id; the session that the browser had before is over. */
  open(person: string, signedIn: SignedIn, cookies: string | undefined): Promise<string>
  /** `quiet` does not count as use: an open window alone keeps nobody signed in. */
  current(cookies: string | undefined, how?: { readonly quiet: boolean }): Promise<ConsoleSession | undefined>
  /**
   * What only the window that signed in knows beside the cookie. A browser hands cookies to every port of a host, so
   * that another program's page on `localhost` would get the cookie; it does not get this.
   */
  windowKey(cookies: string | undefined): string | undefined
  close(cookies: string | undefined): Promise<string>
  /** Signs a person out everywhere. */
  closePerson(person: string): Promise<void>
}

const name = 'countersign'
const idForm = /^[A-Za-z0-9_-]{43}$/
/** How often `seenAt` is written, at most. */
const touchMs = 60_000

export function createSessions(settings: SessionSettings): Sessions {
  const { store, clock, secure, idleMs = 30 * 60_000, absoluteMs = 12 * 3_600_000 } = settings
  const secret = randomBytes(32)

  return {
    async begin(pending) {
      const id = newSessionId()
      await store.keepPending(pendingHash(id, pending.state), pending)
      return setCookie(pendingName(pending.state), id, { secure, maxAgeSeconds: pendingForMs / 1000 })
    },

    async resume(cookies, callbackUrl) {
      const state = new URL(callbackUrl, 'http://house.invalid').searchParams.get('state') ?? ''
      if (!idForm.test(state)) throw failed('no state')
      const id = readId(cookies, pendingName(state), secure)
      const pending = id === undefined ? undefined : await store.takePending(pendingHash(id, state))
      if (!pending) throw failed('not begun in this browser, or used before')
      if (clock.now() - pending.startedAt > pendingForMs) throw failed('took too long')
      return { pending, cookie: setCookie(pendingName(state), '', { secure, maxAgeSeconds: 0 }) }
    },

    async open(person, signedIn, cookies) {
      const before = readId(cookies, name, secure)
      if (before !== undefined) await store.drop(sha256Hex(before))
      const id = newSessionId()
      await store.save(sha256Hex(id), sessionOf(person, signedIn, clock.now()))
      return setCookie(name, id, { secure, maxAgeSeconds: Math.floor(absoluteMs / 1000) })
    },

    async current(cookies, { quiet } = { quiet: false }) {
      const id = readId(cookies, name, secure)
      if (id === undefined) return undefined
      const hash = sha256Hex(id)
      const session = await store.find(hash)
      if (!session) return undefined
      const now = clock.now()
      if (now - session.seenAt > idleMs || now - session.startedAt > absoluteMs) {
        await store.drop(hash)
        return undefined
      }
      if (!quiet && now - session.seenAt >= Math.min(touchMs, idleMs / 2)) await store.touch(hash, now)
      return session
    },

    windowKey(cookies) {
      const id = readId(cookies, name, secure)
      return id && createHmac('sha256', secret).update(id).digest('base64url')
    },

    async close(cookies) {
      const id = readId(cookies, name, secure)
      if (id !== undefined) await store.drop(sha256Hex(id))
      return setCookie(name, '', { secure, maxAgeSeconds: 0 })
    },

    closePerson: (person) => store.dropPerson(person),
  }
}

const newSessionId = () => randomBytes(32).toString('base64url')

/** One cookie per sign-in under way; `state` is random, so eight of its characters name it well enough. */
const pendingName = (state: string) => `${name}-sign-in-${state.slice(0, 8)}`
const pendingHash = (id: string, state: string) => sha256Hex(`${id}.${state}`)

function readId(cookies: string | undefined, cookie: string, secure: boolean): string | undefined {
  const id = readCookie(cookies, cookie, secure)
  return id !== undefined && idForm.test(id) ? id : undefined
}

const sessionOf = (person: string, { acr, amr, authTime, idToken, keys }: SignedIn, now: number): ConsoleSession => ({
  person,
  startedAt: now,
  seenAt: now,
  ...(acr === undefined ? {} : { acr }),
  ...(amr === undefined ? {} : { amr }),
  ...(authTime === undefined ? {} : { authTime }),
  proof: { kind: 'id-token', token: idToken, keys },
})

const failed = (why: string) => new CountersignError('ERR_SIGN_IN_FAILED', { why })
