/**
 * Checks proofs. Never throws: what does not add up is `false`. Sizes up to 2^53, so no bitwise operators.
 *
 * @module
 */
import { sameBytes } from './bytes.ts'
import { emptyRoot, type Hash, hashBytes, hashNode } from './merkle.ts'

export interface Inclusion {
  readonly leafHash: Uint8Array
  readonly index: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2 */
export function verifyInclusion(hash: Hash, { leafHash, index, size, proof, root }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leafHash, root, ...proof])) return false
  let first = index
  let last = size - 1
  let current = leafHash
  for (const node of proof) {
    if (last === 0) return false
    if (first % 2 === 1 || first === last) {
      current = hashNode(hash, node, current)
      while (first % 2 === 0 && first !== 0) {
        first = half(first)
        last = half(last)
      }
    } else {
      current = hashNode(hash, current, node)
    }
    first = half(first)
    last = half(last)
  }
  return last === 0 && sameBytes(current, root)
}

export interface Consistency {
  readonly from: number
  readonly to: number
  readonly fromRoot: Uint8Array
  readonly toRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2; any tree is consistent with the empty one, by no proof. */
export function verifyConsistency(hash: Hash, { from, to, fromRoot, toRoot, proof }: Consistency): boolean {
  if (!isCount(from) || !isCount(to) || from > to || !areHashes([fromRoot, toRoot, ...proof])) return false
  if (from === to) return proof.length === 0 && sameBytes(fromRoot, toRoot)
  if (from === 0) return proof.length === 0 && sameBytes(fromRoot, emptyRoot(hash))

  const [start, ...path] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof
  if (!start || proof.length === 0) return false
  let first = from - 1
  let last = to - 1
  while (first % 2 === 1) {
    first = half(first)
    last = half(last)
  }
  let old = start
  let current = start
  for (const node of path) {
    if (last === 0) return false
    if (first % 2 === 1 || first === last) {
      old = hashNode(hash, node, old)
      current = hashNode(hash, node, current)
      while (first % 2 === 0 && first !== 0) {
        first = half(first)
        last = half(last)
      }
    } else {
      current = hashNode(hash, current, node)
    }
    first = half(first)
    last = half(last)
  }
  return last === 0 && sameBytes(old, fromRoot) && sameBytes(current, toRoot)
}

const half = (number: number): number => Math.floor(number / 2)
const isCount = (number: number): boolean => Number.isSafeInteger(number) && number >= 0
const areHashes = (all: readonly Uint8Array[]): boolean => all.every((each) => each.length === hashBytes)

function isPowerOfTwo(number: number): boolean {
  let rest = number
  while (rest % 2 === 0) rest /= 2
  return rest === 1
}
