/**
 * What a gateway offers, and what it finds inside.
 *
 * @module
 */
import type {
  Action,
  Agent,
  ApprovalState,
  Mode,
  Effect,
  KeptResult,
  Lineage,
  Measures,
  Obligation,
  Outcome,
  Purpose,
  Refusal,
  ToolDefinition,
} from '@countersign/schema'
import type { ZodType } from 'zod'
import type { Clock } from './clock.ts'
import type { Around, Finding } from './finding.ts'
import type { Prospect } from './policy.ts'
import type { Store, Tombstones } from './store.ts'

/** Who knocks, as proven by a credential. */
export interface Caller {
  readonly agent: Agent
  /** Id of the credential; scopes attempts, replays and reports. */
  readonly credential: string
  readonly onBehalfOf: string | undefined
  readonly startedBy: string | undefined
  /**
   * The agent as it is now, if the same credential still proves it: asked before what was held runs. Whatever is not
   * known then is a no.
   *
   * @throws ERR_AGENT_UNKNOWN, ERR_STORE_UNAVAILABLE
   */
  proveAgain(): Promise<Agent>
}

/**
 * What is shown to be known by, as it came. Which kinds prove anybody is for `identify` to say; every other is refused.
 */
export type Presented =
  | { readonly kind: 'bearer'; readonly token: string }
  /** A token bound to a key, and the proof that its holder has that key (RFC 9449). */
  | { readonly kind: 'dpop'; readonly token: string; readonly proof: string }
  /** Of the client's end of the TLS connection, DER (RFC 8705). */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  /** The account at the other end of a socket of this machine. */
  | { readonly kind: 'peer'; readonly uid: number }

declare const minted: unique symbol

/** Leave to run one sealed action once. Only the gate can make one. */
export interface Permit {
  readonly [minted]: true
  readonly id: string
  readonly actionId: string
  readonly action: Action
  readonly obligations: readonly Obligation[]
  /** Ceilings the decision rested on; the run stops, and rolls back where it can, before it exceeds one. */
  readonly measures: Measures
  /**
   * Aborted once the leave is taken back: the agent was stopped, or its key was revoked or has expired. What still runs
   * ends where it stands, if it can. The reason is a text.
   */
  readonly revoked: AbortSignal
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
  /** Kept for the attempt that comes again; at most 1 MB, else leave it out. */
  readonly result: KeptResult | undefined
}

/** One intercepted message: what it means, and the ways it can end. Exactly one of run, replay and refuse ends it. */
export interface Attempt {
  readonly caller: Caller
  /** As the gateway describes it; who acts comes from `caller`. */
  readonly action: Omit<Action, 'tenant' | 'agent' | 'onBehalfOf' | 'startedBy'>
  readonly context: AttemptContext
  /** How long this protocol can keep its client waiting, in milliseconds. */
  readonly patienceMs: number
  /** Aborted when the client hung up: the question stays, nothing runs until someone collects it. */
  readonly signal: AbortSignal
  /**
   * Whether such a duty is enforced while this action runs. What is not is denied before anybody is asked. Default:
   * none.
   */
  enforces?(obligation: Obligation): boolean
  /** Told once when people are being asked, for progress messages. */
  held?(refusal: Extract<Refusal, { kind: 'waiting' }>): void
  /** Runs the action exactly as `permit` describes it. */
  run(permit: Permit): Promise<Ran>
  /**
   * Hands out the answer of the run that this same attempt already had (P10). Counts as delivered unless `signal`
   * aborts.
   */
  replay(result: KeptResult, outcome: Outcome): Promise<void>
  refuse(refusal: Refusal): Promise<void>
}

/**
 * The one way to run anything. Resolves when the attempt has been run, replayed or refused, and that has been recorded.
 */
export interface Gate {
  /**
   * @throws ERR_INPUT_INVALID for what has no canonical form, ERR_ATTEMPT_KNOWN for an attempt id that was used for
   * another action, ERR_AGENT_UNKNOWN for a key that was revoked meanwhile, ERR_STORE_UNAVAILABLE; nothing has run then
   */
  pass(attempt: Attempt): Promise<void>
}

/** How a question stands, as far as the agent that asked may know. */
export interface QuestionStatus {
  readonly approval: string
  readonly state: ApprovalState
  readonly groups: readonly string[]
  readonly expiresAt: number
  readonly url: string
  readonly reason: string | undefined
}

export interface Running {
  close(): Promise<void>
}

/** `peer` is the address of the connection. */
export type Handler = (request: Request, from: { readonly peer: string | undefined }) => Promise<Response>

/** What each tool behind Countersign is known as. A gateway lets through only what is pinned. */
export interface ToolPins {
  /**
   * Tells what a server lists now; what is new or changed is recorded before this resolves. @throws
   * ERR_STORE_UNAVAILABLE
   */
  see(
    server: string,
    listed: readonly (ToolDefinition & { readonly name: string })[],
    /** What it lists and cannot be served, for people to see. */
    leftOut?: readonly { readonly name: string; readonly why: string }[],
  ): Promise<void>
  /** The hash of the definition that may be used. Only after the server was seen here. */
  pinned(server: string, name: string): string | undefined
  /** Called back when a pin of a server changes, whichever instance a person told. Returns how to stop. */
  watch(told: (server: string) => void): () => void
}

