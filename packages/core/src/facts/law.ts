/**
 * What a kind of fact means, in one place: whose it is, the life that it is part of, what everyone may see of it, and
 * what it changes. A store knows none of this. It reads the rows of the world that a fact touches, applies it, and
 * saves what changed.
 *
 * @module
 */
import type { FactKind, FactOf } from '@countersign/schema'
import type { ErrorCode } from '../errors.ts'
import type { Blind, Lists } from '../ledger/words.ts'
import type { Draft } from './draft.ts'
import type { Keys } from './keys.ts'
import type { World } from './world.ts'

export interface Law<Kind extends FactKind = FactKind> {
  /**
   * Whose key encrypts it, and thus whose erasure makes it unreadable: a person's id, an agent's, or `system`, which is
   * never erased. A countersignature belongs to the action it answers: who approved must stay known as long as what was
   * approved.
   */
  subject(fact: FactOf<Kind>, subjectOfAction: SubjectOfAction): string
  /** The life that it is part of, and its place there. */
  stream(fact: FactOf<Kind>, blind: Blind): Stream
  /** Its place there, where only the world can count it: asked before `apply`. Default: as `stream` says. */
  sequence?(fact: FactOf<Kind>, world: World): number
  /** What a leaf says of it, beside what every leaf says (`ledger/envelope.ts`). */
  leaf(fact: FactOf<Kind>, blind: Blind, lists: Lists): LeafMembers
  /** By what a timeline finds it. Default: nothing. */
  about?(fact: FactOf<Kind>): About
  /** The rows of the world that `apply` looks at, beside those that it makes. Default: none. */
  touches?(fact: FactOf<Kind>, keys: Keys): Touched
  /** Rows that must not be there yet: whoever saves them can hold that as well. Default: none. */
  makes?(fact: FactOf<Kind>, keys: Keys): Touched
  /**
   * Changes the world, or says why that may not be; then what was changed before is for the caller to take back.
   * Default: nothing.
   */
  apply?(fact: FactOf<Kind>, slot: Slot, ground: Ground): Refused | undefined
}

export interface Stream {
  /** `act_…`, `apr_…`, `per_…`, `agt:<id>`, `tool:<id>`, or `system` for what is part of no life. */
  readonly stream: string
  /**
   * Its place there, from 1 and without a gap; undefined if only the world can count it (`Law.sequence`), or nobody
   * does.
   */
  readonly sequence: number | undefined
}

/** What is known of an action that a fact only names by its id. */
export type SubjectOfAction = (actionId: string) => string | undefined

export type LeafMembers = Readonly<Record<string, unknown>>

export interface About {
  readonly action?: string
  readonly approval?: string
}

/** Keys of rows, table by table as in `World`; `undelivered` by blinded digest alone. */
export type Touched = Partial<Record<Exclude<keyof World, 'signatures'>, readonly string[]>>

/** Where and when a fact will stand. */
export interface Slot {
  readonly index: number
  readonly at: number
  readonly subject: string
}

export interface Ground {
  readonly world: World
  readonly draft: Draft
  readonly keys: Keys
}

/** Why a change is not made. `permit` is the one that an attempt had already: its record belongs into the detail. */
export interface Refused {
  readonly code: ErrorCode
  readonly detail: unknown
  readonly permit?: string
}

export const conflict = (detail: unknown): Refused => ({ code: 'ERR_STORE_CONFLICT', detail })
