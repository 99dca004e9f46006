/**
 * One transaction under the head's lock: judge every command, place what passes, hash it, save it.
 *
 * @module
 */
import {
  type Change,
  type Clock,
  createFrontier,
  CountersignError,
  hashLeaf,
  type Prepared,
  sha256,
} from '@countersign/core'
import type { Fact } from '@countersign/schema'
import type { Session } from '../db.ts'
import { encodeNodes, type HeadRow, readFrontier } from '../head.ts'
import type { Written } from '../tables/recent.ts'
import { apply, type Refused } from './apply.ts'
import { type Lookup, searchable } from './keys.ts'
import { loadWorld } from './load.ts'
import type { SubjectKey } from './subjects.ts'
import type { World } from './world.ts'
import { type NewEntry, snapshot, writeWorld } from './write.ts'

export interface Command {
  readonly change: Change
  readonly prepared: readonly Prepared[]
  /** Of each prepared fact's subject, as it was when the fact was sealed. */
  readonly keys: ReadonlyMap<string, SubjectKey>
}

export type Result =
  | { readonly kind: 'committed'; readonly index: number }
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** A subject was erased after its fact was sealed: seal it again. */
  | { readonly kind: 'stale' }

export interface BatchParts {
  readonly tenant: string
  readonly lookup: Lookup
  /** Instead of the database's clock. */
  readonly clock: Clock | undefined
}

export interface Settled {
  readonly results: readonly Result[]
  readonly size: number
  readonly written: readonly Written[]
}

/**
 * What it writes travels with the commit, which tells whether it stands.
 *
 * `attempt` above 0: the one before may have committed without our hearing of it, so entries that stand already are
 * found by their ids.
 */
export async function settle(
  session: Session,
  commands: readonly Command[],
  attempt: number,
  { tenant, lookup, clock }: BatchParts,
): Promise<Settled> {
  const facts = commands.flatMap(({ change }) => change.facts)
  const subjects = [...new Set(commands.flatMap(({ keys }) => [...keys.keys()]))]
  const firstIds = commands.flatMap(({ prepared }) => prepared.slice(0, 1).map(({ id }) => id))

  // Sent together, answered in order: the lock is held before anything is looked at.
  const [[head], [time], after, standing] = await Promise.all([
    session.query<HeadRow>(lockHead, [tenant]),
    session.query<{ now: number }>(readClock),
    loadWorld(session, tenant, facts, subjects, lookup),
    attempt === 0 ? [] : session.query<{ id: string; index: number }>(findEntries, [tenant, firstIds]),
  ])
  if (head === undefined || time === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })

  const before = snapshot(after)
  const now = clock?.now() ?? time.now
  const at = Math.max(now, head.at)
  const frontier = createFrontier(sha256, readFrontier(head))
  const entries: NewEntry[] = []
  const written: Written[] = []
  const committed = new Map(standing.map(({ id, index }) => [id, index]))

  const results = commands.map((command) => judge(command))
  if (entries.length > 0) {
    writeWorld(session, tenant, { before, after, entries })
    session.send(moveHead, [tenant, frontier.size, encodeNodes(frontier.save()), frontier.root(), at])
  }
  return { results, size: frontier.size, written }

  function judge({ change, prepared, keys }: Command): Result {
    const stands = committed.get(prepared[0]?.id ?? '')
    if (stands !== undefined) return { kind: 'committed', index: stands }
    if (change.notAfter !== undefined && now > change.notAfter) {
      return { kind: 'refused', refused: { code: 'ERR_STORE_LATE', detail: { notAfter: change.notAfter, now } } }
    }
    if ([...keys].some(([subject, { id }]) => after.keys.get(subject) !== id)) return { kind: 'stale' }

    const index = frontier.size
    const places = prepared.map(({ subject }, position) => ({ index: index + position, at, subject }))
    const late = change.facts.map((fact, position) => isLate(fact, change.facts.slice(0, position), after))
    const refused = apply(change.facts, places, after, lookup)
    if (refused !== undefined) return { kind: 'refused', refused }

    for (const [position, one] of prepared.entries()) {
      const leaf = one.leafAt(at, late[position] === true ? lateSequence : undefined)
      const leafHash = hashLeaf(sha256, leaf)
      const fact = change.facts[position]
      const links = linksOf(fact)
      const keyId = keys.get(one.subject)?.id ?? ''
      const { id, kind, subject, blob, wrappedKey } = one
      if (fact) written.push({ entry: { index: frontier.size, id, at, fact }, sizeBytes: blob.length })
      entries.push({ index: frontier.size, id, at, kind, ...links, subject, keyId, leaf, leafHash, blob, wrappedKey })
      frontier.push(leafHash)
    }
    return { kind: 'committed', index }
  }
}

/** Where a late outcome stands in the life of its action; see `Prepared.leafAt`. */
const lateSequence = 4

function isLate(fact: Fact, earlier: readonly Fact[], world: World): boolean {
  if (fact.kind !== 'action.finished') return false
  const outcome = earlier.findLast((one) => one.kind === 'action.finished' && one.permit === fact.permit)
  return outcome !== undefined || world.permits.get(fact.permit)?.outcome === 'unknown'
}

/** By what a timeline finds an entry. */
function linksOf(fact: Fact | undefined): { action: string | null; approval: string | null } {
  switch (fact?.kind) {
    case 'action.decided':
      return { action: fact.record.id, approval: null }
    case 'approval.changed':
      return { action: fact.approval.actionId, approval: fact.approval.id }
    case 'signature.refused':
      return { action: null, approval: searchable(fact.approval) }
    case 'action.permitted':
      return { action: fact.permit.actionId, approval: null }
    case 'action.finished':
    case 'action.replayed':
      return { action: fact.actionId, approval: null }
    case 'deployment.founded':
    case 'policy.activated':
    case 'agent.changed':
    case 'person.changed':
    case 'tool.changed':
    case 'record.read':
    case 'record.denied':
    case 'record.erased':
    case undefined:
      return { action: null, approval: null }
  }
}

const lockHead = {
  name: 'head_lock',
  text: 'select size, frontier, root, at, epoch from head where tenant = $1 for update',
}
const readClock = {
  name: 'clock',
  text: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
}
const findEntries = { name: 'entries_by_id', text: 'select id, index from entry where tenant = $1 and id = any($2)' }
const moveHead = {
  name: 'head_move',
  text: 'update head set size = $2, frontier = $3, root = $4, at = $5 where tenant = $1',
}
