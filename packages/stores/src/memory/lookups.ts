/**
 * How reads find what the world does not need to find: the parts of an action's life, the newest question, what an
 * agent was ever permitted.
 *
 * @module
 */
import { aboutOf, type Keys, type Step, stepsOf } from '@countersign/core'
import type { Fact } from '@countersign/schema'

export interface Lookups {
  /** Of a fact that stands. */
  take(fact: Fact, index: number): void
  /** Places in the ledger of what concerns an action or an approval, oldest first. */
  timeline(id: string): readonly number[]
  /** The question that this action asked. */
  questionOf(action: string): string | undefined
  permitOf(action: string): string | undefined
  /** The newest approval for this digest. */
  latest(digestKey: string): string | undefined
  seen(agent: string, operation: string): boolean
}

export function createLookups(keys: Keys): Lookups {
  const timelines = new Map<string, number[]>()
  const questions = new Map<string, string>()
  const permits = new Map<string, string>()
  const latest = new Map<string, string>()
  const operations = new Map<string, string>()
  const seen = new Set<string>()

  function remember(id: string | undefined, index: number): void {
    if (id === undefined) return
    const indexes = timelines.get(id) ?? []
    timelines.set(id, indexes)
    indexes.push(index)
  }

  return {
    take(fact, index) {
      const { action, approval } = aboutOf(fact)
      remember(approval ?? action, index)
      for (const step of stepsOf(fact)) takeStep(step)
    },
    timeline: (id) => timelines.get(id) ?? [],
    questionOf: (action) => questions.get(action),
    permitOf: (action) => permits.get(action),
    latest: (digestKey) => latest.get(digestKey),
    seen: (agent, operation) => seen.has(pair(agent, operation)),
  }

  function takeStep(fact: Step): void {
    if (fact.kind === 'action.decided') operations.set(fact.record.id, fact.record.action.operation)
    if (fact.kind === 'approval.changed' && fact.approval.version === 1) {
      questions.set(fact.approval.actionId, fact.approval.id)
      latest.set(keys.digest(fact.approval.digest), fact.approval.id)
    }
    if (fact.kind === 'action.permitted') {
      const { id, actionId, agent } = fact.permit
      permits.set(actionId, id)
      seen.add(pair(agent, operations.get(actionId) ?? ''))
    }
  }
}

/** No two pairs make the same text. */
const pair = (agent: string, operation: string): string => JSON.stringify([agent, operation])
