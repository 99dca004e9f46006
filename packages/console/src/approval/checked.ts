import { canonical } from '@countersign/core/verify'
import type { Card } from '@countersign/schema'
import { hex, sha256 } from '../ledger/sha256.ts'

/** Whether this browser finds the same hashes for what it shows as Countersign says it will sign (P1, P9). */
export interface Checked {
  readonly card: boolean
  readonly action: boolean
}

/** Recomputed here from what was received, so that what is on the screen is what the signature covers. */
export function checked({ card, shown, digest }: { card: Card; shown: string; digest: string }): Checked {
  return { card: hashOf(card) === shown, action: hashOf(card.bound.action) === digest }
}

function hashOf(value: unknown): string | undefined {
  try {
    return hex(sha256(new TextEncoder().encode(canonical(value))))
  } catch {
    return undefined // no canonical form, so nothing that was signed
  }
}
