import { defineFollower } from '@countersign/core'
import { z } from 'zod'

/** Makes every action findable, and what flowed where. An old ledger is read from its first entry. */
export const search = defineFollower({
  name: 'search',
  config: z.strictObject({}),
  async start(_, { actions: { index } }) {
    const add = (page: Parameters<typeof index.add>[1]) => index.add('search', page)
    return { from: 'beginning', place: index, follow: (entry) => add([entry]), followPage: add }
  },
})
