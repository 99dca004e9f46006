/**
 * Proves single entries: that the ledger which Countersign signed holds them, at their places, as they are shown.
 *
 * @module
 */
import {
  decodeBundle,
  hashLeaf,
  inclusionProof,
  type LedgerParts,
  type LedgerSource,
  openCheckpoint,
  readLeaf,
  tilePath,
  type TileSource,
  tileWidth,
  verifyInclusion,
  widthOf,
} from '@countersign/core/verify'

/** An entry as a page shows it. */
export interface Shown {
  readonly index: number
  readonly id: string
  readonly type: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export type EntryProof =
  | { readonly kind: 'proven'; readonly size: number }
  /** Newer than the newest checkpoint, which comes once a second. */
  | { readonly kind: 'not-yet'; readonly size: number }
  | { readonly kind: 'broken'; readonly says: string }

/**
 * One proof for each, in order. @throws ERR_LEDGER_BROKEN for a head that this key did not sign, or what cannot be read
 */
export async function proveEntries(
  source: LedgerSource,
  parts: LedgerParts,
  vkey: string,
  entries: readonly Shown[],
): Promise<EntryProof[]> {
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await source.read(path)
    if (!bytes) throw new Error(`${path} is not there.`)
    return bytes
  }
  const note = new TextDecoder().decode(await read('checkpoint'))
  const { size, root } = await openCheckpoint(parts, note, vkey)
  const files = new Map<string, Promise<Uint8Array>>()
  const once = (path: string) => {
    const known = files.get(path) ?? read(path)
    files.set(path, known)
    return known
  }
  const tiles: TileSource = (level, index, width) => once(tilePath(level, index, width))

  return Promise.all(
    entries.map(async (entry): Promise<EntryProof> => {
      const { index } = entry
      if (index >= size) return { kind: 'not-yet', size }
      const bundle = Math.floor(index / tileWidth)
      const leaves = decodeBundle(await once(tilePath('entries', bundle, widthOf(size, 0, bundle))))
      const leaf = leaves[index % tileWidth]
      if (!leaf) return { kind: 'broken', says: 'The ledger has no entry at this place.' }
      const proof = await inclusionProof(parts.hash, tiles, index, size)
      const leafHash = hashLeaf(parts.hash, leaf)
      if (!verifyInclusion(parts.hash, { leafHash, index, size, proof, root })) {
        return { kind: 'broken', says: 'The entry at this place is not under the signed head.' }
      }
      const says = differs(leaf, entry)
      return says === undefined ? { kind: 'proven', size } : { kind: 'broken', says }
    }),
  )
}

function differs(bytes: Uint8Array, { id, type, at }: Shown): string | undefined {
  const leaf = readLeaf(bytes)
  if ('says' in leaf) return `The entry ${leaf.says}.`
  if (leaf.id !== id) return 'Another entry stands at this place.'
  if (leaf.type !== type) return `The ledger says ${leaf.type} here.`
  return leaf.time === at ? undefined : 'The ledger gives it another time.'
}
