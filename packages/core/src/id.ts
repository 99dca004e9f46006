import { randomBytes } from 'node:crypto'

/** What an id names: action, approval, permit, entry, person, key of an agent, session, node of the house. */
export type IdPrefix = 'act' | 'apr' | 'prm' | 'ent' | 'per' | 'key' | 'ses' | 'nod'

/** A UUIDv7 (RFC 9562 §5.7) with a prefix: sorts by time, and says what it names. */
export function newId(prefix: IdPrefix): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `${prefix}_${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}

/** When an id of ours was minted, by the clock of the machine that did. */
export const mintedAt = (id: string): number => Number.parseInt(id.slice(4, 12) + id.slice(13, 17), 16)