/** Something that is wrong now. */
export interface Concern {
  readonly key: string
  readonly says: string
  /** When it began, in milliseconds. */
  readonly since: number
}

/**
 * Where a part tells what is wrong at run time; each stands on the page System, with its cause, until it is cleared.
 */
export interface Concerns {
  /**
   * `key` names the part and what of it (`mcp/crm`); `says` is the cause in a sentence, without secrets and without
   * text from agents.
   */
  raise(key: string, says: string): void
  /** It is right again. Does nothing if it was not wrong. */
  clear(key: string): void
}

/** What a gateway is given: the gate, who knows callers, and what else it needs of the instance it runs in. */
export interface GatewayContext {
  readonly gate: Gate
  readonly clock: Clock
  /** The public URL of Countersign, without a slash at the end. */
  readonly publicUrl: string
  /**
   * `resource` is the address that is reached, as agents are told it (RFC 8707): what a token may have to be meant for.
   * `source` is the address it comes from, where a gateway knows it: of a flood of unknown keys from one, each waits
   * its turn.
   *
   * @throws ERR_AGENT_UNKNOWN if what is presented proves nobody, ERR_CREDENTIAL_KIND if that kind proves nobody here,
   * ERR_AGENT_STOPPED if that agent is stopped
   */
  identify(
    presented: Presented,
    at: { readonly resource: string; readonly source: string | undefined },
  ): Promise<Caller>
  /**
   * The state of a question that this agent asked; waits up to `waitMs` while it is open.
   * @throws ERR_APPROVAL_UNKNOWN also for other agents' questions
   */
  question(approval: string, caller: Caller, waitMs: number, signal: AbortSignal): Promise<QuestionStatus>
  /** Whether this agent could ever be let do something like this, at once or once people have signed; yes in doubt. */
  couldAllow(caller: Caller, prospect: Omit<Prospect, 'agent'>): boolean
  readonly secrets: Store['secrets']
  readonly tools: ToolPins
  readonly concerns: Concerns
  readonly tombstones: Tombstones
  /** A key of this deployment for one purpose: 32 bytes, the same on every instance and after every restart. */
  key(purpose: string): Uint8Array
  /**
   * Called back when what agents could be allowed may have changed: other policies, or an agent that was changed.
   * Returns how to stop.
   */
  onAllowances(told: () => void): () => void
  /** Serves `path` and everything below it on Countersign's own listener. */
  mount(path: string, handler: Handler): void
  log(line: LogLine): void
}

/** One structured line. No secrets, no personal data, no text from agents. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly says: string
  readonly [key: string]: unknown
}

/** Where agents reach a gateway, for people who run Countersign. */
export interface GatewayPlace {
  readonly name: string
  /** As an agent would be told it. */
  readonly address: string
  readonly mode: Mode
  /** Holds nothing: what would wait for people runs, and is recorded as such. */
  readonly observes: boolean
  /** The origin that it stands in front of, where it is one. */
  readonly leadsTo?: string
}

/** A listener that a gateway opens. */
export interface Listens {
  /** Where it is written, below the gateway's section. */
  readonly path: readonly PropertyKey[]
  /** A name, or an address without brackets. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** Speaks one protocol to agents. */
export interface Gateway {
  readonly name: string
  /** The schema of its section. */
  readonly config: ZodType
  /** Opens nothing. @throws ZodError for a section that its schema refuses */
  prepare(section: unknown): PreparedGateway
  /** Prepares and starts. @throws ERR_CONFIG_INVALID with every problem as its detail */
  start(section: unknown, services: GatewayContext): Promise<Running>
}

/** A kind of action that agents may ask for at a gateway, as its section says it. */
export interface Offered extends Pick<Prospect, 'verb' | 'gateway' | 'mode' | 'environment' | 'resource'> {
  /** Where it is said, below the section. */
  readonly path: Finding['path']
  /** `POST /orders`, `tool crm/delete`. */
  readonly name: string
  /** Undefined where that depends on the message. */
  readonly operation: string | undefined
  /** By its effect it changes something, or may. */
  readonly changes: boolean
  /** Whether such a duty could be enforced while it runs. */
  enforces(obligation: Obligation): boolean
}

/** A gateway with its section read and compiled: `check` ends here, `serve` goes on with `start`. */
export interface PreparedGateway {
  readonly findings: readonly Finding[]
  /** The listeners of its own that it opens. */
  readonly listens: readonly Listens[]
  /** The places that its section opens. */
  places(publicUrl: string): readonly GatewayPlace[]
  /** What agents may ask for, as far as its section says it outright. */
  offers(): readonly Offered[]
  foresee(around: Around): Promise<readonly Finding[]>
  /** @throws ERR_CONFIG_INVALID with every problem as its detail */
  start(services: GatewayContext): Promise<Running>
}
