/**
 * The tree cut into files of 256 hashes, so that anyone can fetch and cache it: https://c2sp.org/tlog-tiles.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { type Hash, hashBytes, hashNode } from './merkle.ts'

export const tileWidth = 256
/** Levels of the tree from one level of tiles to the next: 2^8 is 256. */
export const tileHeight = 8

/** `width` concatenated hashes of tile `index` at `level`; `width` is 256 for a full tile. */
export type TileSource = (level: number, index: number, width: number) => Promise<Uint8Array>

/** `tile/0/x001/x234/067`, with `.p/<width>` for a partial one (https://c2sp.org/tlog-tiles#merkle-tree). */
export function tilePath(level: number | 'entries', index: number, width: number = tileWidth): string {
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  }
  return `tile/${level}/${path}${width === tileWidth ? '' : `.p/${width}`}`
}

/** How many hashes (at level 0 also: entries) tile `index` holds in a tree of `size` leaves; 0 if it is not there. */
export function widthOf(size: number, level: number, index: number): number {
  const inLevel = Math.floor(size / tileWidth ** level)
  return Math.max(0, Math.min(tileWidth, inLevel - index * tileWidth))
}

/** Where a node of the tree is found: a row of hashes of one tile, of which it is the root. */
export function tileOf(level: number, index: number): { level: number; index: number; first: number; count: number } {
  const count = 2 ** (level % tileHeight)
  const position = index * count
  return {
    level: Math.floor(level / tileHeight),
    index: Math.floor(position / tileWidth),
    first: position % tileWidth,
    count,
  }
}

/** Reads hashes of the tree of `size` leaves from its tiles, each tile once. */
export interface TreeReader {
  readonly size: number
  /** The root of the leaves `from` (inclusive) to `to` (exclusive), as RFC 6962 defines it for that list. */
  range(from: number, to: number): Promise<Uint8Array>
}

/** @throws ERR_LEDGER_BROKEN (from its methods) if a tile is not as long as the size says */
export function createTreeReader(hash: Hash, source: TileSource, size: number): TreeReader {
  const tiles = new Map<string, Promise<Uint8Array>>()

  function tile(level: number, index: number): Promise<Uint8Array> {
    const width = widthOf(size, level, index)
    const path = tilePath(level, index, width)
    const known = tiles.get(path)
    if (known) return known
    const read = source(level, index, width).then((bytes) => {
      if (width > 0 && bytes.length === width * hashBytes) return bytes
      throw new CountersignError('ERR_LEDGER_BROKEN', { tile: path, sizeBytes: bytes.length })
    })
    tiles.set(path, read)
    return read
  }

  async function perfect(level: number, index: number): Promise<Uint8Array> {
    const within = tileOf(level, index)
    const bytes = await tile(within.level, within.index)
    return fold(hash, bytes.subarray(within.first * hashBytes, (within.first + within.count) * hashBytes))
  }

  async function range(from: number, to: number): Promise<Uint8Array> {
    const { power, level } = largestPower(to - from)
    if (power === to - from && from % power === 0) return perfect(level, from / power)
    const middle = from + splitOf(to - from)
    return hashNode(hash, await range(from, middle), await range(middle, to))
  }

  return { size, range }
}

/** The largest power of two below `count`: where RFC 6962 splits a list. */
export function splitOf(count: number): number {
  const { power } = largestPower(count)
  return power === count ? power / 2 : power
}

function largestPower(count: number): { power: number; level: number } {
  let power = 1
  let level = 0
  while (power * 2 <= count) {
    power *= 2
    level += 1
  }
  return { power, level }
}

/** The root of a row of hashes, as many as a power of two: level by level, each written over the last. */
function fold(hash: Hash, row: Uint8Array): Uint8Array {
  // Not `slice`: of the bytes that Node reads it is no copy, but the tile itself.
  const nodes = new Uint8Array(row)
  const joined = new Uint8Array(1 + 2 * hashBytes)
  const node = (at: number) => nodes.subarray(at * hashBytes, (at + 1) * hashBytes)
  for (let count = row.length / hashBytes; count > 1; count /= 2) {
    for (let at = 0; at < count; at += 2) node(at / 2).set(hashNode(hash, node(at), node(at + 1), joined))
  }
  return node(0)
}
