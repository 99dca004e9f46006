import { type Follower, keywordsOf, type Store } from '@countersign/core'

/** By this name the journal knows how far the index has come. */
export const searchFollowerName = 'search'

/** Makes every action findable by its purpose, classes and digest. An old house is read from its first entry. */
export function searchFollower(actions: Pick<Store['actions'], 'addKeywords'>): Follower {
  return {
    name: searchFollowerName,
    from: 'beginning',
    async follow({ fact }) {
      if (fact.kind !== 'action.decided') return
      await actions.addKeywords([{ action: fact.record.id, keywords: keywordsOf(fact.record) }])
    },
  }
}
