import { CountersignError, type Page, type Paging } from '@countersign/core'

/** Where an item stands, for ever: what arrives between two pages moves nothing. Compared from the left. */
export type Cursor = readonly [number, number]

/** Items of a page, if nothing else is asked for. */
const usualLimit = 50
const cursor = /^(\d{1,15})\.(\d{1,15})$/

/** One page, the highest places first. @throws ERR_INPUT_INVALID for an `after` that no page has handed out */
export function pageOf<Item>(
  items: readonly Item[],
  cursorOf: (item: Item) => Cursor,
  { limit = usualLimit, after }: Paging,
): Page<Item> {
  const start = after === undefined ? undefined : parse(after)
  const rest = items
    .map((item) => ({ item, cursor: cursorOf(item) }))
    .filter(({ cursor }) => start === undefined || compare(cursor, start) < 0)
    .toSorted((one, other) => compare(other.cursor, one.cursor))
  const page = rest.slice(0, limit)
  return {
    items: page.map(({ item }) => item),
    next: rest.length > limit ? page.at(-1)?.cursor.join('.') : undefined,
  }
}

const compare = (one: Cursor, other: Cursor): number => one[0] - other[0] || one[1] - other[1]

function parse(after: string): Cursor {
  const [, first, second] = cursor.exec(after) ?? []
  if (first === undefined || second === undefined) throw new CountersignError('ERR_INPUT_INVALID', { after })
  return [Number(first), Number(second)]
}
