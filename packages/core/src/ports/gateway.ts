/**
 * What a gateway offers, and what it finds inside.
 *
 * @module
 */
import type { ApprovalState, Mode, Obligation, ToolDefinition } from '@countersign/schema'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ZodType } from 'zod'
import type { Caller, Gate, Presented } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { Around, Finding } from './finding.ts'
import type { Prospect } from './policy.ts'
import type { Store, Tombstones } from './store.ts'
import type { Signal } from '../signal.ts'

/** How a question stands, as far as the agent that asked may know. */
export interface ApprovalStatus {
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

/**
 * Answers in Node's own terms, since it alone knows when headers go out and what counts as delivered. It reads the body
 * once it knows who sends it, and says `100 Continue` itself where that is waited for.
 */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

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
  question(approval: string, caller: Caller, waitMs: number, signal: Signal): Promise<ApprovalStatus>
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
export interface GatewayAddress {
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
  addresses(publicUrl: string): readonly GatewayAddress[]
  /** What agents may ask for, as far as its section says it outright. */
  offers(): readonly Offered[]
  foresee(around: Around): Promise<readonly Finding[]>
  /** @throws ERR_CONFIG_INVALID with every problem as its detail */
  start(services: GatewayContext): Promise<Running>
}
