/**
 * What a client opened with `initialize`. Kept in memory: a client that comes back to a restarted house is told 404, and
 * opens a new one (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management).
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '@countersign/core'
import type { EventStream } from './stream.ts'

export interface Session {
  readonly id: string
  readonly server: string
  readonly credential: string
  /** The name the client gives itself: claimed, so it may lengthen waiting and nothing else. */
  readonly client: { readonly name: string; readonly version: string }
  /** Running ones, by JSON-RPC id; aborted when the client cancels. */
  readonly attempts: Map<string, AbortController>
  /** Open GET streams. */
  readonly streams: Set<EventStream>
  touchedAt: number
}

export interface Sessions {
  /** Undefined when the house is full of sessions in use. */
  open(who: Pick<Session, 'server' | 'credential' | 'client'>): Session | undefined
  /** Belongs to the credential that opened it: anyone else is told that there is none. */
  find(id: string, who: Pick<Session, 'server' | 'credential'>): Session | undefined
  end(session: Session): void
  /** Whether this credential has as many calls open, in all its sessions, as it may have. */
  full(credential: string): boolean
  of(server: string): readonly Session[]
  close(): void
}

const mostPerCredential = 200
const most = 10_000
/** Each is a connection, of which the console and the stop button need some as well. */
const mostCallsPerCredential = 1_000

export function createSessions({ clock, idleMs }: { clock: Clock; idleMs: number }): Sessions {
  const sessions = new Map<string, Session>()

  function end(session: Session): void {
    sessions.delete(session.id)
    for (const attempt of session.attempts.values()) attempt.abort()
    for (const stream of session.streams) void stream.finish()
  }

  const idle = (session: Session) => !inUse(session) && clock.now() - session.touchedAt > idleMs

  /** Ends the one that was idle longest, if one has to go. */
  function makeRoom(among: readonly Session[], limit: number): boolean {
    if (among.length < limit) return true
    const [oldest] = among.filter((session) => !inUse(session)).toSorted((a, b) => a.touchedAt - b.touchedAt)
    if (oldest) end(oldest)
    return oldest !== undefined
  }

  return {
    open(who) {
      for (const session of sessions.values()) if (idle(session)) end(session)
      const own = [...sessions.values()].filter((session) => session.credential === who.credential)
      if (!makeRoom(own, mostPerCredential) || sessions.size >= most) return undefined
      const session = {
        id: randomBytes(24).toString('base64url'),
        ...who,
        attempts: new Map(),
        streams: new Set<EventStream>(),
        touchedAt: clock.now(),
      }
      sessions.set(session.id, session)
      return session
    },
    find(id, { server, credential }) {
      const session = sessions.get(id)
      if (session?.credential !== credential || session.server !== server) return undefined
      if (idle(session)) {
        end(session)
        return undefined
      }
      session.touchedAt = clock.now()
      return session
    },
    end,
    full(credential) {
      let calls = 0
      for (const session of sessions.values()) if (session.credential === credential) calls += session.attempts.size
      return calls >= mostCallsPerCredential
    },
    of: (server) => [...sessions.values()].filter((session) => session.server === server),
    close: () => [...sessions.values()].forEach(end),
  }
}

const inUse = ({ attempts, streams }: Session): boolean => attempts.size > 0 || streams.size > 0
