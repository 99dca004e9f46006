import { type Follower, flowsOf, type LineageGraph, type Store } from '@countersign/core'

/** Keeps the graph of what flowed where, from every run that was done. */
export function lineageFollower(parts: { actions: Store['actions']; lineage: LineageGraph }): Follower {
  return {
    name: 'lineage',
    from: 'beginning',
    async follow({ fact }) {
      if (fact.kind !== 'action.finished' || fact.outcome.kind !== 'done') return
      const action = await parts.actions.get(fact.actionId)
      if (action) await parts.lineage.add(flowsOf(action.life))
    },
  }
}
