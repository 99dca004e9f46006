/**
 * What is done to the house, and when: chosen by the seed.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { SmallDisk } from './full-disk.ts'
import type { Random } from './random.ts'
import type { Standing } from './standing.ts'

export type Victim =
  | 'node'
  | 'postgres'
  | 'node, then postgres'
  | 'postgres, then node'
  | 'node, and node again'
  | 'nobody'

export interface Strike {
  readonly victim: Victim
  /** Of work before it. */
  readonly afterMs: number
  /** Between the two, where there are two; how long PostgreSQL is held, where nothing is killed. */
  readonly gapMs: number
  /** Starts the next house before the old one's processes have left. */
  readonly hasty: boolean
  /** Instead of anybody: the disk is full for `gapMs`. */
  readonly disk?: SmallDisk
}

const victims: readonly Victim[] = [
  'node',
  'node, then postgres',
  'postgres',
  'node',
  'node, and node again',
  'postgres, then node',
  'nobody',
]

/** Every victim comes in turn, so that a short run sees them all; the seed says when and how. */
export function planStrike(round: number, random: Random): Strike {
  const victim = victims[(round - 1) % victims.length] ?? 'node'
  const gapMs =
    victim === 'nobody'
      ? random.between(500, 3_000)
      : victim.endsWith('again')
        ? random.between(200, 2_500)
        : random.between(0, 150)
  return { victim, afterMs: random.between(700, 2_500), gapMs, hasty: random.chance(0.5) }
}

/** Whether the house has to be started again. */
export async function strike({ victim, gapMs, disk }: Strike, house: Standing): Promise<boolean> {
  if (disk) {
    await disk.fill()
    await pause(gapMs)
    await disk.empty()
    return false
  }
  switch (victim) {
    case 'node':
      await house.killHouse()
      return true
    case 'node, then postgres':
      await house.killHouse()
      await pause(gapMs)
      await house.killPostgres()
      return true
    case 'postgres, then node':
      await house.killPostgres()
      await pause(gapMs)
      await house.killHouse()
      return true
    case 'node, and node again':
      await house.killHouse()
      house.begin()
      await pause(gapMs)
      await house.killHouse()
      return true
    case 'postgres':
      await house.killPostgres()
      return false
    case 'nobody':
      await house.holdPostgres(gapMs)
      return false
  }
}

export function inWords({ victim, gapMs, hasty, disk }: Strike): string {
  if (disk) return `disk full for ${gapMs} ms`
  if (victim === 'nobody') return `postgres held ${gapMs} ms`
  const gap = victim.includes(',') ? ` +${gapMs} ms` : ''
  return `killed ${victim}${gap}${hasty && victim !== 'postgres' ? ', restarted at once' : ''}`
}
