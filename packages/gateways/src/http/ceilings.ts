/**
 * What an answer may not exceed, and how that is seen: from the sealed numbers and the duties of a permit.
 *
 * @module
 */
import type { Permit } from '@countersign/core'
import type { Obligation } from '@countersign/schema'
import type { RouteConfig, RowsFrom } from './config.ts'

export interface Ceilings {
  readonly rows: number | undefined
  readonly bytes: number | undefined
  readonly rowsFrom: RowsFrom | undefined
  /** The one list of a JSON answer that counts. */
  readonly rowsIn: string | undefined
  /** Names of members to mask; none if empty. */
  readonly fields: readonly string[]
}

export function ceilingsOf(
  { measures, obligations }: Permit,
  { rowsFrom, rowsIn }: Partial<RouteConfig> = {},
): Ceilings {
  const limits = obligations.flatMap((duty) => (duty.kind === 'limit' ? [duty.rows] : []))
  // Where the request itself fixes the number, the sealed number is kept by sending what was sealed.
  const told = rowsFrom === 'request' ? [] : [measures.rows].filter((rows) => rows !== undefined)
  const rows = [...told, ...limits]
  return {
    rows: rows.length > 0 ? Math.min(...rows) : undefined,
    bytes: measures.bytes,
    rowsFrom,
    rowsIn,
    fields: obligations.flatMap((duty) => (duty.kind === 'mask' ? duty.fields : [])),
  }
}

/**
 * Whether a duty can be kept while this runs. A mask can: an answer that cannot be masked is withheld. A limit can where rows
 * are counted, or where the request itself asks for no more. Of what goes through a WebSocket nothing is looked at.
 */
export function enforces(
  duty: Obligation,
  { websocket, rowsFrom }: Partial<Pick<RouteConfig, 'websocket' | 'rowsFrom'>>,
  sealedRows: number | undefined,
): boolean {
  if (websocket) return false
  return duty.kind === 'mask' || canBeKept({ rows: duty.rows, rowsFrom }, sealedRows)
}

/** A limit of rows that nobody can count is a limit that nobody can keep. */
export function canBeKept(
  { rows, rowsFrom }: Pick<Ceilings, 'rows' | 'rowsFrom'>,
  sealedRows: number | undefined,
): boolean {
  if (rows === undefined) return true
  if (rowsFrom === 'request') return sealedRows !== undefined && sealedRows <= rows
  return rowsFrom !== undefined
}

/** Whether anything of the answer depends on what it holds. */
export const isBounded = ({ rows, bytes, fields }: Ceilings): boolean =>
  rows !== undefined || bytes !== undefined || fields.length > 0
