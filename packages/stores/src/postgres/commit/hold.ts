/**
 * While others write as well, whoever is about to judge has the end of the ledger held first, and so cannot lose. Who holds it is
 * behind whoever writes already and before whoever comes later: no rival that never rests keeps a stop out (P15). One that stands
 * still meanwhile is ended by the server (`writer.ts`).
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { Statement } from '../db.ts'
import type { HeadRow } from '../head.ts'
import type { Owned } from '../tables/segments.ts'
import type { Resident } from './resident.ts'
import type { Writer } from './writer.ts'

export interface Hold {
  /** A transaction is open that everybody who writes waits for. */
  readonly isOpen: boolean
  /** Others wrote a moment ago: without it a batch is likely judged in vain. */
  readonly isWorthIt: boolean
  /** Others write. */
  rivals(): void
  /**
   * Opens it, with the world at the end of the ledger. False, and not open, where that has to be read anew before. `longer`: it
   * goes through all that is recorded of somebody.
   */
  take(longer: boolean): Promise<boolean>
  /** Sends its end, to be answered after what was sent before: what was written stands. */
  stands(): Promise<void>
  /** Nothing was written. */
  letGo(): Promise<void>
  /** Its connection is no more. */
  lost(): void
}

export interface HoldParts {
  readonly writer: Writer
  readonly tenant: string
  readonly resident: Resident
  /** Entries from one place on, read where everybody waits. */
  missed(from: number): Promise<readonly Owned[]>
}

/** How long others are taken to write still, after they did: to find out costs one batch that is judged in vain. */
const rivalMs = 1_000

export function createHold({ writer, tenant, resident, missed }: HoldParts): Hold {
  let isOpen = false
  let rivalAt = -rivalMs

  const hold: Hold = {
    get isOpen() {
      return isOpen
    },
    get isWorthIt() {
      return performance.now() - rivalAt < rivalMs
    },
    rivals() {
      rivalAt = performance.now()
    },
    async take(longer) {
      isOpen = true
      const from = resident.end.size
      const [, , [head], page] = await Promise.all([
        writer.query(begin),
        longer ? writer.query(takesLonger) : undefined,
        writer.query<HeadRow>(headHeld, [tenant]),
        missed(from),
      ])
      if (head === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
      if (head.size > from) hold.rivals()
      if (await resident.reach(head, page)) return true
      await hold.letGo()
      return false
    },
    async stands() {
      await writer.query(commit)
      isOpen = false
    },
    async letGo() {
      await writer.query(rollback)
      isOpen = false
    },
    lost() {
      isOpen = false
    },
  }
  return hold
}

const begin: Statement = { name: '', text: 'begin' }
const commit: Statement = { name: '', text: 'commit' }
const rollback: Statement = { name: '', text: 'rollback' }
const headHeld: Statement = {
  name: 'head_held',
  text: 'select size, frontier, root, at, epoch, settled from head where tenant = $1 for update',
}
/** Erasing somebody goes through all that is recorded of them. */
const takesLonger: Statement = {
  name: '',
  text: `select set_config(name, '30000', true) from pg_settings where name = 'transaction_timeout'`,
}
