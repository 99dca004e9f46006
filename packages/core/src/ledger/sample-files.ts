/**
 * A ledger as it is published, for tests: its files, and the tiles in them.
 *
 * @module
 */
import { encodeBundle } from './bundle.ts'
import { encodeUtf8 } from './bytes.ts'
import { signCheckpoint } from './checkpoint.ts'
import { createFrontier, hashBytes, hashLeaf } from './merkle.ts'
import type { Signer } from './note.ts'
import { sha256 } from './sha256.ts'
import { tilePath, tileWidth, widthOf } from './tiles.ts'

/** All files of a ledger with these leaves. */
export async function publish(leaves: readonly Uint8Array[], signer: Signer): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  const hashes: Uint8Array[][] = []
  const frontier = createFrontier(sha256, undefined, (level, _, hash) => {
    if (level % 8 === 0) (hashes[level / 8] ??= []).push(hash)
  })
  for (const leaf of leaves) frontier.push(hashLeaf(sha256, leaf))
  const size = leaves.length
  for (let index = 0; widthOf(size, 0, index) > 0; index += 1) {
    const width = widthOf(size, 0, index)
    const first = index * tileWidth
    files.set(tilePath('entries', index, width), encodeBundle(leaves.slice(first, first + width)))
  }
  for (const [level, row] of hashes.entries()) {
    for (let index = 0; widthOf(size, level, index) > 0; index += 1) {
      const width = widthOf(size, level, index)
      files.set(tilePath(level, index, width), Buffer.concat(row.slice(index * tileWidth, index * tileWidth + width)))
    }
  }
  files.set('checkpoint', encodeUtf8(await signCheckpoint(sha256, signer, { size, root: frontier.root() })))
  files.set('vkey', encodeUtf8(`${signer.vkey}\n`))
  return files
}

/** The tiles of a published ledger; a partial one is cut from a wider one, as a store does it. */
export const tileSource =
  (files: ReadonlyMap<string, Uint8Array>, size: number) =>
  async (level: number, index: number, width: number): Promise<Uint8Array> =>
    (files.get(tilePath(level, index, widthOf(size, level, index))) ?? new Uint8Array()).subarray(0, width * hashBytes)
