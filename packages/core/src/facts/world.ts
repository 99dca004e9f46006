/**
 * What the facts add up to, as far as the rules look at it: maps of small rows, and the ways to find one. A row names the
 * entry that it rests on, and whoever wants all of a noun reads it there. So nothing personal lies outside of the vault (P12):
 * what could be guessed stands here blinded (`keys.ts`).
 *
 * @module
 */
import type { ApprovalState, Outcome } from '@countersign/schema'

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
  /** When someone has to look at it again if nothing happens. */
  readonly dueAt: number | null
  readonly askedEntry: number
  readonly entry: number
}

export interface SignatureRow {
  readonly approval: string
  readonly person: string
  readonly verdict: 'approve' | 'reject'
  readonly at: number
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
  /** Hashes of its keys, revoked ones as well. */
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
  /** Blinded accounts at the providers of channels. */
  readonly linked: readonly string[]
  /** Blinded. */
  readonly groups: readonly string[] | null
  readonly entry: number
}

export interface ToolRow {
  readonly id: string
  readonly version: number
  readonly server: string
  /** Hash of the definition that may be used. */
  readonly pinned: string | null
  readonly entry: number
}

/** The policies in force: those that were activated last, by whichever instance. */
export interface PolicyRow {
  readonly version: string
  readonly entry: number
}

export interface ActionRow {
  readonly id: string
  readonly subject: string
  readonly entry: number
}

export interface World {
  readonly actions: Map<string, ActionRow>
  readonly approvals: Map<string, ApprovalRow>
  /** Blinded digest → the approval that is open or granted. */
  readonly pending: Map<string, string>
  /** By `signatureKey`. */
  readonly signatures: Map<string, SignatureRow>
  readonly permits: Map<string, PermitRow>
  /** Approval → the permit that spent it. */
  readonly spent: Map<string, string>
  /** Blinded attempt → its permit. */
  readonly attempts: Map<string, string>
  /** `replayKey` → the replayable permits whose answer was not delivered, or not yet, newest last. */
  readonly undelivered: Map<string, readonly string[]>
  readonly agents: Map<string, AgentRow>
  readonly people: Map<string, PersonRow>
  /** Blinded account → person. */
  readonly accounts: Map<string, string>
  readonly tools: Map<string, ToolRow>
  /** Under `policiesInForce`, once there are any. */
  readonly policies: Map<string, PolicyRow>
}

/** The only key of `World.policies`. */
export const policiesInForce = 'in force'

export const emptyWorld = (): World => ({
  actions: new Map(),
  approvals: new Map(),
  pending: new Map(),
  signatures: new Map(),
  permits: new Map(),
  spent: new Map(),
  attempts: new Map(),
  undelivered: new Map(),
  agents: new Map(),
  people: new Map(),
  accounts: new Map(),
  tools: new Map(),
  policies: new Map(),
})

export const replayKey = (credential: string, digestKey: string): string => `${credential} ${digestKey}`
export const signatureKey = (approval: string, person: string): string => `${approval} ${person}`
export const isPending = (state: ApprovalState): boolean => state === 'open' || state === 'granted'
/** Nobody saw the end: what really came of it may still be told. */
export const isOpenEnded = (outcome: PermitRow['outcome']): boolean => outcome === 'unknown' || outcome === 'unreported'
export const isUndelivered = (row: PermitRow): boolean => row.replayable && !row.delivered
