/**
 * One transaction under the head's lock: judge every command, place what passes, hash it, save it.
 *
 * @module
 */
import {
  aboutOf,
  applyFacts,
  type Change,
  type Clock,
  CountersignError,
  createFrontier,
  type Draft,
  hashLeaf,
  keysOf,
  type Lookup,
  type Prepared,
  type Refused,
  searchable,
  sha256,
} from '@countersign/core'
import type { Session } from '../db.ts'
import { encodeNodes, type HeadRow, readFrontier } from '../head.ts'
import type { Written } from '../tables/recent.ts'
import { loadWorld } from './load.ts'
import type { SubjectKey } from './subjects.ts'
import { type NewEntry, writeWorld } from './write.ts'

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
  const keysOfWorld = keysOf(lookup)
  const facts = commands.flatMap(({ change }) => change.facts)
  const subjects = [...new Set(commands.flatMap(({ keys }) => [...keys.keys()]))]
  const firstIds = commands.flatMap(({ prepared }) => prepared.slice(0, 1).map(({ id }) => id))

  // Sent together, answered in order: the lock is held before anything is looked at.
  const [[head], [time], world, subjectKeys, standing] = await Promise.all([
    session.query<HeadRow>(lockHead, [tenant]),
    session.query<{ now: number }>(readClock),
    loadWorld(session, tenant, facts, keysOfWorld),
    session.query<{ subject: string; id: string }>(keysOfSubjects, [tenant, subjects]),
    attempt === 0 ? [] : session.query<{ id: string; index: number }>(findEntries, [tenant, firstIds]),
  ])
  if (head === undefined || time === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })

  const keyNow = new Map(subjectKeys.map(({ subject, id }) => [subject, id]))
  const now = clock?.now() ?? time.now
  const at = Math.max(now, head.at)
  const frontier = createFrontier(sha256, readFrontier(head))
  const entries: NewEntry[] = []
  const drafts: Draft[] = []
  const written: Written[] = []
  const committed = new Map(standing.map(({ id, index }) => [id, index]))

  const results = commands.map((command) => judge(command))
  if (entries.length > 0) {
    writeWorld(session, tenant, { world, drafts, entries })
    session.send(moveHead, [tenant, frontier.size, encodeNodes(frontier.save()), frontier.root(), at])
  }
  return { results, size: frontier.size, written }

  function judge({ change, prepared, keys }: Command): Result {
    const stands = committed.get(prepared[0]?.id ?? '')
    if (stands !== undefined) return { kind: 'committed', index: stands }
    if (change.notAfter !== undefined && now > change.notAfter) {
      return { kind: 'refused', refused: { code: 'ERR_STORE_LATE', detail: { notAfter: change.notAfter, now } } }
    }
    if ([...keys].some(([subject, { id }]) => keyNow.get(subject) !== id)) return { kind: 'stale' }

    const index = frontier.size
    const slots = prepared.map(({ subject }, position) => ({ index: index + position, at, subject }))
    const applied = applyFacts(change.facts, slots, { world, keys: keysOfWorld })
    if ('refused' in applied) return { kind: 'refused', refused: applied.refused }
    drafts.push(applied.draft)

    for (const [position, fact] of change.facts.entries()) {
      const [one, slot] = [prepared[position], slots[position]]
      if (one === undefined || slot === undefined) throw new RangeError('every fact is prepared')
      const { id, kind, subject, blob, wrappedKey } = one
      const leaf = one.leafAt(at, applied.sequences[position])
      const leafHash = hashLeaf(sha256, leaf)
      const { action = null, approval = null } = aboutOf(fact)
      const links = { action, approval: approval === null ? null : searchable(approval) }
      const keyId = keys.get(subject)?.id ?? ''
      written.push({ entry: { index: slot.index, id, at, fact }, sizeBytes: blob.length })
      entries.push({ index: slot.index, id, at, kind, ...links, subject, keyId, leaf, leafHash, blob, wrappedKey })
      frontier.push(leafHash)
    }
    return { kind: 'committed', index }
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
const keysOfSubjects = {
  name: 'load_subject_keys',
  text: 'select subject, id from subject_key where tenant = $1 and subject = any($2)',
}
