import { type Follower, flowsOf, type LineageGraph, type Store } from '@countersign/core'
import type { Entry } from '@countersign/schema'

export interface LineageParts {
  readonly actions: Pick<Store['actions'], 'lives'>
  readonly lineage: Pick<LineageGraph, 'add'>
}

/** Keeps the graph of what flowed where, from every run that was done. */
export function lineageFollower({ actions, lineage }: LineageParts): Follower {
  return { name: 'lineage', from: 'beginning', follow: (entry) => draw([entry]), followPage: draw }

  async function draw(page: readonly Entry[]): Promise<void> {
    const done = page.flatMap(({ fact }) =>
      fact.kind === 'action.finished' && fact.outcome.kind === 'done' ? [fact.actionId] : [],
    )
    if (done.length > 0) await lineage.add((await actions.lives(done)).flatMap(flowsOf))
  }
}
