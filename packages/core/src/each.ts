import { isError } from './errors.ts'

/**
 * Does the work for every item, also after it has failed for one; the first failure is thrown at the end. A store that is
 * away fails for all of them, so that ends it.
 */
export async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = []
  for (const item of items) {
    try {
      await work(item)
    } catch (error) {
      if (isError(error, 'ERR_STORE_UNAVAILABLE')) throw error
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
