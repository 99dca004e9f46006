/**
 * What the house needs from outside, and what a gateway, channel or follower has to offer.
 * Everything here is an interface; implementations live in `stores`, `policy`, `gateways`, `channels`, `followers`.
 *
 * @module
 */
import type {
  Action,
  ActionLife,
  Agent,
  Approval,
  ApprovalState,
  Assurance,
  Card,
  DataPicture,
  Effect,
  Entry,
  Fact,
  KeptResult,
  Lineage,
  Measures,
  Obligation,
  Outcome,
  PermitRecord,
  Person,
  Purpose,
  Refusal,
  Resource,
  SignOff,
  Verdict,
} from '@countersign/schema'
import type { z } from 'zod'

/** Milliseconds since 1970. */
export interface Clock {
  now(): number
}

// ── Policy ──────────────────────────────────────────────────────────────────────────────────────

/** One resource of one action, with all that policy may look at. */
export interface PolicyQuestion {
  readonly action: Action
  readonly resource: Resource
  readonly agent: Pick<Agent, 'id' | 'groups' | 'owner' | 'team'>
  readonly onBehalfOf: Pick<Person, 'id' | 'groups'> | undefined
  readonly context: {
    readonly risk: number
    readonly picture: DataPicture
    readonly measures: Measures
    readonly client: string
    readonly purposeGiven: boolean
    /** Local hour 0–23 and ISO weekday 1–7 in the house's time zone. */
    readonly when: { readonly hour: number; readonly weekday: number }
  }
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
}

export interface PolicyEngine {
  /** The set in force. Changes between two calls only by a reload that passed every check. */
  active(): PolicySet
}

// ── Store ───────────────────────────────────────────────────────────────────────────────────────

export interface Change {
  readonly facts: readonly Fact[]
  /** Refused once the store's clock has passed this: how expiry is exact without a timer. */
  readonly notAfter?: number
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Hand it back as `after` for the next page; absent at the end. */
  readonly next: string | undefined
}

export interface Paging {
  readonly limit?: number
  readonly after?: string | undefined
}

/**
 * Durable memory. One way in, a few ways to look.
 *
 * `commit` MUST be all or nothing, MUST be durable, in the ledger and visible to every read when it resolves, and MUST
 * apply concurrent changes as if one after the other. What a fact changes (the approval, permit, agent or person it
 * carries) is saved in the same commit. It MUST refuse, writing nothing, with
 * - `ERR_STORE_CONFLICT` unless a carried approval, agent or person has exactly the stored version plus one (1 if new),
 *   and for `action.permitted` unless `agentVersion` is the stored agent's and that agent is active; also for a person
 *   whose (issuer, subject) is someone else's, for an action or permit whose id is taken, and for `action.finished` or
 *   `action.replayed` without that permit (P2);
 * - `ERR_STORE_CONFLICT` for a new approval while another with the same digest is open or granted;
 * - `ERR_STORE_LATE` if its clock has passed `notAfter`;
 * - `ERR_GRANT_SPENT` for a second permit under the same approval;
 * - `ERR_SELF_APPROVAL` for a signature by someone the approval bars, as stored or as carried (P3), or by the same person twice (`ERR_APPROVAL_SIGNED_TWICE`);
 * - `ERR_ATTEMPT_KNOWN` (detail: the PermitRecord, unless it was erased) for `action.permitted` if the same (credential, attempt id) has a
 *   permit already, or if the same credential has a `replayable` permit for this digest that is finished but not delivered;
 * - `ERR_PERMIT_FINISHED` for a second `action.finished` of a permit, except that a late outcome (done or failed) may follow `unknown`;
 * - `ERR_STORE_UNAVAILABLE` when it cannot know whether it can write.
 */
