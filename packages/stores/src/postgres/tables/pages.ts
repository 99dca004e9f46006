import { CountersignError, type Page, type Paging } from '@countersign/core'

/** Items of a page, if nothing else is asked for. */
const usualLimit = 50
/** Items of a page at most, whatever is asked for; the rest is on the next. */
const mostItems = 500

/** @throws ERR_INPUT_INVALID */
export function limitOf({ limit = usualLimit }: Paging): number {
  if (!Number.isInteger(limit) || limit < 1) throw new CountersignError('ERR_INPUT_INVALID', { limit })
  return Math.min(limit, mostItems)
}

/** Below which index the next page begins: newest first. @throws ERR_INPUT_INVALID for an `after` no page has handed out */
export function indexBelow({ after }: Paging): number {
  if (after === undefined) return Number.MAX_SAFE_INTEGER
  if (!/^\d{1,15}$/.test(after)) throw new CountersignError('ERR_INPUT_INVALID', { after })
  return Number(after)
}

/** `rows` MUST be one more than the page takes if there is a next one. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursor: (row: Row) => string,
  items: (rows: readonly Row[]) => readonly Item[],
): Page<Item> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { items: items(page), next: rows.length > limit && last !== undefined ? cursor(last) : undefined }
}
