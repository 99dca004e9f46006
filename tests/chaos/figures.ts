/** What a run counted. */
export interface Figures {
  readonly rounds: number
  readonly sent: number
  readonly heard: number
  readonly entries: number
  readonly passed: number
  readonly failed: number
}

export const noFigures: Figures = { rounds: 0, sent: 0, heard: 0, entries: 0, passed: 0, failed: 0 }

/** The last two lines of a run; CI reads the second. */
export const inLines = ({ rounds, sent, heard, entries, passed, failed }: Figures): string =>
  `${rounds} rounds, ${sent} attempts, ${heard} acknowledged, ${entries} ledger entries\n` +
  `${passed} passed, ${failed} failed, 0 skipped`

/** Undefined where a run ended without them. */
export function readFigures(lastLines: string): Figures | undefined {
  const found =
    /^(\d+) rounds, (\d+) attempts, (\d+) acknowledged, (\d+) ledger entries\n(\d+) passed, (\d+) failed,/.exec(
      lastLines,
    )
  if (!found) return undefined
  const [rounds = 0, sent = 0, heard = 0, entries = 0, passed = 0, failed = 0] = found.slice(1).map(Number)
  return { rounds, sent, heard, entries, passed, failed }
}

export const sumOf = (all: readonly Figures[]): Figures =>
  all.reduce(
    (sum, each) => ({
      rounds: sum.rounds + each.rounds,
      sent: sum.sent + each.sent,
      heard: sum.heard + each.heard,
      entries: sum.entries + each.entries,
      passed: sum.passed + each.passed,
      failed: sum.failed + each.failed,
    }),
    noFigures,
  )
