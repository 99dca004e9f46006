/**
 * Durable memory: one way in, a few ways to look.
 *
 * @module
 */
import type {
  ActionLife,
  Actor,
  Agent,
  Approval,
  ApprovalState,
  Entry,
  Fact,
  KeptResult,
  Outcome,
  PermitRecord,
  Person,
  ToolRecord,
} from '@countersign/schema'
import type { Clock } from './clock.ts'
import type { LineageGraph } from './flow.ts'
import type { Outbox } from './outbox.ts'
import type { Page, Paging } from './page.ts'

export type Beginning = 'beginning' | 'head'

export interface Change {
  readonly facts: readonly Fact[]
  /** Refused once the store's clock has passed this: how expiry is exact without a timer. */
  readonly notAfter?: number
  /** Refused as a conflict while the store's clock has not come to this: nothing ends early by somebody's own clock. */
  readonly notBefore?: number
  /** Nobody waits for it: it may be written with what comes next, at the latest 20 ms after it was handed over. */
  readonly lazy?: boolean
}

/**
 * Durable memory. One way in, a few ways to look.
 *
 * `commit` MUST be all or nothing, MUST be durable, in the ledger and visible to every read when it resolves, and MUST
 * apply concurrent changes as if one after the other. What a fact changes (the approval, permit, agent, person or tool
 * it carries) is saved in the same commit. It MUST refuse, writing nothing, with
 * - `ERR_STORE_CONFLICT` unless a carried approval, agent, person or tool has exactly the stored version plus one (1 if
 *   new), and for `action.allowed` and `action.permitted` unless `agentVersion` is the stored agent's and that agent is active; also for a
 *   person whose (issuer, subject) is someone else's, for an action or permit whose id is taken (of actions, as far as it remembers: ids are minted and never repeat), and for
 *   `action.finished` or `action.replayed` without that permit (P2);
 * - `ERR_STORE_CONFLICT` for a new approval while another with the same digest is open or granted;
 * - `ERR_STORE_LATE` if its clock has passed `notAfter`, `ERR_STORE_CONFLICT` if it has not come to `notBefore`;
 * - `ERR_GRANT_SPENT` for a second permit under the same approval;
 * - `ERR_SELF_APPROVAL` for a signature by someone the approval bars, as stored or as carried (P3), or by the same
 *   person twice (`ERR_APPROVAL_SIGNED_TWICE`);
 * - `ERR_INPUT_INVALID` for `action.permitted` without an approval, and for `action.allowed` of what is denied or asked about;
 * - `ERR_ATTEMPT_KNOWN` (detail: the PermitRecord, unless it was erased) for a permit if the same
 *   (credential, attempt id) has a permit already, or if the same credential has a `replayable` permit for this digest
 *   that is finished but not delivered, or that has not ended and whose client may be gone: one of the two was
 *   countersigned, it was abandoned, or it runs on another node;
 * - `ERR_PERMIT_FINISHED` for a second `action.finished` of a permit, except that a late outcome (done or failed) may
 *   follow `unknown` or `unreported`;
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
    /** How many there are that are not settled yet. */
    unsettled(): Promise<{ readonly open: number; readonly granted: number }>
  }
  readonly permits: {
    get(id: string): Promise<PermitLife | undefined>
    byAttempt(credential: string, attemptId: string): Promise<PermitLife | undefined>
    /** The newest `replayable` permit of this credential for this digest that is finished but was not delivered. */
    undelivered(credential: string, digest: string): Promise<PermitLife | undefined>
    /** The newest `replayable` permit of this credential for this digest that has not ended. */
    begun(credential: string, digest: string): Promise<PermitLife | undefined>
    /**
     * Remembers that the client of a run is gone, or those of all runs of other nodes than these. No fact: it only
     * decides whether the same action sent again has to wait for what is running.
     */
    abandon(which: { readonly permit: string } | { readonly notOf: readonly string[] }): Promise<void>
    /**
     * The newest permit for this digest, whoever used it, of which nobody knows how it ended: still running, `unknown`
     * or `unreported`.
     */
    openEnded(digest: string): Promise<PermitLife | undefined>
    /** How many were handed to clients that never said what came of them; a report that comes late takes one away. At most 10,000. */
    unreported(): Promise<number>
    /** Without outcome past their deadline; at most 100. */
    overdue(): Promise<readonly PermitRecord[]>
  }
  readonly agents: {
    get(id: string): Promise<Agent | undefined>
    /**
     * By the SHA-256 of a key, hex. MUST know of everything that this store wrote, and of what others wrote within a second: what it
     * says is no permit, which is judged at the very end of the ledger.
     */
    byKey(hash: string): Promise<Agent | undefined>
    list(): Promise<readonly Agent[]>
    /** Those that this person owns, or whose team is one of theirs. */
    answeredFor(person: Pick<Person, 'id' | 'groups'>): Promise<readonly Agent[]>
  }
  readonly people: {
    get(id: string): Promise<Person | undefined>
    byAccount(issuer: string, subject: string): Promise<Person | undefined>
    /** Whose account at the provider of a channel this is. */
    byLinked(provider: string, id: string): Promise<Person | undefined>
    list(): Promise<readonly Person[]>
    /** Whoever is in one of these, at most `limit`, by id. */
    inGroups(groups: readonly string[], limit: number): Promise<readonly Person[]>
  }
  readonly tools: {
    /** By `server/name`. */
    get(id: string): Promise<ToolRecord | undefined>
    /** Of one server or of all, by id. */
    list(server?: string): Promise<readonly ToolRecord[]>
  }
  readonly actions: {
    /**
     * The approval of a life is the one this action asked for, or the one its permit spent (asked by the same action
     * sent earlier). The timeline has the entries of the action, of that approval and of its permits, oldest first: the
     * newest 2,000, and of signatures that were refused the newest 20. `leftOut` counts the others, if there are any.
     */
    get(id: string): Promise<{ life: ActionLife; timeline: readonly Entry[]; leftOut?: number } | undefined>
    /** Of those that are there, in any order. */
    lives(ids: readonly string[]): Promise<readonly ActionLife[]>
    /**
     * Newest first, among those that the follower of `index` has come to, which is some 0.3 s behind the ledger: an action
     * MUST be found from then on that is denied, asked about, or ended, or was never permitted; one that runs after a
     * second as well. What changes of one that is found already (its question, its outcome) follows as late; whether it
     * runs, and whether its question is open or granted, is as recorded. A page MAY be short, or empty, and have a `next`:
     * then nobody has looked further than that.
     */
    search(query: ActionQuery): Promise<Page<ActionLife>>
    readonly index: ActionIndex
    /** Whether this agent has ever been permitted this operation, as late as a search. */
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
    /** Those held now, by name. */
    list(): Promise<readonly HeldLease[]>
  }
  readonly tombstones: Tombstones
  readonly outbox: Outbox
  /** Values that stand in parameters only as `secret:…`, encrypted, on any instance. */
  readonly secrets: {
    /** The same value gives the same reference; who has the reference alone learns nothing of the value. */
    keep(value: string): Promise<string>
    /** @throws ERR_SECRET_UNKNOWN */
    reveal(reference: string): Promise<string>
  }
  /**
   * Holds what is stored of approvals, signatures, permits, agents, people, tools and actions against what the facts
   * add up to; what was erased is let be. It reads everything.
   */
  check(): Promise<StateReport>
  close(): Promise<void>
}

