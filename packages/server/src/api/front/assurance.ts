import type { ConsoleSession } from '@countersign/identity'
import type { Assurance } from '@countersign/schema'

/** How long a new proof of the person counts as fresh. */
export const freshForMs = 5 * 60_000
/** Clocks of house and provider may differ by this much. */
const skewMs = 60_000

/**
 * What a signature in this session carries. A session knows `authTime` only from a sign-in that asked the provider to
 * prove the person anew (`/sign-in?fresh=1`).
 */
export function assuranceOf({ authTime }: Pick<ConsoleSession, 'authTime'>, now: number): Assurance {
  if (authTime === undefined || authTime > now + skewMs) return 'session'
  return now - authTime <= freshForMs ? 'fresh' : 'session'
}
