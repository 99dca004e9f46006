import type { Clock } from '@countersign/core'
import { type PendingSignIn, pendingForMs } from './oidc.ts'

/** A person at the console. */
export interface ConsoleSession {
  readonly person: string
  readonly startedAt: number
  readonly seenAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** When the provider authenticated the person; milliseconds since 1970. */
  readonly authTime?: number
  /** The ID token that opened it, and the keys then in force: the proof of what is signed in it. */
  readonly proof: { readonly kind: 'id-token'; readonly token: string; readonly keys: string }
}

/**
 * Keeps sessions and sign-ins under way. It sees hashes, never what the browser holds. MUST hand out a pending
 * sign-in at most once, also to two callers at the same time. MAY forget at any moment: people sign in again.
 */
export interface SessionStore {
  find(hash: string): Promise<ConsoleSession | undefined>
  save(hash: string, session: ConsoleSession): Promise<void>
  /** Saves only if it is still there, so that signing out wins over a request under way. */
  touch(hash: string, seenAt: number): Promise<void>
  drop(hash: string): Promise<void>
  /** Everywhere: for someone who left, or lost a device. */
  dropPerson(person: string): Promise<void>
  keepPending(hash: string, pending: PendingSignIn): Promise<void>
  takePending(hash: string): Promise<PendingSignIn | undefined>
}

/**
 * In this process alone: a restart signs everyone out. No question is lost by it, and nothing on disk can be stolen to
 * become someone. Beyond `most` the oldest go first, so that sign-ins nobody finishes cannot fill the memory.
 */
export function createMemorySessionStore(clock: Clock, { most = 10_000 }: { most?: number } = {}): SessionStore {
  const sessions = new Map<string, ConsoleSession>()
  const pending = new Map<string, PendingSignIn>()

  return {
    find: async (hash) => sessions.get(hash),
    async save(hash, session) {
      sessions.set(hash, session)
      trim(sessions, most)
    },
    async touch(hash, seenAt) {
      const session = sessions.get(hash)
      if (session) sessions.set(hash, { ...session, seenAt })
    },
    async drop(hash) {
      sessions.delete(hash)
    },
    async dropPerson(person) {
      for (const [hash, session] of sessions) if (session.person === person) sessions.delete(hash)
    },
    async keepPending(hash, signIn) {
      for (const [known, { startedAt }] of pending) {
        if (clock.now() - startedAt <= pendingForMs) break // in order of beginning
        pending.delete(known)
      }
      pending.set(hash, signIn)
      trim(pending, most)
    },
    async takePending(hash) {
      const signIn = pending.get(hash)
      pending.delete(hash)
      return signIn
    },
  }
}

function trim(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}
