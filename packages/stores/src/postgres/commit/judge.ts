/**
 * A batch, judged on the world as it is durable: what may stand, what is refused, and everything that has to be written. The
 * world is left as it was; the drafts say what it becomes.
 *
 * @module
 */
import {
  applyFacts,
  type Change,
  createFrontier,
  type Draft,
  type Frontier,
  hashLeaf,
  type Keys,
  type Prepared,
  type Refused,
  type SavedFrontier,
  sha256,
  type touchesOf,
  type World,
} from '@countersign/core'
import type { Written } from '../tables/recent.ts'
import type { NewEntry } from './entries.ts'
import { type Part, partsOf } from './rows.ts'
import type { PermitRows, Runs } from './runs.ts'

export interface Command {
  readonly change: Change
  readonly prepared: readonly Prepared[]
  /** The rows of the world that its facts look at, and those that they make. */
  readonly touches: ReturnType<typeof touchesOf>
}

export interface Judged<One extends Command> {
  /** With the index of its first fact. */
  readonly placed: readonly { readonly command: One; readonly index: number }[]
  readonly refused: readonly { readonly command: One; readonly refused: Refused }[]
  readonly drafts: readonly Draft[]
  readonly frontier: Frontier
  readonly entries: readonly NewEntry[]
  readonly parts: readonly Part[]
  readonly permits: PermitRows
  readonly written: readonly Written[]
  /** Attempts, blinded, that must not have a permit yet. */
  readonly attempts: readonly string[]
  readonly notAfter: number | undefined
  readonly notBefore: number | undefined
}

/** What it is judged on. `all`: every run gets a row. */
export interface Ground {
  readonly world: World
  readonly frontier: SavedFrontier
  readonly at: number
  readonly keys: Keys
  readonly runs: Pick<Runs, 'write'>
  readonly all: boolean
}

export function judge<One extends Command>(
  commands: readonly One[],
  { world, frontier: saved, at, keys, runs, all }: Ground,
): Judged<One> {
  const frontier = createFrontier(sha256, saved)
  const placed: { command: One; index: number }[] = []
  const refused: { command: One; refused: Refused }[] = []
  const drafts: Draft[] = []
  const entries: NewEntry[] = []
  const written: Written[] = []

  try {
    for (const command of commands) {
      const { change, prepared } = command
      const index = frontier.size
      const slots = prepared.map(({ subject }, position) => ({ index: index + position, at, subject }))
      const applied = applyFacts(change.facts, slots, { world, keys })
      if ('refused' in applied) {
        refused.push({ command, refused: applied.refused })
        continue
      }
      placed.push({ command, index })
      drafts.push(applied.draft)
      for (const [position, one] of prepared.entries()) place(command, position, one, applied.sequences[position])
    }
    const permits = runs.write({ world, drafts, first: saved.size, size: frontier.size, at, all })
    const parts = partsOf({ world, drafts, permits })
    const changes = placed.map(({ command }) => command.change)
    return {
      placed,
      refused,
      drafts,
      frontier,
      entries,
      parts,
      permits,
      written,
      attempts: placed.flatMap(({ command }) => [...(command.touches.makes.get('attempts') ?? [])]),
      notAfter: least(changes.flatMap(({ notAfter }) => notAfter ?? [])),
      notBefore: least(
        changes.flatMap(({ notBefore }) => (notBefore === undefined ? [] : -notBefore)),
        -1,
      ),
    }
  } finally {
    for (const draft of drafts.toReversed()) draft.undo()
  }

  function place({ change }: One, position: number, prepared: Prepared, sequence: number | undefined): void {
    const fact = change.facts[position]
    if (fact === undefined) throw new RangeError('every fact is prepared')
    const index = frontier.size
    const leaf = prepared.leafAt(at, sequence)
    written.push({ entry: { index, id: prepared.id, at, fact }, sizeBytes: prepared.payload.length })
    entries.push({ index, at, fact, prepared, leaf })
    frontier.push(hashLeaf(sha256, leaf))
  }
}

const least = (values: readonly number[], sign = 1): number | undefined =>
  values.length === 0 ? undefined : sign * Math.min(...values)
