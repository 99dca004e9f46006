/**
 * What Countersign needs of a policy engine.
 *
 * @module
 */
import type {
  Action,
  Agent,
  Assurance,
  DataUse,
  Measures,
  Obligation,
  Person,
  Resource,
  SignOff,
} from '@countersign/schema'

/** One resource of one action, with all that policy may look at. */
export interface PolicyQuestion {
  readonly action: Action
  readonly resource: Resource
  readonly agent: Pick<Agent, 'id' | 'groups' | 'owner' | 'team'>
  readonly onBehalfOf: Pick<Person, 'id' | 'groups'> | undefined
  /** Asked as a change instead of the call that it is. What permits changes permits no call by that. */
  readonly asChange?: boolean
  readonly context: {
    readonly risk: number
    readonly dataUse: DataUse
    readonly measures: Measures
    readonly client: string
    readonly purposeGiven: boolean
    /** By its effect it changes something. What is only known as a call then meets the sign-offs of changes too. */
    readonly changes: boolean
    /** Local hour 0–23 and ISO weekday 1–7 in Countersign's time zone. */
    readonly when: { readonly hour: number; readonly weekday: number }
  }
}

/** What is certain of an action before its arguments are known. */
export interface Prospect extends Pick<Action, 'verb' | 'operation' | 'gateway' | 'mode' | 'environment'> {
  readonly agent: PolicyQuestion['agent']
  /** Undefined where the arguments say what it touches. */
  readonly resource: Resource | undefined
}

/** What a set of policies says. An error is an answer: evaluation never throws. */
export type Evaluation =
  | { readonly kind: 'allow'; readonly by: readonly string[] }
  /** `by` are the matched forbids; none means that nothing permits. */
  | { readonly kind: 'deny'; readonly by: readonly string[] }
  | { readonly kind: 'error'; readonly says: string }

export interface PolicyNote {
  readonly id: string
  readonly doc: string
  readonly owner: string
  readonly control: string | undefined
  readonly kind: 'allowance' | 'sign-off' | 'prohibition'
  readonly text: string
  /** Where it was written; lines count from 1. */
  readonly source?: { readonly file: string; readonly line: number; readonly lastLine: number }
  /** On a sign-off. Without `assurance` the risk decides it. */
  readonly signOff:
    | (Omit<SignOff, 'assurance' | 'escalated'> & { readonly assurance: Assurance | undefined })
    | undefined
  /** On an allowance. */
  readonly obligations: readonly Obligation[]
}

/** One loaded version of the policies. Immutable. */
export interface PolicySet {
  /** SHA-256 over sorted (id, formatted text) and the schema, hex. */
  readonly version: string
  readonly policies: readonly PolicyNote[]
  policy(id: string): PolicyNote | undefined
  /** `auto`: all policies. `approvable`: all but the sign-offs. Pure for equal questions; MUST NOT throw. */
  evaluate(which: 'auto' | 'approvable', question: PolicyQuestion): Evaluation
  /**
   * Whether an action like this could be allowed or asked about, with some arguments at some time. MUST say yes in
   * doubt: whatever `evaluate` would let through, now or after people signed, could be allowed. MUST NOT throw.
   */
  couldAllow(prospect: Prospect): boolean
}

export interface PolicyEngine {
  /** The set in force. Changes between two calls only by a reload that passed every check. */
  active(): PolicySet
}
