import { decodeBundle, hashLeaf, hashNode, type Ledger, sha256, tileWidth } from '@countersign/core'
import type { HeadRow } from '../head.ts'
import type { Reading } from './reading.ts'
import { firstOf } from './segments.ts'

const hashBytes = 32

export function createLedger({ db, tenant, origin }: Pick<Reading, 'db' | 'tenant'> & { origin: string }): Ledger {
  return {
    origin,
    async head() {
      const [row] = await db.query<HeadRow>(headNow, [tenant])
      return { size: row?.size ?? 0, root: row?.root ?? new Uint8Array() }
    },
    leaves: (from, limit) => leaves(from, from + limit),
    tile,
    async checkpoint() {
      const [row] = await db.query<{ note: string }>(newestCheckpoint, [tenant])
      return row?.note
    },
    async saveCheckpoint(note, size) {
      await db.query(addCheckpoint, [tenant, size, note])
    },
  }

  async function leaves(from: number, to: number): Promise<Uint8Array[]> {
    const rows = await db.query<{ first: number; leaves: Uint8Array }>(bundlesFrom, [tenant, from, to])
    return rows.flatMap(({ first, leaves: bundle }) => {
      const all = decodeBundle(bundle)
      return all.slice(Math.max(0, from - first), Math.max(0, to - first))
    })
  }

  /** Leaf hashes are made from the leaves; a tile above them is made from the full tiles below, and kept once it is full itself. */
  async function tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const first = index * tileWidth
    if (level === 0) {
      return Buffer.concat((await leaves(first, first + width)).map((leaf) => hashLeaf(sha256, leaf)))
    }
    const [kept] = await db.query<{ hashes: Uint8Array }>(keptTile, [tenant, level, index])
    if (kept !== undefined) return kept.hashes.subarray(0, width * hashBytes)

    const hashes: Uint8Array[] = []
    for (let below = first; below < first + width; below += 1) {
      const full = await tile(level - 1, below, tileWidth)
      if (full.length < tileWidth * hashBytes) break // the tree ends here
      hashes.push(rootOf(full))
    }
    const made = Buffer.concat(hashes)
    if (hashes.length === tileWidth) await db.query(keepTile, [tenant, level, index, made])
    return made
  }
}

function rootOf(tile: Uint8Array): Uint8Array {
  let row = Array.from({ length: tile.length / hashBytes }, (_, at) =>
    tile.subarray(at * hashBytes, (at + 1) * hashBytes),
  )
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, at) => {
      const [left, right] = [row[2 * at], row[2 * at + 1]]
      if (left === undefined || right === undefined) throw new RangeError('a full tile has a power of two of hashes')
      return hashNode(sha256, left, right)
    })
  }
  return row[0] ?? new Uint8Array()
}

const headNow = { name: 'head', text: 'select size, root from head where tenant = $1' }
const bundlesFrom = {
  name: 'bundles_from',
  text: `select first, leaves from segment
    where tenant = $1 and first >= coalesce(${firstOf('$2')}, 0) and first < $3 order by first`,
}
const keptTile = { name: 'tile', text: 'select hashes from tile where tenant = $1 and level = $2 and index = $3' }
const keepTile = {
  name: 'tile_keep',
  text: 'insert into tile (tenant, level, index, hashes) values ($1, $2, $3, $4) on conflict do nothing',
}
const newestCheckpoint = {
  name: 'checkpoint',
  text: 'select note from checkpoint where tenant = $1 order by size desc limit 1',
}
const addCheckpoint = {
  name: 'checkpoint_add',
  text: `insert into checkpoint (tenant, size, note) values ($1, $2, $3)
    on conflict (tenant, size) do update set note = excluded.note`,
}
