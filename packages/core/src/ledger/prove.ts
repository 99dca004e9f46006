/**
 * Builds proofs from tiles: RFC 9162 §2.1.3.1 and §2.1.4.1. `proofs.ts` checks them, and shares no code with this.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import type { Hash } from './merkle.ts'
import { createTreeReader, splitOf, type TileSource } from './tiles.ts'

/** That leaf `index` is in the tree of `size` leaves. @throws ERR_INPUT_INVALID unless 0 ≤ index < size */
export async function inclusionProof(
  hash: Hash,
  source: TileSource,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  if (!inOrder(0, index, size - 1)) throw new CountersignError('ERR_INPUT_INVALID', { index, size })
  const reader = createTreeReader(hash, source, size)
  const proof: Uint8Array[] = []
  for (let from = 0, to = size; to - from > 1;) {
    const middle = from + splitOf(to - from)
    const left = index < middle
    proof.unshift(await (left ? reader.range(middle, to) : reader.range(from, middle)))
    if (left) to = middle
    else from = middle
  }
  return proof
}

/** That the tree of `from` leaves is the beginning of the tree of `to`. @throws ERR_INPUT_INVALID unless 0 ≤ from ≤ to */
export async function consistencyProof(
  hash: Hash,
  source: TileSource,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  if (!inOrder(0, from, to)) throw new CountersignError('ERR_INPUT_INVALID', { from, to })
  if (from === 0 || from === to) return []
  const reader = createTreeReader(hash, source, to)
  const proof: Uint8Array[] = []
  let start = 0
  let end = to
  while (end !== from) {
    const middle = start + splitOf(end - start)
    const left = from <= middle
    proof.unshift(await (left ? reader.range(middle, end) : reader.range(start, middle)))
    if (left) end = middle
    else start = middle
  }
  // The verifier holds the root of the old tree itself, so it is left out where that is a whole subtree of the new one.
  if (start > 0) proof.unshift(await reader.range(start, end))
  return proof
}

const inOrder = (...numbers: readonly number[]): boolean =>
  numbers.every((number, at) => Number.isSafeInteger(number) && number >= (numbers[at - 1] ?? number))
