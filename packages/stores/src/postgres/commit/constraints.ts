import { CountersignError, type ErrorCode } from '@countersign/core'

/** The rules that the database keeps by itself, should ours ever fail to see a breach. */
const byConstraint: Readonly<Record<string, ErrorCode>> = {
  nobody_signs_their_own: 'ERR_SELF_APPROVAL',
  one_person_signs_once: 'ERR_APPROVAL_SIGNED_TWICE',
  grant_spent_once: 'ERR_GRANT_SPENT',
}

/** A breach of a constraint in the words of the `Store` port, without the values that broke it; anything else as it is. */
export function broken(error: unknown): unknown {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown }
  if (typeof code !== 'string' || !code.startsWith('23')) return error
  return new CountersignError(byConstraint[String(constraint)] ?? 'ERR_STORE_CONFLICT', { constraint })
}
