/**
 * What is done to the instance, and when: chosen by the seed.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Book } from './book.ts'
import type { SettableClock } from './clock.ts'
import type { Company } from './company.ts'
import type { Database } from './database.ts'
import type { SmallDisk } from './full-disk.ts'
import type { Ready } from './instance.ts'
import type { Cable, Cut } from './network.ts'
import type { People } from './people.ts'
import type { Random } from './random.ts'
import type { Server } from './server.ts'
import type { Standing } from './standing.ts'
import type { Wire } from './wire.ts'

/**
 * `alone`: one instance, PostgreSQL embedded. `small-disk`: the same. `pair`: two, and a server on another host. `wired`: the
 * same, over wires that stop where they are told.
 */
export type Scene = 'alone' | 'small-disk' | 'pair' | 'wired'

/** What can be struck; what a scene does not have is undefined. */
export interface Targets {
  readonly instance: Standing
  /** Another instance; only a strike at what both do strikes it. */
  readonly second: Standing | undefined
  readonly company: Company
  readonly book: Book
  readonly random: Random
  readonly folder: string
  readonly ready: Ready
  readonly people: People
  readonly clock?: SettableClock | undefined
  readonly disk?: SmallDisk | undefined
  readonly server?: Server | undefined
  /** From the instance to the server. */
  readonly cable?: Cable | undefined
  /** From each instance to the server. */
  readonly wires?: readonly [Wire, Wire] | undefined
  readonly database?: Database | undefined
  /** One for each instance. */
  readonly clocks?: readonly [SettableClock, SettableClock] | undefined
}

export interface Mode {
  readonly scene: Scene
  readonly says: string
  /** Of the part of it that lasts; at least and at most. */
  readonly lastsMs: readonly [number, number]
  /** Of programs. */
  readonly needs?: 'strace' | 'clock'
  /** The instance’s process ends, and has to be started again. */
  readonly fatal?: boolean
  /** How many more starts there were meanwhile. */
  readonly again?: number
  /** The first instance cannot work while it lasts, so the second has to. */
  readonly apart?: boolean
  /** Of the database's clock. Forward: what was asked and granted before is over. */
  readonly clock?: 'forward' | 'back'
  /** Findings of what happened meanwhile. */
  strike(targets: Targets, lastsMs: number): Promise<void | string[]>
}

const hourMs = 3_600_000
const short = [0, 150] as const
const awhile = [500, 3_000] as const

const killNode: Mode = {
  scene: 'alone',
  says: 'node killed',
  lastsMs: [0, 0],
  fatal: true,
  strike: ({ instance }) => instance.killInstance(),
}

const cut = (how: Cut, says: string): Mode => ({
  scene: 'pair',
  says,
  lastsMs: [5_000, 8_000],
  apart: true,
  async strike({ cable }, lastsMs) {
    await cable?.cut(how)
    await pause(lastsMs)
    await cable?.mend()
  },
})

const injured = (injury: 'broken' | 'full', says: string): Mode => ({
  scene: 'alone',
  says,
  needs: 'strace',
  lastsMs: [300, 2_000],
  strike: ({ instance }, lastsMs) => instance.injurePostgres(injury, lastsMs),
})

const setDatabaseClock = (aheadMs: number, says: string): Mode => ({
  scene: 'pair',
  says,
  lastsMs: [2_500, 2_500], // until everyone has looked at a clock again
  clock: aheadMs > 0 ? 'forward' : 'back',
  async strike({ server }, lastsMs) {
    await server?.clock.set(aheadMs)
    await pause(lastsMs)
  },
})

