import { emptyRoot, type SavedFrontier, sha256 } from '@countersign/core'
import type { Asking } from './db.ts'

/** Where the ledger of one tenant stands. Its row is the lock that every commit takes. */
export interface HeadRow {
  [column: string]: unknown
  readonly size: number
  /** The frontier's nodes, lowest level first, 32 bytes each; which levels they are is told by the bits of `size`. */
  readonly frontier: Uint8Array
  readonly root: Uint8Array
  readonly at: number
  readonly epoch: number
  /** Before this place every permit that has not ended has its row (`commit/runs.ts`). */
  readonly settled: number
}

export const encodeNodes = ({ nodes }: SavedFrontier): Uint8Array =>
  Buffer.concat(nodes.filter((node) => node !== undefined))

export function readFrontier({ size, frontier }: HeadRow): SavedFrontier {
  const nodes: (Uint8Array | undefined)[] = []
  let offset = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) {
    nodes.push(rest % 2 === 1 ? frontier.subarray(offset, (offset += 32)) : undefined)
  }
  return { size, nodes }
}

export async function foundHead(db: Asking, tenant: string): Promise<void> {
  await db.query(found, [tenant, Buffer.alloc(0), emptyRoot(sha256)])
}

const found = {
  name: 'head_found',
  text: `insert into head (tenant, size, frontier, root, at, epoch) values ($1, 0, $2, $3, 0, 1)
    on conflict (tenant) do nothing`,
}
