/**
 * The one-time link by which a fresh deployment gets its first administrator.
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock, sha256Hex } from '@countersign/core'
import { Role } from '@countersign/schema'

/** What Countersign keeps of the link. */
export interface Founding {
  readonly hash: string
  readonly expiresAt: number
}

/**
 * How long the link that makes the first administrator is good: who started it is there. A new start prints a new one.
 */
const validForMs = 15 * 60_000

/** The token belongs into a 0600 file and on the terminal, nowhere else. */
export function openFounding(clock: Clock): { readonly founding: Founding; readonly token: string } {
  const token = randomBytes(32).toString('base64url')
  return { founding: { hash: sha256Hex(token), expiresAt: clock.now() + validForMs }, token }
}

/**
 * Whether this token still makes its bearer the first administrator. `founded` is whether a `deployment.founded` fact
 * exists: it is that fact, committed with the person, that makes the link work once.
 */
export function mayFound(
  founding: Founding | undefined,
  token: string,
  now: { founded: boolean; now: number },
): boolean {
  const known = Buffer.from(founding?.hash ?? sha256Hex(''), 'hex')
  const matches = timingSafeEqual(known, Buffer.from(sha256Hex(token), 'hex'))
  return matches && founding !== undefined && !now.founded && now.now < founding.expiresAt
}

/** Every role, to hand on. None of them lets anyone approve: that comes from groups alone. */
export const founderRoles: readonly Role[] = Role.options
