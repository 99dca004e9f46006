/**
 * The world in memory, as it is durable: what the rules look at of everything that is still alive, brought up to one end of the
 * ledger. What is over is remembered for a while, and read again when somebody asks for it: it does not change any more.
 *
 * @module
 */
import {
  applyFacts,
  CountersignError,
  emptyWorld,
  isPending,
  isUndelivered,
  type Keys,
  type PermitRow,
  type SavedFrontier,
  replayKey,
  signatureKey,
  stepsOf,
  type Touching,
  type World,
} from '@countersign/core'
import type { Fact } from '@countersign/schema'
import { type HeadRow, readFrontier } from '../head.ts'
import { type Found, loadEverything, loadMissing } from './load.ts'
import type { Owned } from '../tables/segments.ts'
import type { Judged, Command } from './judge.ts'
import type { Writer } from './writer.ts'

export interface End {
  readonly size: number
  readonly root: Uint8Array
  readonly at: number
  readonly frontier: SavedFrontier
}

export interface Resident {
  readonly world: World
  readonly end: End
  /** Everything anew, as the tables say in one moment. */
  load(): Promise<void>
  /** What others wrote meanwhile. @throws ERR_LEDGER_BROKEN if the ledger is not the one that it was */
  catchUp(): Promise<void>
  /** Reads those rows that are not remembered. */
  fetch(touched: readonly Touching[]): Promise<void>
  /** A permit that somebody else has found. */
  remember(permit: PermitRow): void
  /** What was judged stands. */
  stands(judged: Pick<Judged<Command>, 'drafts' | 'frontier' | 'placed'>, at: number): void
  /** Its client is gone, or theirs are: no fact, but it decides who has to wait. */
  abandon(which: { readonly permit: string } | { readonly notOf: readonly string[] }): void
}

export interface ResidentParts {
  readonly writer: Writer
  readonly tenant: string
  readonly keys: Keys
  /** Of each kind of row, those remembered that are over. Default: 10,000. */
  readonly remembered?: number | undefined
  /** Told whenever somebody may have been erased: no key of a subject is the same for certain. */
  erased(): void
  /** Entries from one place on, with whose they are. */
  missed(from: number, limit: number): Promise<readonly Owned[]>
}

/** Rows of each kind that are remembered although they are over: most of what is asked again is asked soon. */
const mostOver = 10_000
/** Entries of others that are taken up one by one; of more, what they add up to is read instead. */
const mostMissed = 5_000
/** Entries read at a time. */
const pageSize = 500

