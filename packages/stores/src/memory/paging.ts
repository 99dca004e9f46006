import { CountersignError, type Page, type Paging } from '@countersign/core'

/** Where an item stands, for ever: what arrives between two pages moves nothing. Compared from the left. */
export type Place = readonly [number, number]

/** Items of a page, if nothing else is asked for. */
const usualLimit = 50
const cursor = /^(\d{1,15})\.(\d{1,15})$/

/** One page, the highest places first. @throws ERR_INPUT_INVALID for an `after` that no page has handed out */
export function pageOf<Item>(
  items: readonly Item[],
  placeOf: (item: Item) => Place,
  { limit = usualLimit, after }: Paging,
): Page<Item> {
  const start = after === undefined ? undefined : parse(after)
  const rest = items
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => start === undefined || compare(place, start) < 0)
    .toSorted((one, other) => compare(other.place, one.place))
  const page = rest.slice(0, limit)
  return {
    items: page.map(({ item }) => item),
    next: rest.length > limit ? page.at(-1)?.place.join('.') : undefined,
  }
}

const compare = (one: Place, other: Place): number => one[0] - other[0] || one[1] - other[1]

function parse(after: string): Place {
  const [, first, second] = cursor.exec(after) ?? []
  if (first === undefined || second === undefined) throw new CountersignError('ERR_INPUT_INVALID', { after })
  return [Number(first), Number(second)]
}
