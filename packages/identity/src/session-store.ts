/** A person at the console. */
export interface ConsoleSession {
  readonly person: string
  readonly startedAt: number
  /** When the person kept it, ending their others; later than `startedAt`. */
  readonly keptAt?: number
  readonly seenAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** When the provider authenticated the person; milliseconds since 1970. */
  readonly authTime?: number
  /** The ID token that opened it, and the keys then in force: the proof of what is signed in it. */
  readonly proof: { readonly kind: 'id-token'; readonly token: string; readonly keys: string }
}

/**
 * Keeps sessions. It sees hashes, never what the browser holds. MAY forget at any moment: people sign in again.
 */
export interface SessionStore {
  find(hash: string): Promise<ConsoleSession | undefined>
  save(hash: string, session: ConsoleSession): Promise<void>
  /** Saves only if it is still there, so that signing out wins over a request under way. */
  touch(hash: string, seenAt: number): Promise<void>
  /** The same, for one that its person keeps while their others end. */
  keep(hash: string, keptAt: number): Promise<void>
  drop(hash: string): Promise<void>
  /** Everywhere: for someone who left, or lost a device. */
  dropPerson(person: string): Promise<void>
}

/** Sessions in memory; beyond, those go first that were not used for longest, and their people sign in again. */
const mostSessions = 10_000
/** Sessions of one person, so that nobody's push out another's; beyond, the oldest of theirs is over. */
const mostOfPerson = 20

/**
 * In this process alone: a restart signs everyone out. No question is lost by it, and nothing on disk can be stolen to
 * become someone. One person has at most `mostPerPerson` (20), so that nobody's sessions push out another's; beyond
 * `most` (10,000) those go first that were not used for longest.
 */
export function createMemorySessionStore({ most = mostSessions, mostPerPerson = mostOfPerson } = {}): SessionStore {
  /** Least recently used first. */
  const sessions = new Map<string, ConsoleSession>()

  return {
    find: async (hash) => sessions.get(hash),
    async save(hash, session) {
      const theirs = [...sessions].filter(([, { person }]) => person === session.person).map(([known]) => known)
      for (const oldest of theirs.slice(0, Math.max(0, theirs.length + 1 - mostPerPerson))) sessions.delete(oldest)
      sessions.set(hash, session)
      for (const oldest of sessions.keys()) {
        if (sessions.size <= most) break
        sessions.delete(oldest)
      }
    },
    async touch(hash, seenAt) {
      const session = sessions.get(hash)
      if (!session) return
      sessions.delete(hash)
      sessions.set(hash, { ...session, seenAt })
    },
    async keep(hash, keptAt) {
      const session = sessions.get(hash)
      if (session) sessions.set(hash, { ...session, keptAt })
    },
    async drop(hash) {
      sessions.delete(hash)
    },
    async dropPerson(person) {
      for (const [hash, session] of sessions) if (session.person === person) sessions.delete(hash)
    },
  }
}
