/**
 * As much of the state as one batch of changes looks at, read under the head's lock and changed in memory.
 *
 * @module
 */
import type { ApprovalState, Outcome } from '@countersign/schema'

/** Where and when a fact will stand. */
export interface Place {
  readonly index: number
  readonly at: number
  readonly subject: string
}

export interface ApprovalRow {
  readonly id: string
  readonly version: number
  readonly state: ApprovalState
  readonly digestKey: string
  readonly action: string
  readonly agent: string
  readonly onBehalfOf: string | null
  /** Everyone who was ever barred: nobody gets off this list. */
  readonly barred: readonly string[]
  readonly askedAt: number
  readonly dueAt: number | null
  readonly askedEntry: number
  readonly entry: number
}

export interface PermitRow {
  readonly id: string
  readonly action: string
  readonly approval: string | null
  readonly credential: string
  readonly attemptKey: string | null
  readonly digestKey: string
  readonly replayable: boolean
  readonly deadline: number
  readonly outcome: Outcome['kind'] | null
  readonly delivered: boolean
  readonly node: string
  /** Its client was gone before it ended. */
  readonly abandoned: boolean
  readonly entry: number
  readonly endedEntry: number | null
}

export interface AgentRow {
  readonly id: string
  readonly version: number
  readonly status: 'active' | 'stopped'
  readonly entry: number
  readonly keys: readonly string[]
  readonly owner: string | null
  /** Blinded. */
  readonly team: string | null
  /** Nothing of it can be read any more, and nobody is registered under its id again. */
  readonly erased: boolean
}

export interface PersonRow {
  readonly id: string
  readonly version: number
  readonly accountKey: string
  /** Blinded. */
  readonly groups: readonly string[] | null
  readonly entry: number
}

export interface ToolRow {
  readonly id: string
  readonly version: number
  readonly server: string
  readonly entry: number
}

export interface ActionRow {
  readonly id: string
  readonly entry: number
  readonly at: number
  readonly agent: string
  readonly people: readonly string[]
  readonly verb: string
  readonly operation: string
  readonly environment: string
  readonly datasets: readonly string[]
  readonly model: string | null
  readonly decision: string
  readonly risk: number
  readonly subject: string
}

/** What later facts add to an action. */
export interface ActionPatch {
  readonly id: string
  readonly approval: string | null
  readonly permit: string | null
  readonly outcome: Outcome['kind'] | null
  readonly datasets: readonly string[]
}

export interface SignatureRow {
  readonly approval: string
  readonly person: string
  readonly verdict: 'approve' | 'reject'
  readonly at: number
}

export interface World {
  readonly approvals: Map<string, ApprovalRow>
  /** Blinded digest → the approval that is open or granted. */
  readonly pending: Map<string, string>
  /** By `approval person`. */
  readonly signatures: Map<string, SignatureRow>
  readonly permits: Map<string, PermitRow>
  /** Approval → the permit that spent it. */
  readonly spent: Map<string, string>
  /** Blinded attempt → its permit. */
  readonly attempts: Map<string, string>
  /** `credential digest` → the replayable permits whose answer was not delivered, or not yet, newest last. */
  readonly undelivered: Map<string, readonly string[]>
  readonly agents: Map<string, AgentRow>
  readonly people: Map<string, PersonRow>
  readonly tools: Map<string, ToolRow>
  /** Blinded account → person. */
  readonly accounts: Map<string, string>
  /** Ids that are taken; a row only for those of this batch. */
  readonly actions: Map<string, ActionRow | 'stored'>
  readonly patches: Map<string, ActionPatch>
  /** Subject → id of its key now. */
  readonly keys: Map<string, string>
}

export const emptyWorld = (): World => ({
  approvals: new Map(),
  pending: new Map(),
  signatures: new Map(),
  permits: new Map(),
  spent: new Map(),
  attempts: new Map(),
  undelivered: new Map(),
  agents: new Map(),
  people: new Map(),
  tools: new Map(),
  accounts: new Map(),
  actions: new Map(),
  patches: new Map(),
  keys: new Map(),
})

export const replayKey = (credential: string, digestKey: string): string => `${credential} ${digestKey}`
export const signatureKey = (approval: string, person: string): string => `${approval} ${person}`
export const isPending = (state: ApprovalState): boolean => state === 'open' || state === 'granted'
export const isUndelivered = (row: PermitRow): boolean => row.replayable && !row.delivered

/**
 * Whether the client of a run that has not ended may be gone, so that the next permit could run the same again. That
 * another node still lives, and that it would know of its client, nobody can say at this moment.
 */
export function mayBeLost(row: PermitRow, next: PermitRow): boolean {
  const isSigned = row.approval !== null || next.approval !== null
  return row.outcome === null && (row.abandoned || isSigned || row.node !== next.node)
}

/** Changes of one command, so that all of them can be taken back. */
export interface Draft {
  set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void
  remove<Key, Value>(map: Map<Key, Value>, key: Key): void
  undo(): void
}

export function createDraft(): Draft {
  const steps: (() => void)[] = []

  function remember<Key, Value>(map: Map<Key, Value>, key: Key): void {
    const stood = map.has(key)
    const before = map.get(key)
    steps.push(() => (stood ? map.set(key, before as Value) : map.delete(key)))
  }

  return {
    set(map, key, value) {
      remember(map, key)
      map.set(key, value)
    },
    remove(map, key) {
      remember(map, key)
      map.delete(key)
    },
    undo() {
      for (const step of steps.toReversed()) step()
    },
  }
}
