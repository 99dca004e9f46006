/**
 * What is over is remembered for a while, and then forgotten, oldest first.
 *
 * @module
 */
import { isPending, isUndelivered, replayKey, signatureKey, stepsOf, type World } from '@countersign/core'
import type { Fact } from '@countersign/schema'
import type { Runs } from './runs.ts'

export function createOver(world: World, runs: Runs, most: number, leftOut = false) {
  const [permits, actions] = [new Map<string, undefined>(), new Map<string, undefined>()]
  /** With the keys of its signatures. */
  const approvals = new Map<string, string[]>()
  return {
    /** Whether answers that were not delivered may be missing here. */
    get leftOut() {
      return leftOut
    },
    approval: (id: string, signatures: string[]) => void approvals.set(id, signatures),
    permit: (id: string) => void permits.set(id, undefined),
    note(facts: readonly Fact[]): void {
      for (const fact of facts.flatMap(stepsOf)) {
        if (fact.kind === 'action.decided') actions.set(fact.record.id, undefined)
        if (fact.kind === 'action.finished' || fact.kind === 'action.replayed') permits.set(fact.permit, undefined)
        if (fact.kind === 'approval.changed' && !isPending(fact.approval.state)) {
          const { id, signatures } = fact.approval
          const all = fact.signature ? [...signatures, fact.signature] : signatures
          approvals.set(
            id,
            all.map(({ person }) => signatureKey(id, person)),
          )
        }
      }
    },
    trim(): void {
      for (const [id] of beyond(actions, most)) world.actions.delete(id)
      for (const [id, signatures] of beyond(approvals, most)) forgetApproval(world, id, signatures)
      for (const [id] of beyond(permits, most)) {
        const row = world.permits.get(id)
        if (row?.outcome != null) runs.forget(row)
        if (forgetPermit(world, id)) leftOut = true
      }
    },
  }
}

function* beyond<Value>(rows: Map<string, Value>, most: number): Generator<[string, Value]> {
  for (const row of rows) {
    if (rows.size <= most) return
    rows.delete(row[0])
    yield row
  }
}

function forgetApproval(world: World, id: string, signatures: readonly string[]): void {
  const row = world.approvals.get(id)
  if (row === undefined || isPending(row.state)) return
  world.approvals.delete(id)
  world.spent.delete(id)
  for (const key of signatures) world.signatures.delete(key)
}

/** Unless it still runs. True if its answer is still there to be handed out: then it has to be read when it is asked for. */
function forgetPermit(world: World, id: string): boolean {
  const row = world.permits.get(id)
  if (row === undefined || row.outcome === null) return false
  world.permits.delete(id)
  if (row.attemptKey !== null && world.attempts.get(row.attemptKey) === id) world.attempts.delete(row.attemptKey)
  if (!isUndelivered(row)) return false
  const key = replayKey(row.credential, row.digestKey)
  const others = (world.undelivered.get(key) ?? []).filter((other) => other !== id)
  if (others.length > 0) world.undelivered.set(key, others)
  else world.undelivered.delete(key)
  return true
}