export interface Store {
  readonly clock: Clock
  /** Resolves to the index of the first fact. */
  commit(change: Change): Promise<number>
  readonly approvals: {
    get(id: string): Promise<Approval | undefined>
    /** The newest approval for this digest, in whatever state. */
    latest(digest: string): Promise<Approval | undefined>
    /** Newest first. */
    list(query: { states?: readonly ApprovalState[]; agent?: string } & Paging): Promise<Page<Approval>>
    /** Open ones past `expiresAt` or `escalateAt`, granted ones past `validUntil`; at most 100. */
    due(): Promise<readonly Approval[]>
    /** Questions of this agent for this person: how many are open, and how many were asked since. */
    count(
      who: { agent: string; onBehalfOf: string | undefined },
      since: number,
    ): Promise<{ open: number; asked: number }>
  }
  readonly permits: {
    get(id: string): Promise<PermitLife | undefined>
    byAttempt(credential: string, attemptId: string): Promise<PermitLife | undefined>
    /** The newest `replayable` permit of this credential for this digest that is finished but was not delivered. */
    undelivered(credential: string, digest: string): Promise<PermitLife | undefined>
    /** Without outcome past their deadline; at most 100. */
    overdue(): Promise<readonly PermitRecord[]>
  }
  readonly agents: {
    get(id: string): Promise<Agent | undefined>
    /** By the SHA-256 of a key, hex. */
    byKey(hash: string): Promise<Agent | undefined>
    list(): Promise<readonly Agent[]>
  }
  readonly people: {
    get(id: string): Promise<Person | undefined>
    byAccount(issuer: string, subject: string): Promise<Person | undefined>
    list(): Promise<readonly Person[]>
  }
  readonly actions: {
    /**
     * The approval of a life is the one this action asked for, or the one its permit spent (asked by the same action
     * sent earlier). The timeline has every entry of the action, of that approval and of its permits, oldest first.
     */
    get(id: string): Promise<{ life: ActionLife; timeline: readonly Entry[] } | undefined>
    /** Newest first. */
    search(query: ActionQuery): Promise<Page<ActionLife>>
    /** Whether this agent has ever been permitted this operation. */
    seen(agent: string, operation: string): Promise<boolean>
  }
  readonly journal: Journal
  readonly ledger: Ledger
  readonly lineage: LineageGraph
  /** Rows with an epoch, on the store's clock: who may do what only one may do. */
  readonly leases: {
    /** Takes or renews; the epoch, or undefined while another holder has it. An epoch is never given out twice. */
    hold(name: string, holder: string, forMs: number): Promise<number | undefined>
    release(name: string, holder: string): Promise<void>
  }
  /** Values that stand in parameters only as `secret:…`, encrypted, on any instance. */
  readonly secrets: {
    /** The same value gives the same reference; who has the reference alone learns nothing of the value. */
    keep(value: string): Promise<string>
    /** @throws ERR_SECRET_UNKNOWN */
    reveal(reference: string): Promise<string>
  }
  close(): Promise<void>
}

export interface PermitLife {
  readonly permit: PermitRecord
  readonly outcome: Outcome | undefined
  readonly finishedAt: number | undefined
  readonly delivered: boolean
  readonly result: KeptResult | undefined
}

export interface ActionQuery extends Paging {
  readonly agent?: string | undefined
  /** Acted for, or started the session. */
  readonly person?: string | undefined
  /** Read or written. */
  readonly dataset?: string | undefined
  readonly model?: string | undefined
  readonly verb?: string | undefined
  readonly environment?: string | undefined
  readonly decision?: 'allow' | 'ask' | 'deny' | undefined
  readonly outcome?: Outcome['kind'] | undefined
  /** Decided at or after. */
  readonly from?: number | undefined
  /** Decided before. */
  readonly to?: number | undefined
}

/** The facts, in order. */
export interface Journal {
  /** Every entry from `index` on, oldest first; then waits for more until `signal` aborts or the store is closed. */
  follow(index: number, signal: AbortSignal): AsyncIterable<Entry>
  read(index: number, limit: number): Promise<readonly Entry[]>
  /** Where a follower stands: the index of the next entry it has not yet dealt with; 0 at first. */
  cursor(follower: string): Promise<number>
  moveCursor(follower: string, index: number): Promise<void>
  /**
   * Destroys the keys of everything recorded for a subject (a person's or agent's id; never of `house`), and tells of how
   * many entries. The leaves and their proofs stand. No other read shows any of it any more; what was used stays used
   * (versions, attempts, grants), what was open is over: questions, and answers that were not delivered.
   */
  erase(subject: string): Promise<number>
}

/** The tree over the leaves (RFC 6962), and its published heads. */
export interface Ledger {
  readonly origin: string
  head(): Promise<{ readonly size: number; readonly root: Uint8Array }>
  /** The canonical envelopes, as hashed. */
  leaves(from: number, limit: number): Promise<readonly Uint8Array[]>
  /** `width` concatenated 32-byte hashes of tile `index` at `level` (https://c2sp.org/tlog-tiles). */
  tile(level: number, index: number, width: number): Promise<Uint8Array>
  /** The newest signed checkpoint, a C2SP signed note. */
  checkpoint(): Promise<string | undefined>
  saveCheckpoint(note: string, size: number): Promise<void>
}

/** What flowed where, under which action: `ln_*`. */
export interface Flow {
  readonly action: string
  readonly at: number
  readonly agent: string
  readonly onBehalfOf: string | undefined
  readonly from: LineageNode
  readonly to: LineageNode
  readonly how: 'reads' | 'writes' | 'sends' | 'invokes' | 'trains'
  readonly rows: number | undefined
  readonly approval: string | undefined
  readonly approvers: readonly string[]
}

export interface LineageNode {
  readonly kind: 'dataset' | 'model' | 'destination' | 'agent'
  readonly name: string
}

export interface LineageGraph {
  /** At least once: adding the same flows of an action again changes nothing. */
  add(flows: readonly Flow[]): Promise<void>
  /** Flows that touch the node itself, newest first. */
  flows(query: { node: LineageNode; direction: 'from' | 'to' | 'both' } & Paging): Promise<Page<Flow>>
  /** Every node reached, by any number of steps up to `depth` (default 20), at most 5,000. */
  reach(node: LineageNode, direction: 'upstream' | 'downstream', depth?: number): Promise<readonly LineageNode[]>
}

