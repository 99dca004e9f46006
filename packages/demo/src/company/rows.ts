import type { Dataset, Row } from './data.ts'

export type Format = 'csv' | 'ndjson'

export const contentTypes: Readonly<Record<Format, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
}

/** Rows that go into one piece, so that a long export is neither one string nor a write per row. */
const rowsPerPiece = 500

/** Exactly `rows` rows, in pieces; after each, `sent` is told how many rows it held. */
export function* printRows(
  dataset: Dataset,
  rows: number,
  format: Format,
  sent: (rows: number) => void,
): Generator<string> {
  if (format === 'csv') yield `${Object.keys(dataset.row(0)).join(',')}\r\n`
  for (let from = 0; from < rows; from += rowsPerPiece) {
    const count = Math.min(rowsPerPiece, rows - from)
    yield Array.from({ length: count }, (_, offset) => print(dataset.row(from + offset), format)).join('')
    sent(count)
  }
}

function print(row: Row, format: Format): string {
  if (format === 'ndjson') return `${JSON.stringify(row)}\n`
  return `${Object.values(row).map(quote).join(',')}\r\n`
}

/** RFC 4180 §2. */
const quote = (value: string | number) => {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
