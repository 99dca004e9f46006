import { defineFollower, flowsOf } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { z } from 'zod'

/** Keeps the graph of what flowed where, from every run that was done. */
export const lineage = defineFollower({
  name: 'lineage',
  config: z.strictObject({}),
  async start(_, { actions, lineage: graph }) {
    return { from: 'beginning', follow: (entry) => draw([entry]), followPage: draw }

    async function draw(page: readonly Entry[]): Promise<void> {
      const done = page.flatMap(({ fact }) =>
        fact.kind === 'action.finished' && fact.outcome.kind === 'done' ? [fact.actionId] : [],
      )
      if (done.length > 0) await graph.add((await actions.lives(done)).flatMap(flowsOf))
    }
  },
})
