/**
 * Runs without a row. What policy allows at once is mostly over within moments, and its entries say all there is of it. A permit
 * gets a row where somebody may ask for it later: it was given under an approval or to an attempt with an id, its answer was not
 * delivered, nobody saw its end, or it still runs after a second.
 *
 * Whoever starts finds the others in the ledger itself, from a place on that stands beside its end: before it, every permit that
 * has not ended has its row. A row is written by a batch that stands, so that the order of the ledger says what came first: the
 * row of a run, or its end. By the ledger's own time a run is given its row later than from when on its end is written into one.
 *
 * @module
 */
import { type Draft, isOpenEnded, isUndelivered, type PermitRow, type World } from '@countersign/core'

export interface Runs {
  /** What a batch writes of permits, on a world in which it stands already; and the place that it may leave behind. */
  write(batch: Batch): PermitRows
  /** It stands, from this place on and since this time. */
  stood(rows: Pick<PermitRows, 'changed' | 'kept'>, first: number, at: number): void
  /** One that was found in the ledger, or is of another instance. */
  take(row: PermitRow, at: number): void
  /** It is no longer remembered. */
  forget(row: PermitRow): void
  /** Of an action the permit that is remembered, and had no row when it began. */
  ofAction(action: string): string | undefined
  /** Those that run and have none, oldest first. */
  ids(): Iterable<string>
  clear(): void
}

export interface Batch {
  readonly world: World
  readonly drafts: readonly Draft[]
  /** Where its first entry stands, and how long the ledger is with it. */
  readonly first: number
  readonly size: number
  readonly at: number
  /** Every run gets its row: what is known of it may be readable no more. */
  readonly all: boolean
}

export interface PermitRows {
  /** By the batch, whether or not they have a row. */
  readonly changed: readonly PermitRow[]
  readonly added: readonly PermitRow[]
  readonly ended: readonly PermitRow[]
  /** Those that got their row because they go on. */
  readonly kept: readonly PermitRow[]
  /** Before this place every permit that has not ended has its row. */
  readonly settled: number
}

/** A run that goes on for so long gets a row, so that it is found by whoever looks, and by the deadlines. */
export const keptAfterMs = 1_000
/** A run that took so long may have got a row meanwhile, from another instance: then its end is written there. */
const endsInRowAfterMs = 500

export function createRuns(): Runs {
  /** Since when they run, by the ledger's time. */
  const running = new Map<string, number>()
  /** Of all that are remembered and had no row when they began: they may have got one since somebody looked. */
  const byAction = new Map<string, string>()

  function take(row: PermitRow, at: number): void {
    if (mustHaveRow(row)) return void running.delete(row.id)
    if (isRunning(row)) running.set(row.id, at)
    else running.delete(row.id)
    byAction.set(row.action, row.id)
  }
  const isRunning = (row: PermitRow): boolean => row.outcome === null

  return {
    write(batch) {
      const { world, first, size, at, all } = batch
      const changed = changedIn(batch)
      const fresh = changed.filter(({ entry }) => entry >= first)
      const waited = (id: string) => at - (running.get(id) ?? -Infinity)
      const ended = changed.filter(
        (row) =>
          row.entry < first && (mustHaveRow(row) || (row.outcome !== null && waited(row.id) >= endsInRowAfterMs)),
      )
      const kept: PermitRow[] = []
      let settled = size
      for (const id of running.keys()) {
        const row = world.permits.get(id)
        if (row?.outcome !== null) continue
        if (!all && waited(id) < keptAfterMs) {
          settled = Math.min(settled, row.entry)
          break
        }
        kept.push(row)
      }
      for (const row of fresh) if (isRunning(row) && !mustHaveRow(row)) settled = Math.min(settled, row.entry)
      return { changed, added: fresh.filter(mustHaveRow), ended, kept, settled }
    },

    stood({ changed, kept }, first, at) {
      for (const { id } of kept) running.delete(id)
      for (const row of changed) {
        if (row.entry >= first) take(row, at)
        else if (row.outcome !== null) running.delete(row.id)
      }
    },
    take,
    forget({ id, action }) {
      running.delete(id)
      if (byAction.get(action) === id) byAction.delete(action)
    },

    ofAction: (action) => byAction.get(action),
    ids: () => running.keys(),
    clear() {
      running.clear()
      byAction.clear()
    },
  }
}

/** The permits that these drafts changed, as they are now. */
export const changedIn = ({ world, drafts }: Pick<Batch, 'world' | 'drafts'>): PermitRow[] => {
  const ids = new Set(drafts.flatMap((draft) => [...draft.changedIn(world.permits)]))
  return [...ids].flatMap((id) => world.permits.get(id) ?? [])
}

/** Whether somebody may ask for it after it was forgotten here. */
export const mustHaveRow = (row: PermitRow): boolean =>
  row.approval !== null ||
  row.attemptKey !== null ||
  isOpenEnded(row.outcome) ||
  (row.outcome !== null && isUndelivered(row))
