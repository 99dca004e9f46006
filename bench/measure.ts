/**
 * How everything here is measured: side by side in one run, taking turns, so that whatever else the machine does meets
 * all of them. What is told is medians and spreads over the rounds, and ratios round by round.
 *
 * @module
 */

/** By name; the unit is the end of the name. */
export type Figures = Readonly<Record<string, number>>

export interface Side {
  readonly name: string
  measure(): Promise<Figures>
}

/** One line of a table: what one side did under the same load as the others of this `what`. */
export interface Row {
  readonly what: string
  readonly side: string
  /** In the order they were measured: the same place in two rows of one `what` was the same minute. */
  readonly rounds: readonly Figures[]
}

/** What we want to be true, and what was seen. */
export interface Aim {
  readonly says: string
  readonly met: boolean
  readonly got: string
}

export interface Report {
  readonly rows: readonly Row[]
  readonly aims: readonly Aim[]
}

export interface Settings {
  readonly quick: boolean
  /** Also what takes much longer to prepare. */
  readonly large: boolean
  readonly rounds: number
  /** How long one side is measured in one round. */
  readonly forMs: number
  /** How long it works before: what serves all day is compiled, and so are those that it is compared with. */
  readonly warmMs: number
  say(progress: string): void
}

export interface Picture {
  readonly title: string
  /** Drawn for each row that has it. */
  readonly figure: string
}

export interface Bench {
  readonly name: string
  readonly about: string
  readonly pictures?: readonly Picture[]
  run(settings: Settings): Promise<Report>
}

/** A program or package that this machine has not got, and how it gets it. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

/** Every other round goes backwards, so that nobody is always the one after the heaviest. */
export async function takeTurns(what: string, sides: readonly Side[], { rounds, say }: Settings): Promise<Row[]> {
  const measured = new Map<string, Figures[]>(sides.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure } of round % 2 === 0 ? sides : sides.toReversed()) {
      say(`${what}, ${name}, round ${round + 1} of ${rounds}`)
      measured.get(name)?.push(await measure())
    }
  }
  return sides.map(({ name }) => ({ what, side: name, rounds: measured.get(name) ?? [] }))
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf({ rounds }: Row, figure: string): Spread | undefined {
  const sorted = rounds
    .map((figures) => figures[figure] ?? Number.NaN)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  return min === undefined || max === undefined ? undefined : { median: medianOf(sorted), min, max }
}

/** The median of the ratios of each round. */
export function ratioOf(one: Row, other: Row, figure: string): number | undefined {
  const ratios = one.rounds.flatMap((figures, round) => {
    const [above, below] = [figures[figure], other.rounds[round]?.[figure]]
    return above === undefined || !below ? [] : above / below
  })
  return ratios.length === 0 ? undefined : medianOf(ratios.toSorted((a, b) => a - b))
}

/** Of two in the middle, halfway between them. */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2
  return (at(sorted, (middle - 0.5) / sorted.length) + at(sorted, 0.5)) / 2
}

export const rowOf = (rows: readonly Row[], what: string, side: string): Row | undefined =>
  rows.find((row) => row.what === what && row.side === side)

/** The value below which `share` of the sorted ones lie. */
export function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function percentiles(took: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = took.toSorted((a, b) => a - b)
  return { p50Ms: at(sorted, 0.5), p99Ms: at(sorted, 0.99) }
}

/** So many workers that each begin again as soon as they are done. What each time took, and how long it was in all. */
export async function load(
  { atOnce, forMs }: { atOnce: number; forMs: number },
  once: () => Promise<unknown>,
): Promise<{ took: number[]; seconds: number }> {
  const took: number[] = []
  const started = performance.now()
  await Promise.all(Array.from({ length: atOnce }, work))
  return { took, seconds: (performance.now() - started) / 1000 }

  async function work(): Promise<void> {
    while (performance.now() - started < forMs) {
      const before = performance.now()
      await once()
      took.push(performance.now() - before)
    }
  }
}
