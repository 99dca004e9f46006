/**
 * The leaves themselves, 256 to a file: https://c2sp.org/tlog-tiles#log-entries.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { concatBytes } from './bytes.ts'
import { tileWidth } from './tiles.ts'

/** Our own limit; the format itself ends at 65,535. */
export const maxLeafBytes = 16 * 1024

/** Each entry with its length before it, as a big-endian uint16. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > maxLeafBytes) throw new CountersignError('ERR_LEDGER_BROKEN', { leafBytes: entry.length })
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]
    }),
  )
}

/** Views into `bundle`, not copies. @throws ERR_LEDGER_BROKEN if it ends early, or holds too much */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let offset = 0; offset < bundle.length;) {
    const length = (bundle[offset] ?? 0) * 256 + (bundle[offset + 1] ?? Number.NaN)
    const end = offset + 2 + length
    if (!(end <= bundle.length) || length > maxLeafBytes || entries.length === tileWidth) {
      throw new CountersignError('ERR_LEDGER_BROKEN', { bundle: 'malformed', offset })
    }
    entries.push(bundle.subarray(offset + 2, end))
    offset = end
  }
  return entries
}
