/**
 * Who sits at the console. The browser holds 32 random bytes, Countersign their hash.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import { type Clock, sha256Hex } from '@countersign/core'
import { readCookie, setCookie } from './cookies.ts'
import type { SignedIn } from './oidc.ts'
import type { ConsoleSession, SessionStore } from './session-store.ts'
import { createUnderWay, type UnderWay } from './under-way.ts'

export interface SessionSettings {
  readonly store: SessionStore
  readonly clock: Clock
  /** True where the console is served over https: `__Host-` and `Secure`. */
  readonly secure: boolean
  /**
   * Encrypts what a browser keeps of a sign-in under way: 32 bytes, the same on every instance. Default: of this
   * process.
   */
  readonly encryptionKey?: Uint8Array
  /** Default 30 minutes without a request. */
  readonly idleMs?: number
  /** Default 12 hours from signing in. */
  readonly absoluteMs?: number
}

/** Every `string` that is returned for the browser is one `Set-Cookie` value. */
export interface Sessions extends UnderWay {
  /** Always a new id; the session that the browser had before is over. */
  open(person: string, signedIn: SignedIn, cookies: string | undefined): Promise<string>
  /** `quiet` does not count as use: an open window alone keeps nobody signed in. */
  current(cookies: string | undefined, how?: { readonly quiet: boolean }): Promise<ConsoleSession | undefined>
  /**
   * What only the window that signed in knows beside the cookie. A browser hands cookies to every port of a host, so
   * that another program's page on `localhost` would get the cookie; it does not get this.
   */
  browserBinding(cookies: string | undefined): string | undefined
  close(cookies: string | undefined): Promise<string>
  /** Keeps this one where the person’s sessions end as of `endedAt`. */
  keep(cookies: string | undefined, endedAt: number): Promise<void>
  /** Signs a person out everywhere. */
  closePerson(person: string): Promise<void>
}

const name = 'countersign'
const idForm = /^[A-Za-z0-9_-]{43}$/
/** How often, at most, it is written when a session was last used: not at every request. */
const touchMs = 60_000
/** A session without a request for this long is over: its person may have left the desk. */
const idleForMs = 30 * 60_000
/** A session is over this long after signing in, however much it is used: a working day, and then some. */
const lastsMs = 12 * 3_600_000

export function createSessions(settings: SessionSettings): Sessions {
  const { store, clock, secure, idleMs = idleForMs, absoluteMs = lastsMs } = settings
  const { encryptionKey = randomBytes(32) } = settings
  const secret = randomBytes(32)

  return {
    ...createUnderWay({ clock, secure, encryptionKey }),

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

    browserBinding(cookies) {
      const id = readId(cookies, name, secure)
      return id && createHmac('sha256', secret).update(id).digest('base64url')
    },

    async close(cookies) {
      const id = readId(cookies, name, secure)
      if (id !== undefined) await store.drop(sha256Hex(id))
      return setCookie(name, '', { secure, maxAgeSeconds: 0 })
    },

    async keep(cookies, endedAt) {
      const id = readId(cookies, name, secure)
      if (id !== undefined) await store.keep(sha256Hex(id), endedAt + 1)
    },

    closePerson: (person) => store.dropPerson(person),
  }
}

/** Whether it was opened before the person's sessions were ended, at whichever instance. */
export const isOver = ({ startedAt, keptAt = startedAt }: ConsoleSession, endedAt: number | undefined): boolean =>
  endedAt !== undefined && keptAt <= endedAt

const newSessionId = () => randomBytes(32).toString('base64url')

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
