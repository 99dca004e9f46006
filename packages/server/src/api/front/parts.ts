/**
 * What the API is made of, as Countersign hands it in.
 *
 * @module
 */
import type {
  Clock,
  Concern,
  Concerns,
  Desk,
  GatewayAddress,
  LogLine,
  NodeLease,
  Pins,
  PolicyEngine,
  Stops,
  Store,
} from '@countersign/core'
import type { ConsoleSession, Founding, GroupRoles, Sessions, SignIn } from '@countersign/identity'
import type { Sandbox } from '@countersign/policy'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Person } from '@countersign/schema'
import type { PoliciesState } from '../../in-force.ts'
import type { Roster } from '../../agents/roster.ts'
import type { Following } from '../../duties/followers.ts'
import type { LocalParts } from '../../people/local-people.ts'

export interface ApiParts {
  readonly store: Pick<
    Store,
    | 'commit'
    | 'approvals'
    | 'actions'
    | 'agents'
    | 'people'
    | 'tools'
    | 'journal'
    | 'ledger'
    | 'lineage'
    | 'leases'
    | 'outbox'
  > & { readonly permits: Pick<Store['permits'], 'openEnded' | 'unreported'> }
  /** Records refused signatures itself, whatever the channel. */
  readonly desk: Pick<Desk, 'sign' | 'escalate' | 'waiting'>
  readonly stops: Stops
  readonly roster: Roster
  readonly pins: Pick<Pins, 'accept' | 'leftOut'>
  readonly running: SystemParts
  /** What is wrong now and may right itself. */
  readonly concerns: Concerns
  readonly policy: PolicyEngine
  /** What is loaded here, and what was refused since. */
  readonly policies: () => PoliciesState
  /** Explains the policies, and tries others. */
  readonly sandbox: Sandbox
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly founding: {
    /** The link of this start, if there was no founder then. */
    readonly link: Founding | undefined
    /** Whether a `deployment.founded` fact exists. */
    founded(): Promise<boolean>
  }
  /** While no identity provider is connected. */
  readonly local?: LocalParts | undefined
  /** Groups of the identity provider that carry a role. Default none. */
  readonly groupRoles?: GroupRoles | undefined
  readonly clock: Clock
  /** Without a slash at the end. */
  readonly publicUrl: string
  readonly version: string
  readonly demo: boolean
  /** The ledger's verifier key (https://c2sp.org/signed-note). */
  readonly vkey: string
  /** Whether `/ledger` is readable without signing in. True on loopback; else as configured. */
  readonly ledgerOpen: boolean
  /** IANA zone in which policies read hours and weekdays. Default UTC. */
  readonly timeZone?: string
  /** Milliseconds between two signs of life on `/api/events`. Default 15,000. */
  readonly heartbeatMs?: number
  /** Who answers what the providers of channels call, by path. */
  readonly receivers?: ReadonlyMap<string, (request: Request) => Promise<Response>>
  /** The console's pages and files. */
  page(request: Request): Promise<Response>
  log(line: LogLine): void
}

/** What only the process that answers can tell. */
export interface SystemParts {
  /** This instance. */
  readonly node: NodeLease
  readonly followers: () => readonly Following[]
  readonly concerns: () => readonly Concern[]
  readonly addresses: readonly (GatewayAddress & { readonly gateway: string })[]
}

/** A person at the console, as this request found them; with the roles that their groups carry. */
export interface Visitor {
  readonly person: Person
  readonly session: ConsoleSession
}

export interface ApiEnv {
  Variables: { visitor: Visitor }
  /** What the listener knows: `peer` is the address of the other end of the connection. */
  Bindings: { requestId: string; peer: string | undefined }
}

export type Api = OpenAPIHono<ApiEnv>
