import { createFrontier, hashLeaf, type Ledger, sha256, tileWidth } from '@countersign/core'

export interface MemoryLedger extends Ledger {
  append(leaf: Uint8Array): void
}

/** Tile levels are eight levels of the tree apart (https://c2sp.org/tlog-tiles#merkle-tree). */
const levelsPerTile = 8

/** The tree as it grows, with every hash that a tile holds. */
export function createLedger(origin: string): MemoryLedger {
  const entries: Uint8Array[] = []
  const rows: Uint8Array[][] = []
  let published: { note: string; size: number } | undefined
  const tree = createFrontier(sha256, undefined, (level, _, hash) => {
    if (level % levelsPerTile === 0) (rows[level / levelsPerTile] ??= []).push(hash)
  })

  return {
    origin,
    append(leaf) {
      entries.push(leaf)
      tree.push(hashLeaf(sha256, leaf))
    },
    head: async () => ({ size: tree.size, root: tree.root() }),
    leaves: async (from, limit) => entries.slice(from, from + limit),
    async tile(level, index, width) {
      const first = index * tileWidth
      return Buffer.concat((rows[level] ?? []).slice(first, first + width))
    },
    checkpoint: async () => published?.note,
    async saveCheckpoint(note, size) {
      if (size >= (published?.size ?? 0)) published = { note, size }
    },
  }
}