// ── Doors ───────────────────────────────────────────────────────────────────────────────────────

/** Who knocks, as proven by a credential. */
export interface Caller {
  readonly agent: Agent
  /** Id of the credential; scopes attempts and replays. */
  readonly credential: string
  readonly onBehalfOf: string | undefined
  readonly startedBy: string | undefined
}

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
  /** Told once when people are being asked, for progress messages. */
  held?(refusal: Extract<Refusal, { kind: 'waiting' }>): void
  /** Runs the action exactly as `permit` describes it. */
  run(permit: Permit): Promise<Ran>
  /** Hands out the answer of the run that this same attempt already had (P10). Counts as delivered unless `signal` aborts. */
  replay(result: KeptResult, outcome: Outcome): Promise<void>
  refuse(refusal: Refusal): Promise<void>
}

/** The one door. Resolves when the attempt has been run, replayed or refused, and that has been recorded. */
export interface Gate {
  /**
   * @throws ERR_INPUT_INVALID for what has no canonical form, ERR_ATTEMPT_KNOWN for an attempt id that was used for another
   * action, ERR_AGENT_UNKNOWN for a key that was revoked meanwhile, ERR_STORE_UNAVAILABLE; nothing has run then
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

export type Handler = (request: Request) => Promise<Response>

/** What a gateway finds inside: the door, and someone who knows faces. */
export interface Hall {
  readonly gate: Gate
  readonly clock: Clock
  /** The house's public URL, without a slash at the end. */
  readonly publicUrl: string
  /** @throws ERR_AGENT_UNKNOWN if the credential proves nobody, ERR_AGENT_STOPPED if that agent is stopped. */
  identify(credential: string): Promise<Caller>
  /**
   * The state of a question that this agent asked; waits up to `waitMs` while it is open.
   * @throws ERR_APPROVAL_UNKNOWN also for other agents' questions
   */
  question(approval: string, caller: Caller, waitMs: number, signal: AbortSignal): Promise<QuestionStatus>
  readonly secrets: Store['secrets']
  /** Serves `path` and everything below it on the house's own listener. */
  mount(path: string, handler: Handler): void
  log(line: LogLine): void
}

/** One structured line. No secrets, no personal data, no text from agents. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly says: string
  readonly [key: string]: unknown
}

/** Speaks one protocol to agents. */
export interface Gateway {
  readonly name: string
  start(section: unknown, hall: Hall): Promise<Running>
}

// ── Channels and followers ──────────────────────────────────────────────────────────────────────

/** An answer as a channel brings it: the channel has verified who it is from. */
export interface Answer {
  readonly person: string
  readonly verdict: Verdict
  readonly reason: string | undefined
  readonly assurance: Assurance
  readonly channel: string
  /** Hash of the card that was shown to this person. */
  readonly shown: string
  readonly proof: Approval['signatures'][number]['proof']
}

/** Posts a body and gives the status of the answer: the house's guarded way out, which follows no redirect. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

export interface OpenDesk {
  /** @throws ERR_APPROVAL_… , ERR_SELF_APPROVAL, ERR_APPROVER_NOT_ASKED, ERR_ASSURANCE_TOO_LOW, ERR_CARD_CHANGED, ERR_AGENT_STOPPED */
  sign(approval: string, answer: Answer): Promise<Approval>
  escalate(approval: string, person: string): Promise<Approval>
  card(approval: string): Promise<Card>
}

/** What a channel finds inside. */
export interface Lobby {
  readonly desk: OpenDesk
  readonly clock: Clock
  readonly publicUrl: string
  /** For this URL of the channel's own section, and no other. */
  postTo(url: string): Post
}

/** Where people answer, or hear that there is something to answer. */
export interface Channel {
  readonly name: string
  start(section: unknown, lobby: Lobby): Promise<OpenChannel>
}

export interface OpenChannel extends Running {
  /** Told of every change to an approval, at least once and in order. */
  show(approval: Approval): Promise<void>
  /** Answers the provider's callbacks under `/channels/<name>`. */
  receive?(request: Request): Promise<Response>
}

/** Reads the ledger as it grows, at least once and in order: lineage, search, SIEM, metrics. */
export interface Follower {
  readonly name: string
  follow(entry: Entry): Promise<void>
}

interface Spec<Config, Inside, Outside> {
  readonly name: string
  readonly config: z.ZodType<Config>
  start(config: Config, inside: Inside): Promise<Outside>
}

const define =
  <Inside, Outside>() =>
  <Config>({ name, config, start }: Spec<Config, Inside, Outside>) => ({
    name,
    config,
    start: (section: unknown, inside: Inside) => start(config.parse(section), inside),
  })

/** Ties a gateway to its section of `countersign.yaml`. */
export const defineGateway = define<Hall, Running>()
/** Ties a channel to its section of `countersign.yaml`. */
export const defineChannel = define<Lobby, OpenChannel>()
