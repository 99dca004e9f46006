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
import { transactionMs, type Writer } from './writer.ts'

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
  /** Somebody else held it for longer than anybody may wait. */
  inVain(): void
  /** If so, ends whoever of us has held it for too long: half a message, of which PostgreSQL before 17 awaits the rest for ever. */
  free(): Promise<void>
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
  let waitedInVain = false

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
    inVain() {
      waitedInVain = true
    },
    async free() {
      const mustEnd = waitedInVain
      waitedInVain = false // tried once each time: where it may not be, that alone must not keep anybody from writing
      if (mustEnd) await writer.query(endHolders)
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
/** Erasing somebody goes through all that is recorded of them; its name keeps it from being ended by `endHolders`. */
const takesLonger: Statement = {
  name: '',
  text: `select set_config(name, case name when 'transaction_timeout' then '30000' else 'countersign, erasing' end, true)
    from pg_settings where name in ('transaction_timeout', 'application_name')`,
}
const endHolders: Statement = {
  name: '',
  text: `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
      and application_name <> 'countersign, erasing' and xact_start < clock_timestamp() - interval '${transactionMs} ms'
      and pid in (select pid from pg_locks where relation = 'head'::regclass and mode in ('RowShareLock', 'RowExclusiveLock'))`,
}
