/**
 * What a client opened with `initialize`. Its id is its state, encrypted, so it outlives a restart and moves between
 * instances; an instance keeps in memory only what is under way here
 * (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management).
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { type Clock, isError, type Tombstones } from '@countersign/core'
import { z } from 'zod'
import { createTokenCipher } from './token-cipher.ts'
import type { EventStream } from './stream.ts'

/** The name a client gives itself: claimed, so it may lengthen waiting and nothing else. */
export interface ClientName {
  readonly name: string
  readonly version: string
}

/** A request that is not answered yet. */
export interface Open {
  /** The client wants no answer any more. */
  cancel(): void
  /** We are closing: it is told so if nothing has begun. Resolves once the client has that. */
  close(): Promise<unknown>
}

export interface Session {
  /** Short; names it in the record. */
  readonly id: string
  /** What the client sends. */
  readonly token: string
  readonly server: string
  readonly credential: string
  client: ClientName
  /** The version of the protocol that was agreed on. */
  version: string
  /** By JSON-RPC id. */
  readonly attempts: Map<string, Open>
  /** Open GET streams. */
  readonly streams: Set<EventStream>
  /**
   * HTTP+SSE of 2024-11-05: the one stream that everything is answered on. It holds one session, and is gone with it.
   */
  legacy?: EventStream
  touchedAt: number
}

export interface Sessions {
  open(who: Pick<Session, 'server' | 'credential' | 'client' | 'version'>): Session
  /** Belongs to the credential that opened it: anyone else is told that there is none. */
  find(token: string, who: Pick<Session, 'server' | 'credential'>): Promise<Session | undefined>
  /** Here only: it was bound to a stream of this instance. */
  drop(session: Session): void
  /** For good, on every instance. */
  end(session: Session): Promise<void>
  /** Whether this credential has as many calls open, in all its sessions, as it may have. */
  full(credential: string): boolean
  of(server: string): readonly Session[]
  all(): readonly Session[]
}

export interface SessionsParts {
  readonly clock: Clock
  readonly idleMs: number
  /** 32 bytes, the same on every instance. */
  readonly key: Uint8Array
  readonly tombstones: Tombstones
}

/** Sessions of one credential in memory; the one idle longest has to go, and is found again by its id. */
const mostPerCredential = 200
/** Of all credentials, in memory; the one idle longest has to go, and is found again by its id. */
const most = 10_000
/**
 * Calls of one credential held or running: each is a connection, and the console needs some as well. One more is
 * refused.
 */
const mostCallsPerCredential = 1_000
/** How long an ended session stays ended for every instance and across restarts. */
const tombstoneMs = 7 * 24 * 3_600_000
/** Ended sessions remembered in memory, so that the store is not asked; of older ones it is. */
const mostEnded = 10_000

const SessionState = z.object({
  id: z.string(),
  server: z.string(),
  credential: z.string(),
  client: z.object({ name: z.string(), version: z.string() }),
  version: z.string(),
})

export function createSessions({ clock, idleMs, key, tombstones }: SessionsParts): Sessions {
  const cipher = createTokenCipher(key)
  const sessions = new Map<string, Session>()
  const byCredential = new Map<string, Set<Session>>()
  /** Of this instance, oldest first: those that were idle for too long, or were ended. */
  const ended = new Set<string>()

  function forget(session: Session): void {
    sessions.delete(session.token)
    const own = byCredential.get(session.credential)
    own?.delete(session)
    if (own?.size === 0) byCredential.delete(session.credential)
    for (const attempt of session.attempts.values()) attempt.cancel()
    for (const stream of session.streams) void stream.finish()
    void session.legacy?.finish()
  }

  function bury(session: Session): void {
    forget(session)
    ended.add(session.id)
    for (const oldest of ended) {
      if (ended.size <= mostEnded) break
      ended.delete(oldest)
    }
  }

  const ownOf = (credential: string): Set<Session> => byCredential.get(credential) ?? new Set()
  const idle = (session: Session) => !inUse(session) && clock.now() - session.touchedAt > idleMs

  /** Forgets the one that was idle longest, if one has to go. */
  function makeRoom(among: readonly Session[], limit: number): void {
    if (among.length < limit) return
    const [oldest] = among.filter((session) => !inUse(session)).toSorted((a, b) => a.touchedAt - b.touchedAt)
    if (oldest) forget(oldest)
  }

  function keep(state: z.infer<typeof SessionState>, token: string): Session {
    for (const session of sessions.values()) if (idle(session)) bury(session)
    makeRoom([...ownOf(state.credential)], mostPerCredential)
    if (sessions.size >= most) makeRoom([...sessions.values()], most)
    const session = { ...state, token, attempts: new Map(), streams: new Set<EventStream>(), touchedAt: clock.now() }
    sessions.set(token, session)
    byCredential.set(session.credential, ownOf(session.credential).add(session))
    return session
  }

  async function isEnded(id: string): Promise<boolean> {
    if (ended.has(id)) return true
    try {
      return await tombstones.stands(nameOf(id))
    } catch (error) {
      if (isError(error, 'ERR_STORE_UNAVAILABLE')) return false // whatever is asked in it meets the same store, and reads why
      throw error
    }
  }

  return {
    open(who) {
      const state = { id: randomBytes(18).toString('base64url'), ...who }
      return keep(state, cipher.encrypt(state))
    },
    async find(token, { server, credential }) {
      const known = sessions.get(token)
      const state = known ?? SessionState.safeParse(cipher.decrypt(token)).data
      if (state?.credential !== credential || state.server !== server) return undefined
      if (known && idle(known)) bury(known)
      const gone = await isEnded(state.id)
      const now = sessions.get(token)
      if (gone) {
        if (now) bury(now)
        return undefined
      }
      const session = now ?? keep(state, token)
      session.touchedAt = clock.now()
      return session
    },
    drop: bury,
    async end(session) {
      bury(session)
      await tombstones.put(nameOf(session.id), tombstoneMs)
    },
    full(credential) {
      let calls = 0
      for (const { attempts } of ownOf(credential)) calls += attempts.size
      return calls >= mostCallsPerCredential
    },
    of: (server) => [...sessions.values()].filter((session) => session.server === server),
    all: () => [...sessions.values()],
  }
}

const nameOf = (id: string): string => `mcp/${id}`

const inUse = ({ attempts, streams, legacy }: Session): boolean =>
  attempts.size > 0 || streams.size > 0 || legacy !== undefined
