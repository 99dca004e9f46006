/**
 * The tree over the leaves: RFC 6962 §2.1, unchanged in RFC 9162 §2.1
 * (https://www.rfc-editor.org/rfc/rfc9162#section-2.1). Needs no `node:`; the hash is handed in.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'

/** SHA-256, 32 bytes. Keeps nothing of what it was given: the same bytes are filled anew for the next. */
export type Hash = (bytes: Uint8Array) => Uint8Array

export const hashBytes = 32

/** The prefix keeps a leaf from ever being read as a node (second preimage). */
export function hashLeaf(hash: Hash, entry: Uint8Array, room = new Uint8Array(entry.length + 1)): Uint8Array {
  room[0] = 0
  room.set(entry, 1)
  return hash(room.length > entry.length + 1 ? room.subarray(0, entry.length + 1) : room)
}

export function hashNode(
  hash: Hash,
  left: Uint8Array,
  right: Uint8Array,
  joined = new Uint8Array(1 + 2 * hashBytes),
): Uint8Array {
  joined[0] = 1
  joined.set(left, 1)
  joined.set(right, 1 + hashBytes)
  return hash(joined)
}

export const emptyRoot = (hash: Hash): Uint8Array => hash(new Uint8Array(0))

/** The roots of the perfect subtrees on the right edge: `nodes[level]` covers 2^level leaves, or is absent. */
export interface SavedFrontier {
  readonly size: number
  readonly nodes: readonly (Uint8Array | undefined)[]
}

/** Grows a tree leaf by leaf while holding at most one hash per level. */
export interface Frontier {
  readonly size: number
  push(leafHash: Uint8Array): void
  root(): Uint8Array
  /** A copy that later pushes do not change. */
  save(): SavedFrontier
}

/**
 * `onNode` is told of every subtree once, when it is complete, children before parents: `level` 0 are the leaves, and
 * `index` counts from the left within a level. Levels divisible by 8 are what tiles hold.
 *
 * @throws ERR_LEDGER_BROKEN if `saved` is not the frontier of a tree of its size
 */
export function createFrontier(
  hash: Hash,
  saved: SavedFrontier = { size: 0, nodes: [] },
  onNode?: (level: number, index: number, hash: Uint8Array) => void,
): Frontier {
  check(saved)
  const nodes = [...saved.nodes]
  const joined = new Uint8Array(1 + 2 * hashBytes)
  let size = saved.size

  return {
    get size() {
      return size
    },
    push(leafHash) {
      let index = size
      let level = 0
      let current = leafHash
      onNode?.(0, index, current)
      for (let left = nodes[0]; left; left = nodes[level]) {
        nodes[level] = undefined
        current = hashNode(hash, left, current, joined)
        level += 1
        index = Math.floor(index / 2)
        onNode?.(level, index, current)
      }
      nodes[level] = current
      size += 1
    },
    root() {
      const joined = nodes.reduce(
        (right, left) => (left && right ? hashNode(hash, left, right) : (left ?? right)),
        undefined,
      )
      return joined ?? emptyRoot(hash)
    },
    save: () => ({ size, nodes: [...nodes] }),
  }
}

/** The perfect subtrees of a tree are the binary digits of its size. */
function check({ size, nodes }: SavedFrontier): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new CountersignError('ERR_LEDGER_BROKEN', { frontier: 'no size' })
  let rest = size
  for (let level = 0; level < nodes.length || rest > 0; level += 1) {
    const node = nodes[level]
    if ((node !== undefined) !== (rest % 2 === 1) || (node && node.length !== hashBytes)) {
      throw new CountersignError('ERR_LEDGER_BROKEN', { frontier: 'does not fit its size', size, level })
    }
    rest = Math.floor(rest / 2)
  }
}
