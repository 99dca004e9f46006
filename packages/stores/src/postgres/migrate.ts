/**
 * Brings the tables to the shape this version needs, once, whichever node comes first.
 *
 * @module
 */
import { CountersignError, newId, sha256Hex } from '@countersign/core'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from './db.ts'
import { ledger } from './migrations/0100-ledger.ts'
import type { Migration } from './migrations/migration.ts'
import { state } from './migrations/0002-state.ts'
import { lineage } from './migrations/0003-lineage.ts'
import { search } from './migrations/0005-search.ts'
import { tools } from './migrations/0006-tools.ts'
import { lineageColumns } from './migrations/0007-lineage-columns.ts'
import { openEnded } from './migrations/0009-open-ended.ts'
import { begun } from './migrations/0010-begun.ts'
import { tombstones } from './migrations/0011-tombstones.ts'
import { members } from './migrations/0013-members.ts'
import { erased } from './migrations/0014-erased.ts'
import { linked } from './migrations/0016-linked.ts'
import { outbox } from './migrations/0017-outbox.ts'
import { unreported } from './migrations/0015-unreported.ts'
import { judgedOn } from './migrations/0020-judged-on.ts'
import { pieces } from './migrations/0021-pieces.ts'

const migrations = [
  ledger,
  state,
  lineage,
  search,
  tools,
  lineageColumns,
  openEnded,
  begun,
  tombstones,
  members,
  erased,
  unreported,
  linked,
  outbox,
  judgedOn,
  pieces,
]
/** An instance that died while migrating keeps others from it no longer than this. */
const leaseMs = 60_000
/**
 * For one step of a migration: to build an index over a large ledger takes long. After that it fails, and a new start
 * tries again.
 */
const stepTimeoutMs = 3_600_000
/** Tries of one step; two instances may create the same thing at once, and the one that loses finds it made. */
const mostAttempts = 4

/** By which a database is known whose ledger has an entry a row, as before the first release. */
const ofAnOldFormat = '0001-ledger'

/** @throws ERR_CONFIG_INVALID if its ledger has another format, ERR_STORE_CONFLICT if a migration that ran here is not the one in this version, or a newer version was here */
export async function migrate(db: Db): Promise<void> {
  await run(
    db,
    'create table if not exists migration (name text primary key, checksum text not null, at timestamptz not null)',
  )
  if ((await pending(db)).length === 0) return

  await run(
    db,
    'create table if not exists migration_lease (name text primary key, holder text not null, until timestamptz not null)',
  )
  const holder = newId('nod')
  while (!(await takeLease(db, holder))) await sleep(100)
  try {
    for (const migration of await pending(db)) {
      for (const step of migration.steps) await run(db, step)
      await db.query(recordDone, [migration.name, checksum(migration)])
    }
  } finally {
    await db.query(releaseLease, [holder])
  }
}

async function pending(db: Db): Promise<Migration[]> {
  const done = new Map(
    (await db.query<{ name: string; checksum: string }>(listDone)).map((row) => [row.name, row.checksum]),
  )
  if (done.has(ofAnOldFormat)) {
    const says =
      'holds a ledger of an older format, which only the version that wrote it can read. Start with an empty one.'
    throw new CountersignError('ERR_CONFIG_INVALID', `This database ${says}`)
  }
  for (const [name, found] of done) {
    const known = migrations.find((migration) => migration.name === name)
    if (known === undefined || checksum(known) !== found)
      throw new CountersignError('ERR_STORE_CONFLICT', { migration: name })
  }
  return migrations.filter(({ name }) => !done.has(name))
}

const checksum = ({ steps }: Migration): string => sha256Hex(steps.join('\n;\n'))

/** Two nodes may create the same thing at the same moment; the one that loses finds it made when it looks again. */
async function run(db: Db, text: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.query({ name: '', text, timeoutMs: stepTimeoutMs })
      return
    } catch (error) {
      if (attempt === mostAttempts) throw error
      await sleep(20 * attempt)
    }
  }
}

async function takeLease(db: Db, holder: string): Promise<boolean> {
  return (await db.query(takeFreeLease, [holder, leaseMs])).length > 0
}

const listDone = { name: 'migration_list', text: 'select name, checksum from migration' }

const recordDone = {
  name: 'migration_done',
  text: 'insert into migration (name, checksum, at) values ($1, $2, now()) on conflict (name) do nothing',
}

const takeFreeLease = {
  name: 'migration_lease_take',
  text: `insert into migration_lease (name, holder, until) values ('migrate', $1, now() + $2 * interval '1 millisecond')
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where migration_lease.until < now() or migration_lease.holder = excluded.holder
    returning holder`,
}

const releaseLease = {
  name: 'migration_lease_release',
  text: `update migration_lease set until = now() - interval '1 second' where name = 'migrate' and holder = $1`,
}
