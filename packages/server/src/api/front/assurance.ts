import type { ConsoleSession } from '@countersign/identity'
import type { Assurance } from '@countersign/schema'

/** How long a new proof of the person counts as fresh; after that they sign in again to sign what asks for it. */
export const freshForMs = 5 * 60_000
/** How much the clocks of Countersign and the provider may differ before a proof does not count. */
const skewMs = 60_000

/**
 * What a signature in this session carries. A session knows `authTime` only from a sign-in that asked the provider to
 * prove the person anew (`/sign-in?fresh=1`).
 */
export function assuranceOf({ authTime }: Pick<ConsoleSession, 'authTime'>, now: number): Assurance {
  if (authTime === undefined || authTime > now + skewMs) return 'session'
  return now - authTime <= freshForMs ? 'fresh' : 'session'
}
