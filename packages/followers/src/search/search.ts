import { type Follower, keywordsOf, type Store } from '@countersign/core'
import type { Entry } from '@countersign/schema'

/** By this name the journal knows how far the index has come. */
export const searchFollowerName = 'search'

/** Makes every action findable by its purpose, classes and digest. An old house is read from its first entry. */
export function searchFollower(actions: Pick<Store['actions'], 'addKeywords'>): Follower {
  return { name: searchFollowerName, from: 'beginning', follow: (entry) => index([entry]), followPage: index }

  async function index(page: readonly Entry[]): Promise<void> {
    const found = page.flatMap(({ fact }) =>
      fact.kind === 'action.decided' ? [{ action: fact.record.id, keywords: keywordsOf(fact.record) }] : [],
    )
    if (found.length > 0) await actions.addKeywords(found)
  }
}
