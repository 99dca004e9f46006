/**
 * The ledger as tiles, for any public tool (https://c2sp.org/tlog-tiles).
 *
 * @module
 */
import { CountersignError, type Ledger } from '@countersign/core'

/** One tile as its path names it. `width` is 256 for a full one. */
export interface Tile {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

export const fullWidth = 256
const deepest = 5

/**
 * Reads what follows `/ledger/tile/`: `<level>/<N>[.p/<W>]`, where N is in groups of three digits, all but the last
 * with an `x` before: 1234067 is `x001/x234/067`. One tile has one path; anything else is undefined.
 */
export function parseTile(path: string): Tile | undefined {
  const found = /^(entries|[0-5])\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (!found) return undefined
  const [, level = '', digits = '', partial] = found
  if (digits.startsWith('x000/')) return undefined
  const width = partial === undefined ? fullWidth : Number(partial)
  if (partial !== undefined && width >= fullWidth) return undefined
  return { level: level === 'entries' ? level : Number(level), index: Number(digits.replaceAll(/[x/]/g, '')), width }
}

/**
 * The bytes of a tile, or of an entry bundle: entries with their length before them, big-endian, 16 bits.
 *
 * @throws ERR_NOT_FOUND beyond the end of the ledger
 */
export async function tileBytes(ledger: Ledger, { level, index, width }: Tile): Promise<Uint8Array> {
  const { size } = await ledger.head()
  const there = level === 'entries' ? size : level > deepest ? 0 : Math.floor(size / fullWidth ** level)
  if (index * fullWidth + width > there) throw new CountersignError('ERR_NOT_FOUND', { level, index, width })
  if (level !== 'entries') return exactly(await ledger.tile(level, index, width), width * 32)
  return bundle(await ledger.leaves(index * fullWidth, width), width)
}

function bundle(leaves: readonly Uint8Array[], width: number): Uint8Array {
  if (leaves.length !== width) throw new CountersignError('ERR_LEDGER_BROKEN', { leaves: leaves.length, width })
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      if (leaf.length > 0xffff) throw new CountersignError('ERR_LEDGER_BROKEN', { leafBytes: leaf.length })
      return [Buffer.of(leaf.length >> 8, leaf.length & 0xff), leaf]
    }),
  )
}

function exactly(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.length !== sizeBytes) throw new CountersignError('ERR_LEDGER_BROKEN', { bytes: bytes.length, sizeBytes })
  return bytes
}