/**
 * What is over although somebody still holds its encrypted state, such as a session that a client has ended: on every
 * instance, and after a restart. What has been put MUST be seen by every instance when `put` resolves; what has run out
 * MAY be forgotten.
 */
export interface Tombstones {
  /** Stands for this long, by the store's clock; put again, for the longer of the two. */
  put(name: string, forMs: number): Promise<void>
  stands(name: string): Promise<boolean>
}

export interface StateReport {
  /** Facts that were added up. */
  readonly entries: number
  /** Rows that were held against them. */
  readonly rows: number
  /** Facts that can be read no more. */
  readonly erased: number
  /** In words, at most 1,000: which row says what, and what the ledger says. */
  readonly differences: readonly string[]
}

export interface HeldLease {
  readonly name: string
  readonly holder: string
  /** By the store's clock. */
  readonly until: number
}

export interface PermitLife {
  readonly permit: PermitRecord
  readonly outcome: Outcome | undefined
  readonly finishedAt: number | undefined
  readonly delivered: boolean
  readonly result: KeptResult | undefined
  /** Its client was gone before it ended. */
  readonly abandoned?: true
}

/**
 * What searches look in. One follower tells it of every entry; where that stands is kept with what is found, so that it is
 * told of none twice and none is missing, however it ends.
 *
 * It MUST keep nothing that can be read or guessed without the keys of the installation, MUST forget an action when that is
 * erased, and MUST keep nothing of one that was erased before (P12).
 */
