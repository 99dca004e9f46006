/**
 * What a gateway brings to the gate, and what comes of it: who asks for what, and the ways in which it can end.
 *
 * Where Countersign itself runs what was approved, an attempt *enforces*. Where the client runs it, as a hook in somebody
 * else's agent does, it *cooperates*: it is handed a permit, and says afterwards what came of it.
 *
 * @module
 */
import type {
  Action,
  Agent,
  Digest,
  Effect,
  KeptResult,
  Lineage,
  Measures,
  Obligation,
  Outcome,
  Purpose,
  Refusal,
  Reported,
} from '@countersign/schema'
import type { Signal } from '../signal.ts'

/** Who knocks, as proven by a credential. */
export interface Caller {
  readonly agent: Agent
  /** Id of the credential; scopes attempts, replays and reports. */
  readonly credential: string
  readonly onBehalfOf: string | undefined
  readonly startedBy: string | undefined
  /**
   * The agent as it is now, if the same credential still proves it: asked before what was held runs. Whatever is not known
   * then is a no.
   *
   * @throws ERR_AGENT_UNKNOWN, ERR_STORE_UNAVAILABLE
   */
  proveAgain(): Promise<Agent>
}

/** What is shown to be known by, as it came. Which kinds prove anybody is for `identify` to say; every other is refused. */
export type Presented =
  | { readonly kind: 'bearer'; readonly token: string }
  /** A token bound to a key, and the proof that its holder has that key (RFC 9449). */
  | { readonly kind: 'dpop'; readonly token: string; readonly proof: string }
  /** Of the client's end of the TLS connection, DER (RFC 8705). */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  /** The account at the other end of a socket of this machine. */
  | { readonly kind: 'peer'; readonly uid: number }

declare const minted: unique symbol

/** The permit to run one sealed action once. Only the gate can make one. */
export interface Permit {
  readonly [minted]: true
  readonly id: string
  readonly actionId: string
  readonly action: Action
  readonly obligations: readonly Obligation[]
  /** Ceilings the decision rested on; the run stops, and rolls back where it can, before it exceeds one. */
  readonly measures: Measures
  /**
   * Aborted once the permit is taken back: the agent was stopped, or its key was revoked or has expired. What still runs ends
   * where it stands, if it can. The reason is a text.
   */
  readonly revoked: Signal
  /** Call before the first upstream byte. @throws ERR_PERMIT_LATE */
  begin(): void
}

/** What a gateway knows beside the sealed action. */
export interface AttemptContext {
  /** One sentence for the approver, in the imperative: "Delete 14 rows from crm.customers". */
  readonly sentence: string
  readonly effect: Effect
  readonly lineage: Lineage
  readonly measures: Measures
  readonly purpose: Purpose | undefined
  readonly attemptId: string | undefined
  /**
   * The permit of the run that this is part of, as a tool call within a model call is: of the same agent, for the same
   * people, and under way.
   */
  readonly parent?: string | undefined
  readonly session: string
  readonly trace: string | undefined
  readonly client: string
  /** The upstream itself calls this destructive (an annotation): raises the risk, never lowers it. */
  readonly destructive: boolean
  /** The gateway only observes: what would wait for people runs, and is recorded as such. A denial stays one. */
  readonly observed: boolean
}

/** What came of a run, and whether the client got all of the answer. */
export interface Ran {
  readonly outcome: Outcome
  readonly delivered: boolean
  /** Kept for the attempt that comes again; at most 1 MB, else leave it out. Read only where it is to be kept: it may be a getter. */
  readonly result: KeptResult | undefined
}

interface Intercepted {
  readonly caller: Caller
  /** As the gateway describes it. Who acts comes from `caller`, and its mode from the attempt: what it says itself is not asked. */
  readonly action: Omit<Action, 'tenant' | 'agent' | 'onBehalfOf' | 'startedBy'>
  readonly context: AttemptContext
  /** How long this protocol can keep its client waiting, in milliseconds. */
  readonly patienceMs: number
  /** Aborted when the client hung up: the question stays, nothing runs until someone collects it. */
  readonly signal: Signal
  /** Whether such a duty is enforced while this action runs. What is not is denied before anybody is asked. Default: none. */
  enforces?(obligation: Obligation): boolean
  /** Told once when people are being asked, for progress messages. */
  held?(refusal: Extract<Refusal, { kind: 'waiting' }>): void
  refuse(refusal: Refusal): Promise<void>
}

/** Countersign runs it. Exactly one of run, replay and refuse ends it. */
export interface EnforcingAttempt extends Intercepted {
  /** Runs the action exactly as `permit` describes it. */
  run(permit: Permit): Promise<Ran>
  /** Hands out the answer of the run that this same attempt already had (P10). Counts as delivered unless `signal` aborts. */
  replay(result: KeptResult, outcome: Outcome): Promise<void>
}

/** The client runs it, and reports. Exactly one of grant, granted and refuse ends it. */
export interface CooperatingAttempt extends Intercepted {
  /** Hands the permit over. It is durable by then: one that does not arrive is handed out again, or ends as unreported. */
  grant(permit: HandedPermit): Promise<void>
  /** The same attempt again, of which nothing has been reported yet: the same permit (P10). */
  granted(permit: HandedPermit): Promise<void>
}

/** One intercepted message: what it means, and the ways it can end. */
export type Attempt = EnforcingAttempt | CooperatingAttempt

/** Leave for a client to run one action once, itself. */
export interface HandedPermit {
  readonly id: string
  readonly actionId: string
  /** What may run, and nothing else. */
  readonly action: Action
  /** Of that action. */
  readonly runs: Digest
  readonly obligations: readonly Obligation[]
  readonly measures: Measures
  /** It must have begun before this, in milliseconds since 1970. */
  readonly until: number
  /** Without a report by then it is recorded as unreported. */
  readonly reportBy: number
}

/**
 * The one way to run anything. Resolves when the attempt has been run, granted, replayed or refused, and that has been recorded;
 * an outcome whose answer was delivered and cannot be asked for again is recorded a moment later, at most 20 ms.
 */
export interface Gate {
  /**
   * @throws ERR_INPUT_INVALID for what has no canonical form, ERR_ATTEMPT_KNOWN for an attempt id that was used for another
   * action, ERR_PARENT_UNKNOWN for a run that is not under way or is somebody else's, ERR_AGENT_UNKNOWN for a key that was revoked meanwhile, ERR_STORE_UNAVAILABLE; nothing has run then
   */
  pass(attempt: Attempt): Promise<void>
  /**
   * What came of a permit that was handed out, as its client says: once, or once more after it was recorded as unreported.
   * Only what came with the credential it was handed to is heard.
   *
   * @throws ERR_PERMIT_UNKNOWN for one that was not handed to this caller, ERR_PERMIT_FINISHED, ERR_STORE_UNAVAILABLE
   */
  report(permit: string, caller: Caller, reported: Reported): Promise<void>
}
