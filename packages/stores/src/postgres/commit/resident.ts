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
  isUndelivered,
  type Keys,
  permitRow,
  type PermitRow,
  type SavedFrontier,
  replayKey,
  signatureKey,
  stepsOf,
  type Touching,
  type World,
} from '@countersign/core'
import { type HeadRow, readFrontier } from '../head.ts'
import { type Found, loadEverything, loadMissing, takePermit } from './load.ts'
import type { Owned } from '../tables/segments.ts'
import type { Judged, Command } from './judge.ts'
import { createOver } from './over.ts'
import { changedIn, mustHaveRow, type Runs } from './runs.ts'
import type { Writer } from './writer.ts'

export interface End {
  readonly size: number
  readonly root: Uint8Array
  readonly at: number
  readonly frontier: SavedFrontier
}

export interface Resident {
  readonly world: World
  readonly runs: Runs
  readonly end: End
  /** Everything anew, as the tables say in one moment. */
  load(): Promise<void>
  /** What others wrote meanwhile. @throws ERR_LEDGER_BROKEN if the ledger is not the one that it was */
  catchUp(): Promise<void>
  /**
   * The same, up to an end that is known; `page` is the beginning of it, if it was read already. False where only the tables can
   * say what it adds up to: then the world is not whole.
   */
  reach(head: HeadRow, page?: readonly Owned[]): Promise<boolean>
  /** Reads those rows that are not remembered. */
  fetch(touched: readonly Touching[]): Promise<void>
  /** A permit that somebody else has found. */
  remember(permit: PermitRow): void
  /** What was judged stands. */
  stands(judged: Pick<Judged<Command>, 'drafts' | 'frontier' | 'placed' | 'permits'>, at: number): void
  /** Its client is gone, or theirs are: no fact, but it decides who has to wait. */
  abandon(which: { readonly permit: string } | { readonly notOf: readonly string[] }): void
}

export interface ResidentParts {
  readonly writer: Writer
  readonly tenant: string
  readonly keys: Keys
  readonly runs: Runs
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
export const pageSize = 500

export function createResident({
  writer,
  tenant,
  keys,
  runs,
  missed,
  remembered = mostOver,
  erased,
}: ResidentParts): Resident {
  let world = emptyWorld()
  let end: End = { size: -1, root: new Uint8Array(), at: 0, frontier: { size: 0, nodes: [] } }
  let over = createOver(world, runs, remembered)
  /** False while it may be neither what it was nor what it is to become. */
  let whole = false

  const resident: Resident = {
    get world() {
      return world
    },
    runs,
    get end() {
      return end
    },

    async load() {
      whole = false
      erased()
      const { head, ...loaded } = await loadEverything(writer, tenant, remembered)
      mustGoOn(head)
      world = loaded.world
      runs.clear()
      over = createOver(world, runs, remembered, loaded.undelivered)
      await takeRuns(loaded.from, head.size)
      end = endOf(head)
      over.trim()
      whole = true
    },

    async catchUp() {
      const [head] = await writer.query<HeadRow>(headNow, [tenant])
      if (head === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
      if (!(await resident.reach(head))) await resident.load()
    },

    async reach(head, read) {
      mustGoOn(head)
      if (!whole || head.size - end.size > mostMissed) return false
      if (head.size === end.size) return true
      whole = false
      for (let next = end.size; next < head.size;) {
        const page = read ?? (await missed(next, Math.min(pageSize, head.size - next)))
        read = undefined
        if (page.length === 0 || !page.every(takeUp)) return false
        next += page.length
      }
      end = endOf(head)
      over.trim()
      whole = true
      return true
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

    stands({ drafts, frontier, placed, permits }, at) {
      for (const draft of drafts) draft.redo()
      runs.stood(permits, end.size, at)
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
    if (!('refused' in applied)) {
      runs.stood({ changed: changedIn({ world, drafts: [applied.draft] }), kept: [] }, index, at)
    }
    over.note([fact])
    // The end of a run that is no longer remembered says nothing that is not over.
    return !('refused' in applied) || fact.kind === 'action.finished' || fact.kind === 'action.replayed'
  }

  /** Those without a row, those among them that are over as well, as the newest entries tell of them. */
  async function takeRuns(from: number, to: number): Promise<void> {
    const found = new Set<string>()
    for (let next = from; next < to;) {
      const page = await missed(next, Math.min(pageSize, to - next))
      if (page.length === 0) throw new CountersignError('ERR_LEDGER_BROKEN', { entry: next, says: 'is not there' })
      for (const entry of page) takeRun(entry, found)
      next += page.length
    }
  }

  /** Of what has a row the table says how it stands, and it is not there only if it is over. */
  function takeRun({ index, at, fact: told, subject }: Owned, found: Set<string>): void {
    const slot = { index, at, subject }
    for (const fact of stepsOf(told)) {
      if (fact.kind === 'action.decided')
        world.actions.set(fact.record.id, { id: fact.record.id, subject, entry: index })
      if (fact.kind === 'action.permitted') {
        const row = permitRow(fact.permit, slot, keys)
        if (world.permits.has(row.id) || mustHaveRow(row)) continue
        takePermit(world, row)
        runs.take(row, at)
        found.add(row.id)
      }
      if (fact.kind === 'action.finished' && found.has(fact.permit)) {
        applyFacts([fact], [slot], { world, keys })
        const row = world.permits.get(fact.permit)
        if (row) runs.take(row, at)
      }
      if (fact.kind !== 'erased') over.note([fact])
    }
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

const headNow = {
  name: 'head_now',
  text: 'select size, frontier, root, at, epoch from head where tenant = $1',
}