export interface ActionIndex extends Pick<Journal, 'cursor' | 'moveCursor'> {
  /**
   * The next entries, in order, after those before or from the cursor on. None at all: those that run are looked at again.
   *
   * @throws ERR_STORE_CONFLICT where another instance has told of them meanwhile: the cursor says where to go on
   */
  add(follower: string, page: readonly Entry[]): Promise<void>
}

/** All that is said must hold. */
export interface ActionQuery extends Paging {
  readonly id?: string | undefined
  readonly agent?: string | undefined
  /** Any of them is acted for, or started the session. */
  readonly people?: readonly string[] | undefined
  /** Read or written. */
  readonly dataset?: string | undefined
  readonly model?: string | undefined
  readonly verb?: string | undefined
  readonly operation?: string | undefined
  readonly environment?: string | undefined
  readonly decision?: 'allow' | 'ask' | 'deny' | undefined
  /** `running`: permitted, and nobody has said yet how it went. */
  readonly outcome?: Outcome['kind'] | 'running' | undefined
  readonly riskAtLeast?: number | undefined
  /** The question it asked, or whose grant it spent. */
  readonly approval?: string | undefined
  /** How that question stands, as recorded. */
  readonly question?: ApprovalState | undefined
  /** Any of them signed it, either way. */
  readonly signers?: readonly string[] | undefined
  /**
   * Acted for or started by this person, or done by one of these agents, or with a question, whomever that concerns.
   */
  readonly concerns?: { readonly person: string; readonly agents: readonly string[] } | undefined
  /** Every one of them (`keywordsOf`). */
  readonly keywords?: readonly string[] | undefined
  /** Decided at or after. */
  readonly from?: number | undefined
  /** Decided before. */
  readonly to?: number | undefined
}

/** The facts, in order. */
export interface Journal {
  /**
   * Every entry from `index` on, oldest first, as many together as are there; then waits for more until `signal` aborts
   * or the store is closed.
   */
  follow(index: number, signal: AbortSignal): AsyncIterable<readonly Entry[]>
  read(index: number, limit: number): Promise<readonly Entry[]>
  /**
   * Where a follower stands: the index of the next entry it has not yet dealt with. One that was never heard of is put
   * at its beginning, and that MUST be durable when it resolves: what is written from then on is not skipped by a
   * restart.
   */
  cursor(follower: string, from: Beginning): Promise<number>
  moveCursor(follower: string, index: number): Promise<void>
  /**
   * Destroys the keys of everything recorded for a subject (a person's or agent's id; never of `system`), and tells of
   * how many entries; that it does so is a fact itself (`record.erased`), written first. The leaves and their proofs
   * stand. No other read shows any of it any more; what was used stays used (versions, attempts, grants), what was open
   * is over: questions, and answers that were not delivered. An agent's id stays taken: `agent.changed` is
   * `ERR_STORE_CONFLICT` from then on, since grants of before name it.
   */
  erase(subject: string, how?: { readonly by: Actor; readonly because: string }): Promise<number>
  /**
   * The same for the record of one entry alone: false if there is none that can be read. No key is its own, so that a backup from
   * before still has it.
   *
   * @throws ERR_STORE_CONFLICT while something rests on it: it is the newest of an agent, a person, a tool or the policies, of
   *   a question that is open or granted or what that asks about, or a permit that has not ended. Change or end it first.
   */
  eraseEntry(index: number, how: { readonly by: Actor; readonly because: string }): Promise<boolean>
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
