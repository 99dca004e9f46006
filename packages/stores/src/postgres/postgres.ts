/**
 * Durable memory in PostgreSQL 15 or newer: the only truth, shared by every instance.
 *
 * @module
 */
import { type Clock, createRecorder, createVault, keysOf, type Store, type VaultKeys } from '@countersign/core'
import type { ClientConfig } from 'pg'
import { createDatabaseClock } from './clock.ts'
import { checkState } from './commit/check.ts'
import { createCommitter } from './commit/commit.ts'
import { createResident, pageSize } from './commit/resident.ts'
import { createRuns } from './commit/runs.ts'
import { createSubjects } from './commit/subjects.ts'
import { createWriter } from './commit/writer.ts'
import { configOf, openDb } from './db.ts'
import { checkFitness } from './fitness.ts'
import { foundHead } from './head.ts'
import { migrate } from './migrate.ts'
import { createFind } from './search/find.ts'
import { createIndex } from './search/index.ts'
import { createLives } from './search/lives.ts'
import { createPartitions, usualWidth } from './search/partitions.ts'
import { createTerms } from './search/terms.ts'
import { createActions } from './tables/actions.ts'
import { createApprovals } from './tables/approvals.ts'
import { createEntries } from './tables/entries.ts'
import { createJournal } from './tables/journal.ts'
import { rememberKeys } from './tables/keys.ts'
import { createLeases } from './tables/leases.ts'
import { createTombstones } from './tables/tombstones.ts'
import { createLedger } from './tables/ledger.ts'
import { createLineage } from './tables/lineage.ts'
import { createOutbox } from './tables/outbox.ts'
import { createPermits } from './tables/permits.ts'
import { createRecent } from './tables/recent.ts'
import type { Reading } from './tables/reading.ts'
import { createRowless } from './tables/rowless.ts'
import { createSegments } from './tables/segments.ts'
import { createAgents, createPeople, createTools } from './tables/directory.ts'
import { createSecrets } from './tables/secrets.ts'
import { createTail } from './tables/tail.ts'
import { keepStatistics } from './statistics.ts'

export interface PostgresStoreOptions {
  /** A `postgres://` URL, or the parts of one. */
  readonly connection: string | ClientConfig
  readonly keys: VaultKeys
  /** The ledger's name, `<deployment>/<tenant>`. */
  readonly origin: string
  /** In place of the database's clock, for tests: decides lateness, due times, leases and the times of entries. */
  readonly clock?: Clock | undefined
  /** False behind a pgbouncer older than 1.21 in transaction mode. */
  readonly namedStatements?: boolean | undefined
  /** How many connections reads may take, 10 by default; one more writes, two are for followers and one listens. */
  readonly connections?: number | undefined
  /** How a search looks: for how long at most (Default: 15 ms), in parts of how many entries; for tests. */
  readonly search?: { readonly budgetMs?: number; readonly width?: number } | undefined
  /** Of each kind of row, those kept in memory that are over, 10,000 by default; others are read when they are asked for. */
  readonly remembered?: number | undefined
}

/** How long the database looks for one page of a search; then the page tells where it stopped. */
const usualBudgetMs = 15

const tenant = 'default'

/**
 * Brings the tables up to date first.
 *
 * @throws ERR_CONFIG_INVALID for a server that may forget what it acknowledged, ERR_STORE_UNAVAILABLE if there is none
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { keys, origin, namedStatements, connections } = options
  const connection =
    typeof options.connection === 'string' ? { connectionString: options.connection } : options.connection
  const vault = createVault(keys)
  const db = openDb({ connection, namedStatements, connections })
  try {
    await checkFitness(db)
    await migrate(db)
    await foundHead(db, tenant)
  } catch (error) {
    await db.close()
    throw error
  }

  const databaseClock = options.clock === undefined ? await createDatabaseClock(db) : undefined
  const clock: Clock = options.clock ?? databaseClock ?? Date
  const recorder = createRecorder(vault)
  const tail = createTail({ db, tenant })
  const recent = createRecent()
  const terms = createTerms(vault.lookup)
  const runs = createRuns()
  const rowless = createRowless({ db, tenant, terms, runs, current: () => committer.current() })
  const segments = createSegments({ db, tenant, recorder })
  const entries = createEntries({ db, tenant, segments, recent, rowless })
  const subjects = createSubjects({ db, tenant, vault, entries, rowless })
  const reading: Reading = { db, tenant, entries, rowless, lookup: vault.lookup, now: () => clock.now() }
  const ledger = createLedger({ db, tenant, origin })
  const { budgetMs = usualBudgetMs, width = usualWidth } = options.search ?? {}
  const lives = createLives(reading)
  const find = createFind({ ...reading, terms, width, budgetMs })
  const statistics = keepStatistics(db, (await ledger.head()).size)
  const writer = createWriter({ config: configOf(connection), namedStatements: namedStatements ?? true })
  const keysOfWorld = keysOf(vault.lookup)
  const resident = createResident({
    writer,
    tenant,
    keys: keysOfWorld,
    runs,
    missed: entries.missed,
    remembered: options.remembered,
    erased: subjects.forget,
  })
  const permits = createPermits(reading, resident.abandon)
  const committer = createCommitter({
    writer,
    resident,
    tenant,
    keys: keysOfWorld,
    recorder,
    subjects,
    clock,
    clockDecides: options.clock !== undefined,
    compareClocks: async () => databaseClock?.compare(),
    permit: (id) => permits.get(id),
    missed: (from) => entries.missed(from, pageSize, writer),
    grown(size, written) {
      recent.remember(written)
      tail.grown(size)
      statistics.grown(size)
    },
  })
  try {
    await committer.start()
  } catch (error) {
    await Promise.all([committer.close(), statistics.close(), tail.close()])
    databaseClock?.close()
    await db.close()
    throw error
  }

  const journal = createJournal({
    ...reading,
    tail,
    recent,
    terms,
    segments,
    world: () => resident.world,
    record: committer.erase,
  })
  const agents = createAgents(reading)
  const index = createIndex({ ...reading, lives, terms, partitions: createPartitions(db, width), recent, journal })

  return {
    clock,
    commit: (change) => committer.commit(change),
    approvals: createApprovals(reading),
    permits,
    agents: {
      ...agents,
      byKey: rememberKeys({
        look: agents.byKey,
        world: () => resident.world,
        isCurrent: () => tail.endsAt(resident.end.size),
      }),
    },
    people: createPeople(reading),
    tools: createTools(reading),
    actions: { ...createActions({ ...reading, lives, terms, find }), index },
    journal,
    ledger,
    lineage: createLineage({ db, tenant, lives, find, terms }),
    leases: createLeases({ db, tenant, clock: options.clock }),
    tombstones: createTombstones({ db, tenant, clock: options.clock }),
    outbox: createOutbox({ db, tenant, clock: options.clock }),
    check: () => checkState({ ...reading, lives, terms }),
    secrets: createSecrets({ db, tenant, vault, subjects }),
    async close() {
      await committer.close()
      await index.close()
      await statistics.close()
      databaseClock?.close()
      await tail.close()
      await db.close()
    },
  }
}
