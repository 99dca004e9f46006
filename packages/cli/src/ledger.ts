/**
 * `countersign ledger verify`: everything recomputed from the published files, with core's verifier alone.
 *
 * @module
 */
import { sha256, type StateReport, verifyEd25519 } from '@countersign/core'
import { type LedgerReport, verifyLedger } from '@countersign/core/verify'
import { keyOf, sourceOf } from './ledger-source.ts'

export interface VerifyWish {
  /** `http://…/ledger` or a folder. */
  readonly from: string
  /** The log's key, from another place than the ledger; without it the one that the ledger itself names. */
  readonly vkey?: string
  /** A checkpoint kept from before, as text. */
  readonly known?: string
  onProgress?(done: number, size: number): void
}

export async function verifyFrom({ from, vkey, known, onProgress }: VerifyWish): Promise<LedgerReport> {
  const source = sourceOf(from)
  const key = vkey ?? (await keyOf(source, from))
  return verifyLedger(
    source,
    { hash: sha256, verifySignature: verifyEd25519 },
    { vkey: key, ...(known !== undefined && { known }), ...(onProgress && { onProgress }) },
  )
}

export const addsUp = ({ problems, furtherProblems }: LedgerReport): boolean => problems.length + furtherProblems === 0

export function inWords(report: LedgerReport): string {
  const { size, root, state, problems, furtherProblems, counts } = report
  const found = problems
    .slice(0, 20)
    .map(({ index, says }) => `  ${index === undefined ? '' : `entry ${index}: `}${says}`)
  const kinds = Object.entries(counts).map(([type, count]) => `  ${String(count).padStart(8)}  ${type}`)
  const head = `${size} entries, root ${root}, ${state}`
  if (!addsUp(report)) {
    return [`The ledger does NOT add up: ${problems.length + furtherProblems} problems.`, ...found, head].join('\n')
  }
  return [
    `Everything adds up: every leaf, every tile, the root, the signature, and the story they tell.`,
    head,
    ...kinds,
    'Nobody else has vouched for this head yet: keep the checkpoint, and hand it in next time with --known.',
  ].join('\n')
}

export function stateInWords({ entries, rows, erased, differences }: StateReport): string {
  const counted = `${rows} rows against ${entries} facts${erased > 0 ? `, ${erased} of them erased` : ''}`
  if (differences.length === 0) return `The tables say what the ledger says: ${counted}.`
  const first = differences.slice(0, 20).map((each) => `  ${each}`)
  return [
    `The tables do NOT say what the ledger says, in ${differences.length} ${differences.length === 1 ? 'place' : 'places'}: ${counted}.`,
    ...first,
  ].join('\n')
}
