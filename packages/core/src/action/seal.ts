import type { Action, Digest } from '@countersign/schema'
import { digestOf } from './digest.ts'

/** An action that can no longer change, with the digest that approvals and permits are bound to. */
export interface SealedAction {
  readonly action: Action
  readonly digest: Digest
}

/**
 * Copies before hashing, so that what was judged is what will run even if the caller keeps editing its object.
 *
 * @throws ERR_INPUT_INVALID for an action with no canonical form
 */
export function seal(draft: Action): SealedAction {
  const action = freeze(structuredClone(draft))
  return { action, digest: digestOf(action) }
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}
