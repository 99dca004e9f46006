import type { Action, Digest } from '@countersign/schema'
import { deepest, inOrder, isPlain } from './canonical.ts'
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
  const action = frozenCopy(draft)
  return { action, digest: digestOf(action) }
}

/**
 * Of plain JSON, in the order of the canonical form: two drafts with one digest are one copy, however they were written, and
 * run alike. Anything else is left as it is, and has no canonical form.
 */
function frozenCopy<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth > deepest) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item, depth + 1))) as T
  if (!isPlain(value)) return value
  const members = value as Readonly<Record<string, unknown>>
  return Object.freeze(
    Object.fromEntries(inOrder(Object.keys(value)).map((key) => [key, frozenCopy(members[key], depth + 1)])),
  ) as T
}
