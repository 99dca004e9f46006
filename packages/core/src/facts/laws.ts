/**
 * Every kind of fact and its law.
 *
 * @module
 */
import type { Fact, FactKind } from '@countersign/schema'
import type { Blind, Lists } from '../ledger/words.ts'
import * as action from './action.ts'
import { agentChanged } from './agent.ts'
import * as approval from './approval.ts'
import { founded, policyActivated } from './deployment.ts'
import { createDraft, type Draft } from './draft.ts'
import type { Keys } from './keys.ts'
import type { About, Law, LeafMembers, Slot, Refused, Stream, SubjectOfAction, Touched } from './law.ts'
import { personChanged } from './person.ts'
import { recordDenied, recordErased, recordRead } from './record.ts'
import { stepOf } from './steps.ts'
import { toolChanged } from './tool.ts'
import type { World } from './world.ts'

const laws = {
  'deployment.founded': founded,
  'policy.activated': policyActivated,
  'action.allowed': action.allowed,
  'action.decided': action.decided,
  'approval.changed': approval.changed,
  'signature.refused': approval.signatureRefused,
  'action.permitted': action.permitted,
  'action.finished': action.finished,
  'action.replayed': action.replayed,
  'agent.changed': agentChanged,
  'person.changed': personChanged,
  'tool.changed': toolChanged,
  'record.denied': recordDenied,
  'record.erased': recordErased,
  'record.read': recordRead,
} satisfies { readonly [Kind in FactKind]: Law<Kind> }

const lawOf = (fact: Fact): Law => laws[fact.kind] as Law

/** Whose key encrypts each of them (`Law.subject`); what is decided here itself is known. */
export function subjectsOf(facts: readonly Fact[], subjectOfAction: SubjectOfAction): string[] {
  const decided = new Map<string, string>()
  return facts.map((fact) => {
    const subject = lawOf(fact).subject(fact, (id) => decided.get(id) ?? subjectOfAction(id))
    const record = stepOf(fact, 'action.decided')?.record
    if (record !== undefined) decided.set(record.id, subject)
    return subject
  })
}

/** The life that it is part of. */
export const streamOf = (fact: Fact, blind: Blind): Stream => lawOf(fact).stream(fact, blind)

/** What its leaf says of it, beside what every leaf says. */
export const leafMembersOf = (fact: Fact, blind: Blind, lists: Lists): LeafMembers =>
  lawOf(fact).leaf(fact, blind, lists)

/** By what a timeline finds it. */
export const aboutOf = (fact: Fact): About => lawOf(fact).about?.(fact) ?? {}

/** The rows that judging these facts looks at, and those that they make. */
export function touchesOf(facts: readonly Fact[], keys: Keys): { readonly reads: Touching; readonly makes: Touching } {
  const [reads, makes] = [new Map<keyof Touched, Set<string>>(), new Map<keyof Touched, Set<string>>()]
  for (const fact of facts) {
    gather(reads, lawOf(fact).touches?.(fact, keys))
    gather(makes, lawOf(fact).makes?.(fact, keys))
  }
  return { reads, makes }
}

export type Touching = ReadonlyMap<keyof Touched, ReadonlySet<string>>

function gather(into: Map<keyof Touched, Set<string>>, touched: Touched = {}): void {
  for (const [name, rows = []] of Object.entries(touched)) {
    const table = name as keyof Touched
    const known = into.get(table) ?? new Set()
    into.set(table, known)
    for (const row of rows) known.add(row)
  }
}

export interface Applied {
  readonly draft: Draft
  /** Of each fact its place in its life, where only the world can count it. */
  readonly sequences: readonly (number | undefined)[]
}

/** Changes the world by all of these facts, or says why not and leaves it as it was. */
export function applyFacts(
  facts: readonly Fact[],
  slots: readonly Slot[],
  { world, keys }: { readonly world: World; readonly keys: Keys },
): Applied | { readonly refused: Refused } {
  const draft = createDraft()
  const sequences: (number | undefined)[] = []
  let stands = false
  try {
    for (const [position, fact] of facts.entries()) {
      const slot = slots[position]
      if (slot === undefined) throw new RangeError('every fact has a place')
      sequences.push(lawOf(fact).sequence?.(fact, world))
      const refused = lawOf(fact).apply?.(fact, slot, { world, draft, keys })
      if (refused !== undefined) return { refused }
    }
    stands = true
    return { draft, sequences }
  } finally {
    if (!stands) draft.undo()
  }
}
