/**
 * Rows of an answer, counted as they pass. A row counts from its first byte, so that none beyond a ceiling begins.
 *
 * @module
 */
export interface RowCounter {
  readonly rows: number
  /** How many bytes of this chunk may go on before a row beyond `most` begins. */
  admit(chunk: Uint8Array, most: number): number
}

const newline = 0x0a
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline

/** Lines that are not empty: https://github.com/ndjson/ndjson-spec. */
export function countLines(): RowCounter {
  let rows = 0
  let within = false
  return {
    get rows() {
      return rows
    },
    admit(chunk, most) {
      for (const [index, byte] of chunk.entries()) {
        if (byte === newline) within = false
        if (within || isBlank(byte)) continue
        if (rows === most) return index
        within = true
        rows += 1
      }
      return chunk.length
    },
  }
}

/** Records after `headers` of them (RFC 4180 §2). A quote opens only at the start of a field: a stray one must not hide lines. */
export function countRecords(headers: 0 | 1): RowCounter {
  let records = 0
  let place: 'record' | 'field' | 'plain' | 'quoted' = 'record'
  return {
    get rows() {
      return Math.max(0, records - headers)
    },
    admit(chunk, most) {
      for (const [index, byte] of chunk.entries()) {
        if (place === 'quoted') {
          // The second of two quotes opens the field again, as if it stood at its start.
          if (byte === 0x22) place = 'field'
          continue
        }
        if (byte === newline) {
          place = 'record'
          continue
        }
        if (byte === 0x0d) continue
        if (place === 'record') {
          if (records === most + headers) return index
          records += 1
          place = 'field'
        }
        if (byte === 0x22 && place === 'field') place = 'quoted'
        else place = byte === 0x2c ? 'field' : 'plain'
      }
      return chunk.length
    },
  }
}
