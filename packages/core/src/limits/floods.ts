/**
 * What can come in floods, written down so that none is missing and none fills the disk: the first of each by themselves,
 * those beyond summed up, at most one entry per name and second.
 *
 * @module
 */
import type { Fact } from '@countersign/schema'
import type { Store } from '../ports.ts'
import { createAllowance } from './allowance.ts'

export interface Floods<Each> {
  /**
   * Resolves once it is in the record: by itself, or counted. Who makes the flood waits for that, and is slowed by it.
   *
   * @throws what the store's commit throws
   */
  record(name: string, each: Each): Promise<'alone' | 'summed'>
}

export interface FloodsParts<Each, Brief> {
  readonly store: Pick<Store, 'clock' | 'commit'>
  /** How many of one name stand by themselves within `withinMs`. */
  readonly most: number
  readonly withinMs: number
  alone(each: Each): Fact
  /** What is kept of one until it is summed. */
  brief(each: Each): Brief
  summed(all: readonly [Brief, ...Brief[]], from: number, to: number): Fact
  /** Default a second. */
  readonly sumEveryMs?: number
}

interface Sum<Brief> {
  readonly all: [Brief, ...Brief[]]
  readonly written: Promise<void>
}

/** How often what is summed up is looked at, to record what is due. */
const oftenMs = 1_000

export function createFloods<Each, Brief>(parts: FloodsParts<Each, Brief>): Floods<Each> {
  const { store, most, withinMs, alone, brief, summed, sumEveryMs = oftenMs } = parts
  const now = () => store.clock.now()
  const allowance = createAllowance({ most, withinMs, now })
  const sums = new Map<string, Sum<Brief>>()

  return {
    async record(name, each) {
      if (allowance.take(name)) {
        await store.commit({ facts: [alone(each)] })
        return 'alone'
      }
      const known = sums.get(name)
      known?.all.push(brief(each))
      await (known ?? begin(name, brief(each))).written
      return 'summed'
    },
  }

  function begin(name: string, first: Brief): Sum<Brief> {
    const all: [Brief, ...Brief[]] = [first]
    const from = now()
    const written = new Promise<void>((resolve) => setTimeout(resolve, sumEveryMs)).then(async () => {
      sums.delete(name) // who comes from here on is counted in the next
      await store.commit({ facts: [summed(all, from, now())] })
    })
    const sum = { all, written }
    sums.set(name, sum)
    return sum
  }
}
