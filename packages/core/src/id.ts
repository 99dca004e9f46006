import { randomUUID } from 'node:crypto'

/** What an id names: action, approval, permit, entry, person, key of an agent, session, instance. */
export type IdPrefix = 'act' | 'apr' | 'prm' | 'ent' | 'per' | 'key' | 'ses' | 'nod'

/**
 * A UUIDv7 (RFC 9562 §5.7) with a prefix: sorts by time, and says what it names. Its random bits are those of a UUIDv4.
 */
export function newId(prefix: IdPrefix): string {
  const now = Date.now()
  if (now !== latest.time) latest = { time: now, text: textOf(now) }
  return `${prefix}_${latest.text}-7${randomUUID().slice(15)}`
}

/** Many ids are minted within one millisecond. */
let latest = { time: -1, text: '' }

function textOf(time: number): string {
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** When an id of ours was minted, by the clock of the machine that did. */
export const mintedAt = (id: string): number => Number.parseInt(id.slice(4, 12) + id.slice(13, 17), 16)
