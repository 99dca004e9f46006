/**
 * A store for tests and for the first five minutes: everything the port promises except that it outlives the process.
 * It is also the contract in the fewest words; where another store's SQL is hard to read, read `apply.ts`.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import {
  type Clock,
  copyOfFacts,
  CountersignError,
  createVault,
  type Store,
  subjectOf,
  type Vault,
} from '@countersign/core'
import { apply } from './apply.ts'
import { forget } from './forget.ts'
import { createJournal } from './journal.ts'
import { createLeases } from './leases.ts'
import { createTombstones } from './tombstones.ts'
import { createLedger } from './ledger.ts'
import { createLineage } from './lineage.ts'
import { createReads } from './reads.ts'
import { createState, sequenceOf, subjectOfAction } from './state.ts'
import { createTables } from './tables.ts'

export interface MemoryStoreParts {
  readonly clock: Clock
  /** Without one, keys that die with the process, as everything in here does. */
  readonly vault?: Vault
  /** First line of the ledger's checkpoints. */
  readonly origin?: string
}

export function createMemoryStore({
  clock,
  vault = createVault({ kek: randomBytes(32), tenant: randomBytes(32) }),
  origin = 'memory/default',
}: MemoryStoreParts): Store {
  const tables = createTables()
  const state = createState(tables)
  const ledger = createLedger(origin)
  const journal = createJournal(
    vault,
    (subject) => forget(state, subject),
    (fact) => commit({ facts: [fact] }),
  )
  const kept = new Map<string, string>()
  let newestAt = 0
  let closed = false

  /** Waits for nothing, so that no other commit comes between the look and the write. */
  const commit: Store['commit'] = async ({ facts, notAfter }) => {
    if (closed) throw new CountersignError('ERR_STORE_UNAVAILABLE', { store: 'closed' })
    const now = clock.now()
    if (notAfter !== undefined && now > notAfter) throw new CountersignError('ERR_STORE_LATE', { now, notAfter })

    const at = Math.max(now, newestAt)
    const first = journal.size
    const entries = tables.wholly(() =>
      structuredClone(copyOfFacts(facts)).map((fact, place) => {
        const sequence = sequenceOf(state, fact)
        apply(state, fact, { index: first + place, at })
        const subject = subjectOf(fact, (id) => subjectOfAction(state, id))
        return journal.seal(fact, { subject, at, sequence })
      }),
    )
    newestAt = at
    for (const { leaf } of entries) ledger.append(leaf)
    journal.append(entries)
    return first
  }

  return {
    clock,
    commit,

    ...createReads(state, journal, clock),

    journal,
    ledger,
    lineage: createLineage(),
    leases: createLeases(clock),
    tombstones: createTombstones(clock),

    /** What is stored here is nothing but what the facts added up to, and nobody else can write it. */
    check: async () => ({ entries: journal.size, rows: 0, erased: 0, differences: [] }),

    secrets: {
      async keep(value) {
        const reference = vault.secretReference(value)
        kept.set(reference, value)
        return reference
      },
      async reveal(reference) {
        const value = kept.get(reference)
        if (value === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN', { reference })
        return value
      },
    },

    async close() {
      closed = true
      journal.close()
    },
  }
}
