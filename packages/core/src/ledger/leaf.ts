/**
 * Reads a leaf as a verifier does: it trusts nothing, and needs no `node:`.
 *
 * @module
 */
import { type Leaf, readAnyLeaf } from './any-leaf.ts'
import { maxLeafBytes } from './bundle.ts'
import { readPlainLeaf } from './plain-leaf.ts'

/** The leaf, or what is wrong with it. */
export function readLeaf(bytes: Uint8Array): Leaf | { readonly says: string } {
  if (bytes.length > maxLeafBytes) return { says: 'is larger than 16 KiB' }
  return readPlainLeaf(bytes) ?? readAnyLeaf(bytes)
}
