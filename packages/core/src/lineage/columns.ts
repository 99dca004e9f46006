/** Columns of a dataset; `any` where nobody said which, so that it may be every one of them (P13). */
export type Columns = readonly string[] | 'any'

/** Columns of one dataset that are followed singly; more than these are all of it. */
export const mostColumns = 500

/** As a flow names them. */
export const columnsOf = (named: readonly string[] | undefined): Columns =>
  named === undefined || named.includes('*') ? 'any' : named

/** Whether what a flow took or wrote may hold one of these. */
export function mayHold(named: readonly string[] | undefined, wanted: Columns): boolean {
  if (wanted === 'any') return true
  const held = columnsOf(named)
  return held === 'any' ? wanted.length > 0 : wanted.some((column) => held.includes(column))
}

export function together(one: Columns, other: Columns): Columns {
  if (one === 'any' || other === 'any') return 'any'
  const all = [...new Set([...one, ...other])]
  return all.length > mostColumns ? 'any' : all
}

/** Of two where the first holds all of the other: whether it holds more. */
export const isMore = (one: Columns, other: Columns): boolean =>
  other !== 'any' && (one === 'any' || one.length > other.length)
