import { defineFollower, keywordsOf } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { z } from 'zod'

/** Makes every action findable by its purpose, classes and digest. An old ledger is read from its first entry. */
export const search = defineFollower({
  name: 'search',
  config: z.strictObject({}),
  async start(_, { actions }) {
    return { from: 'beginning', follow: (entry) => index([entry]), followPage: index }

    async function index(page: readonly Entry[]): Promise<void> {
      const found = page.flatMap(({ fact }) =>
        fact.kind === 'action.decided' ? [{ action: fact.record.id, keywords: keywordsOf(fact.record) }] : [],
      )
      if (found.length > 0) await actions.addKeywords(found)
    }
  },
})
