/**
 * Why an action did not run. A gateway says it in its protocol's own words.
 *
 * @module
 */
import type { DenyReason } from './decision.ts'

export type Refusal =
  | {
      readonly kind: 'denied'
      readonly reason: DenyReason
      readonly because: readonly Because[]
      /** Empty where it is only counted in the record. */
      readonly actionId: string
    }
  | {
      readonly kind: 'rejected'
      readonly approval: string
      readonly reason: string | undefined
      /** Who did, by the name that people know. */
      readonly by: string
    }
  | { readonly kind: 'expired' | 'cancelled' | 'voided'; readonly approval: string }
  /** Nobody has answered yet. The same action, sent again, picks up where this one left off. */
  | {
      readonly kind: 'waiting'
      readonly approval: string
      readonly groups: readonly string[]
      readonly expiresAt: number
      readonly url: string
    }
  /** This attempt has begun before, and there is no answer to hand out (yet, or any more). It is not run again. */
  | {
      readonly kind: 'done'
      readonly actionId: string
      readonly at: number | undefined
      readonly summary: string
      /** Absent once it is known how it ended. */
      readonly open?: 'running' | 'unknown'
    }

/** A policy that led here, in its own words. */
export interface Because {
  readonly id: string
  readonly doc: string
}
