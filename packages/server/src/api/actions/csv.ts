/**
 * Rows for a spreadsheet: https://www.rfc-editor.org/rfc/rfc4180#section-2.
 *
 * @module
 */
export type Cell = string | number | boolean | undefined

export const csvRow = (cells: readonly Cell[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(cell: Cell): string {
  if (cell === undefined) return ''
  return typeof cell === 'string' ? `"${harmless(cell).replaceAll('"', '""')}"` : String(cell)
}

/**
 * A spreadsheet runs what begins like a formula, and agents write some of these texts: an apostrophe before it makes it
 * text (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const harmless = (text: string): string => (/^[\s\0]*[=+\-@\t\r\n＝＋－＠]/u.test(text) ? `'${text}` : text)
