import type { Page, Paging } from '@countersign/core'

/** Pages of the store looked through for one page of an answer. Bounds the work of one request. */
const mostPages = 5

/**
 * Fills one page from pages that are filtered after reading. Asks for no more than still fits, so that the store's own
 * cursor is where the next page begins; gives a short page with a `next` rather than look on forever.
 */
export async function filteredPage<Item>(
  { limit, after }: { limit: number; after: string | undefined },
  read: (paged: Paging) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const items: Item[] = []
  let next = after
  for (let pages = 0; pages < mostPages && items.length < limit; pages++) {
    const page = await read({ limit: limit - items.length, after: next })
    items.push(...page.items)
    next = page.next
    if (next === undefined) break
  }
  return { items, next }
}
