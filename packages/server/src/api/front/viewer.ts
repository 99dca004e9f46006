import type { PolicySet } from '@countersign/core'
import type { PolicyView } from '@countersign/schema'
import { assuranceOf } from './assurance.ts'
import { createNames, type Names } from './names.ts'
import type { ApiParts, Visitor } from './parts.ts'
import type { Assurance } from '@countersign/schema'

/** One request's way of looking: who looks, when, and under which names and policies. */
export interface Viewer extends Visitor {
  readonly now: number
  readonly assurance: Assurance
  readonly names: Names
  readonly policies: PolicySet
}

export function viewer(
  { clock, store, policy }: Pick<ApiParts, 'clock' | 'store' | 'policy'>,
  visitor: Visitor,
): Viewer {
  const now = clock.now()
  return {
    ...visitor,
    now,
    assurance: assuranceOf(visitor.session, now),
    names: createNames(store),
    policies: policy.active(),
  }
}

/** Policies as they stand now; one that is no longer in force is named as such. */
export const policiesOf = (ids: readonly string[], policies: PolicySet): PolicyView[] =>
  ids.map((id) => {
    const found = policies.policy(id)
    if (!found) return { id, doc: '', owner: '', kind: 'gone', text: '' }
    const { doc, owner, control, kind, text } = found
    return { id, doc, owner, ...(control !== undefined && { control }), kind, text }
  })