export function createResident({
  writer,
  tenant,
  keys,
  missed,
  remembered = mostOver,
  erased,
}: ResidentParts): Resident {
  let world = emptyWorld()
  let end: End = { size: -1, root: new Uint8Array(), at: 0, frontier: { size: 0, nodes: [] } }
  let over = createOver(world, remembered)
  /** False while it may be neither what it was nor what it is to become. */
  let whole = false

  const resident: Resident = {
    get world() {
      return world
    },
    get end() {
      return end
    },

    async load() {
      whole = false
      erased()
      const { head, ...loaded } = await loadEverything(writer, tenant, remembered)
      mustGoOn(head)
      world = loaded.world
      over = createOver(world, remembered, loaded.undelivered)
      end = endOf(head)
      whole = true
    },

    async catchUp() {
      const [head] = await writer.query<HeadRow>(headNow, [tenant])
      if (head === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
      mustGoOn(head)
      if (!whole || head.size - end.size > mostMissed) return resident.load()
      whole = false
      for (let next = end.size; next < head.size;) {
        const page = await missed(next, Math.min(pageSize, head.size - next))
        for (const entry of page) {
          if (!takeUp(entry)) return resident.load()
        }
        if (page.length === 0) return resident.load()
        next += page.length
      }
      end = endOf(head)
      over.trim()
      whole = true
    },

    async fetch(touched) {
      const [approvals, permits, undelivered] = [new Set<string>(), new Set<string>(), new Set<string>()]
      for (const reads of touched) {
        for (const id of [...(reads.get('approvals') ?? []), ...(reads.get('spent') ?? [])]) {
          if (!world.approvals.has(id)) approvals.add(id)
        }
        for (const id of reads.get('permits') ?? []) if (!world.permits.has(id)) permits.add(id)
        if (over.leftOut) for (const digestKey of reads.get('undelivered') ?? []) undelivered.add(digestKey)
      }
      if (approvals.size + permits.size + undelivered.size === 0) return
      take(await loadMissing(writer, tenant, { approvals, permits, undelivered }))
    },

    remember: (permit) => take({ approvals: [], signatures: [], permits: [permit] }),

    stands({ drafts, frontier, placed }, at) {
      for (const draft of drafts) draft.redo()
      end = { size: frontier.size, root: frontier.root(), at, frontier: frontier.save() }
      for (const { command } of placed) over.note(command.change.facts)
      over.trim()
    },

    abandon(which) {
      const one = 'permit' in which ? world.permits.get(which.permit) : undefined
      for (const row of 'permit' in which ? (one ? [one] : []) : world.permits.values()) {
        const isGone = 'permit' in which || !which.notOf.includes(row.node)
        if (row.outcome === null && isGone) world.permits.set(row.id, { ...row, abandoned: true })
      }
    },
  }
  return resident

  /** False where only the tables can say what it adds up to. */
  function takeUp({ index, at, fact, subject }: Owned): boolean {
    if (fact.kind === 'erased' || fact.kind === 'record.erased') return false
    const applied = applyFacts([fact], [{ index, at, subject }], { world, keys })
    over.note([fact])
    // The end of a run that is no longer remembered says nothing that is not over.
    return !('refused' in applied) || fact.kind === 'action.finished' || fact.kind === 'action.replayed'
  }

  /** What is over does not change, so that it may have been read a moment later than the rest. */
  function take({ approvals, signatures, permits }: Found): void {
    for (const row of signatures) world.signatures.set(signatureKey(row.approval, row.person), row)
    for (const row of approvals) {
      if (!world.approvals.has(row.id)) world.approvals.set(row.id, row)
      const own = signatures.filter(({ approval }) => approval === row.id)
      over.approval(
        row.id,
        own.map(({ approval, person }) => signatureKey(approval, person)),
      )
    }
    for (const row of permits) {
      if (!world.permits.has(row.id)) world.permits.set(row.id, row)
      if (row.approval !== null) world.spent.set(row.approval, row.id)
      if (row.attemptKey !== null) world.attempts.set(row.attemptKey, row.id)
      if (isUndelivered(row)) waitsAgain(row)
      over.permit(row.id)
    }
  }

  /** Its answer is there to be handed out again; newest last. */
  function waitsAgain({ id, credential, digestKey }: PermitRow): void {
    const key = replayKey(credential, digestKey)
    const all = new Set([...(world.undelivered.get(key) ?? []), id])
    const entryOf = (one: string) => world.permits.get(one)?.entry ?? 0
    world.undelivered.set(
      key,
      [...all].toSorted((one, other) => entryOf(one) - entryOf(other)),
    )
  }

  /** After a failover or a restore, the ledger may lack what was acknowledged: then nothing is judged on it. */
  function mustGoOn(head: HeadRow): void {
    const isSame = head.size !== end.size || Buffer.compare(head.root, end.root) === 0
    if (head.size >= end.size && isSame) return
    throw new CountersignError('ERR_LEDGER_BROKEN', { size: head.size, known: end.size, says: 'the ledger went back' })
  }
}

const endOf = (head: HeadRow): End => ({
  size: head.size,
  root: Buffer.from(head.root),
  at: head.at,
  frontier: readFrontier(head),
})

/** What is over, oldest first, so that it is forgotten in time. */
function createOver(world: World, most: number, leftOut = false) {
  const [permits, actions] = [new Map<string, undefined>(), new Map<string, undefined>()]
  /** With the keys of its signatures. */
  const approvals = new Map<string, string[]>()
  return {
    /** Whether answers that were not delivered may be missing here. */
    get leftOut() {
      return leftOut
    },
    approval: (id: string, signatures: string[]) => void approvals.set(id, signatures),
    permit: (id: string) => void permits.set(id, undefined),
    note(facts: readonly Fact[]): void {
      for (const fact of facts.flatMap(stepsOf)) {
        if (fact.kind === 'action.decided') actions.set(fact.record.id, undefined)
        if (fact.kind === 'action.finished' || fact.kind === 'action.replayed') permits.set(fact.permit, undefined)
        if (fact.kind === 'approval.changed' && !isPending(fact.approval.state)) {
          const { id, signatures } = fact.approval
          const all = fact.signature ? [...signatures, fact.signature] : signatures
          approvals.set(
            id,
            all.map(({ person }) => signatureKey(id, person)),
          )
        }
      }
    },
    trim(): void {
      for (const [id] of beyond(actions, most)) world.actions.delete(id)
      for (const [id, signatures] of beyond(approvals, most)) forgetApproval(world, id, signatures)
      for (const [id] of beyond(permits, most)) if (forgetPermit(world, id)) leftOut = true
    },
  }
}

function* beyond<Value>(rows: Map<string, Value>, most: number): Generator<[string, Value]> {
  for (const row of rows) {
    if (rows.size <= most) return
    rows.delete(row[0])
    yield row
  }
}

function forgetApproval(world: World, id: string, signatures: readonly string[]): void {
  const row = world.approvals.get(id)
  if (row === undefined || isPending(row.state)) return
  world.approvals.delete(id)
  world.spent.delete(id)
  for (const key of signatures) world.signatures.delete(key)
}

/** Unless it still runs. True if its answer is still there to be handed out: then it has to be read when it is asked for. */
function forgetPermit(world: World, id: string): boolean {
  const row = world.permits.get(id)
  if (row === undefined || row.outcome === null) return false
  world.permits.delete(id)
  if (row.attemptKey !== null && world.attempts.get(row.attemptKey) === id) world.attempts.delete(row.attemptKey)
  if (!isUndelivered(row)) return false
  const key = replayKey(row.credential, row.digestKey)
  const others = (world.undelivered.get(key) ?? []).filter((other) => other !== id)
  if (others.length > 0) world.undelivered.set(key, others)
  else world.undelivered.delete(key)
  return true
}

const headNow = {
  name: 'head_now',
  text: 'select size, frontier, root, at, epoch from head where tenant = $1',
}
