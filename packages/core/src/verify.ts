/**
 * Checks a ledger without an instance: nothing here, nor in what it imports, needs Node.
 * Hash and signature check are handed in.
 *
 * @module
 */
export { canonical } from './action/canonical.ts'
export { decodeBundle } from './ledger/bundle.ts'
export { type Checkpoint, encodeCheckpoint, openCheckpoint, parseCheckpoint } from './ledger/checkpoint.ts'
export { ledgerPaths } from './ledger/export.ts'
export type { Leaf } from './ledger/any-leaf.ts'
export { readLeaf } from './ledger/leaf.ts'
export {
  createFrontier,
  emptyRoot,
  type Frontier,
  type Hash,
  hashLeaf,
  hashNode,
  type SavedFrontier,
} from './ledger/merkle.ts'
export { type NoteKey, openNote, parseNote, parseVkey, type VerifySignature } from './ledger/note.ts'
export { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './ledger/proofs.ts'
export { consistencyProof, inclusionProof } from './ledger/prove.ts'
export { tilePath, type TileSource, tileWidth, widthOf } from './ledger/tiles.ts'
export {
  type LedgerParts,
  type LedgerProblem,
  type LedgerReport,
  type LedgerSource,
  verifyLedger,
  type VerifyOptions,
} from './ledger/verify.ts'
