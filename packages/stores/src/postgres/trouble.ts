/**
 * What an error of `pg` means: try again, the server is gone, a constraint, or a mistake of ours.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'

/** Serialisation failure, deadlock, somebody held a row for too long: the same transaction may well succeed now. */
export const isTransient = (error: unknown): boolean => /^(40001|40P01|55P03)$/.test(codeOf(error))

/**
 * No answer came, or none can be trusted: connection errors (class 08), shutdown and start-up (57P01–57P05), too many
 * connections, out of disk or memory (class 53), I/O errors (class 58), a standby (25006), a transaction that was silent
 * for too long (25P03), no way in (28, 3D), and what the socket says.
 */
export function isUnreachable(error: unknown): boolean {
  if (/^(08|25006|25P03|28|3D|53|57P|58)/.test(codeOf(error)) || /^E(?!RR_)[A-Z_]{3,}$/.test(codeOf(error))) return true
  // pg's own errors carry no code.
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout e|Query read timeout|Client |Cannot use a pool after)/i.test(error.message)
  )
}

/**
 * A mistake of ours, without PostgreSQL's message, which may quote values (P12). Breaches of constraints (class 23) stay
 * as they are, for whoever knows the constraint's name.
 */
export function withoutValues(error: unknown): unknown {
  const sqlstate = codeOf(error)
  if (!/^[0-9A-Z]{5}$/.test(sqlstate) || sqlstate.startsWith('23')) return error
  const { routine } = error as { routine?: unknown }
  return new CountersignError('ERR_INTERNAL', { sqlstate, routine })
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