/** What an instance stands on breaks at any moment. */
export const anywhere: readonly Mode[] = [
  killNode,
  {
    ...killNode,
    says: 'node killed, then postgres',
    lastsMs: short,
    async strike({ instance }, lastsMs) {
      await instance.killInstance()
      await pause(lastsMs)
      await instance.killPostgres()
    },
  },
  {
    scene: 'alone',
    says: 'postgres killed',
    lastsMs: [0, 0],
    strike: async ({ instance }) => void (await instance.killPostgres()),
  },
  injured('broken', 'flushes fail (EIO)'),
  {
    ...killNode,
    says: 'node killed, and node again while it starts',
    again: 1,
    lastsMs: [100, 2_000],
    async strike({ instance }, lastsMs) {
      await instance.killInstance()
      instance.begin()
      await pause(lastsMs)
      await instance.killInstance()
    },
  },
  {
    ...killNode,
    says: 'postgres killed, then node',
    lastsMs: short,
    async strike({ instance }, lastsMs) {
      await instance.killPostgres()
      await pause(lastsMs)
      await instance.killInstance()
    },
  },
  {
    scene: 'alone',
    says: 'postgres held',
    lastsMs: awhile,
    strike: ({ instance }, lastsMs) => instance.holdPostgres(lastsMs),
  },
  {
    scene: 'alone',
    says: 'node held',
    lastsMs: awhile,
    strike: ({ instance }, lastsMs) => instance.holdInstance(lastsMs),
  },
  {
    scene: 'alone',
    says: 'node held, and another one started on its data',
    lastsMs: [0, 0],
    async strike({ instance }) {
      let code: number | undefined
      await instance.holdInstance(0, async () => void (code = await instance.startAnother(60_000)))
      return code === 1 ? [] : [`a second process on the same data ended with ${code}, not with 1`]
    },
  },
  injured('full', 'writes fail (ENOSPC)'),
  {
    scene: 'alone',
    says: 'the clock of node set forward and back by hours',
    needs: 'clock',
    lastsMs: [1_000, 2_500],
    async strike({ clock }, lastsMs) {
      await clock?.set(5 * hourMs)
      await pause(lastsMs)
      await clock?.set(-5 * hourMs)
      await pause(lastsMs)
      await clock?.set(0)
    },
  },
  {
    scene: 'small-disk',
    says: 'the disk full',
    lastsMs: [1_500, 3_000],
    async strike({ disk }, lastsMs) {
      await disk?.fill()
      await pause(lastsMs)
      await disk?.empty()
    },
  },
  {
    ...killNode,
    scene: 'pair',
    says: 'one instance of two killed',
    lastsMs: [1_000, 3_000],
    apart: true,
    strike: killAndWait,
  },
  cut('pulled', 'the cable from one of two to the database pulled'),
  cut('unheard', 'what one of two sends to the database lost'),
  cut('unanswered', 'what the database answers one of two lost'),
  {
    scene: 'pair',
    says: 'one instance of two held for longer than its lease',
    lastsMs: [10_500, 11_500],
    apart: true,
    strike: ({ instance }, lastsMs) => instance.holdInstance(lastsMs),
  },
  // Between these two nothing else: under libfaketime PostgreSQL's own timeouts fail while its clock is not the true
  // one.
  setDatabaseClock(2 * hourMs, 'the database’s clock set forward by two hours'),
  setDatabaseClock(0, 'the database’s clock set back by two hours'),
  {
    scene: 'pair',
    says: 'the database server killed',
    lastsMs: [0, 1_500],
    async strike({ server }, lastsMs) {
      await server?.kill()
      await pause(lastsMs)
      await server?.start()
    },
  },
]

async function killAndWait({ instance }: Targets, lastsMs: number): Promise<void> {
  await instance.killInstance()
  await pause(lastsMs)
}

export interface Strike {
  readonly mode: Mode
  /** Of work before it. */
  readonly afterMs: number
  readonly lastsMs: number
  /** Starts the next instance before the old one's processes have left. */
  readonly hasty: boolean
}

/** The seed says when and how. */
export const planStrike = (mode: Mode, random: Random): Strike => ({
  mode,
  afterMs: random.between(500, 1_800),
  lastsMs: random.between(...mode.lastsMs),
  hasty: mode.fatal === true && random.chance(0.5),
})

export const inWords = ({ mode, lastsMs, hasty }: Strike): string =>
  `${mode.says}${lastsMs > 0 ? `, ${lastsMs} ms` : ''}${hasty ? ', restarted at once' : ''}`
