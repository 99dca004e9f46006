/**
 * A store for tests and for the first five minutes: everything the port promises except that it outlives the process.
 * It is also the contract in the fewest words: the world, whole, and the journal that it adds up.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import {
  applyFacts,
  type Clock,
  copyOfFacts,
  CountersignError,
  createVault,
  emptyWorld,
  forget,
  forgetEntry,
  isInUse,
  keysOf,
  type Store,
  subjectsOf,
  type Vault,
} from '@countersign/core'
import { createJournal } from './journal.ts'
import { createLeases } from './leases.ts'
import { createTombstones } from './tombstones.ts'
import { createLedger } from './ledger.ts'
import { createLookups } from './lookups.ts'
import { createOutbox } from './outbox.ts'
import { createReads } from './reads.ts'

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
  const world = emptyWorld()
  const keys = keysOf(vault.lookup)
  const lookups = createLookups(keys)
  const ledger = createLedger(origin)
  const journal = createJournal(
    vault,
    (subject) => forget(world, subject),
    (fact) => commit({ facts: [fact] }),
    { isInUse: (index) => isInUse(world, index), forgetEntry: (index) => forgetEntry(world, index) },
  )
  const secrets = new Map<string, string>()
  let newestAt = 0
  let closed = false

  /** Waits for nothing, so that no other commit comes between the look and the write. */
  const commit: Store['commit'] = async ({ facts: given, notAfter, notBefore }) => {
    if (closed) throw new CountersignError('ERR_STORE_UNAVAILABLE', { store: 'closed' })
    const now = clock.now()
    if (notAfter !== undefined && now > notAfter) throw new CountersignError('ERR_STORE_LATE', { now, notAfter })
    if (notBefore !== undefined && now < notBefore) throw new CountersignError('ERR_STORE_CONFLICT', { now, notBefore })

    const facts = copyOfFacts(given)
    const first = journal.size
    const at = Math.max(now, newestAt)
    const subjects = subjectsOf(facts, (action) => world.actions.get(action)?.subject)
    const slots = subjects.map((subject, position) => ({ index: first + position, at, subject }))
    const applied = applyFacts(facts, slots, { world, keys })
    if ('refused' in applied) {
      const { code, detail, permit } = applied.refused
      throw new CountersignError(code, permit === undefined ? detail : (await store.permits.get(permit))?.permit)
    }
    newestAt = at
    for (const [position, fact] of facts.entries()) {
      const { index = 0, subject = '' } = slots[position] ?? {}
      ledger.append(journal.append(fact, { subject, at, sequence: applied.sequences[position] }))
      lookups.take(fact, index)
    }
    journal.wake()
    return first
  }

  const store: Store = {
    clock,
    commit,

    ...createReads({ world, keys, lookups, journal, clock }),

    journal,
    ledger,
    leases: createLeases(clock),
    tombstones: createTombstones(clock),
    outbox: createOutbox(clock),

    /** What is stored here is nothing but what the facts added up to, and nobody else can write it. */
    check: async () => ({ entries: journal.size, rows: 0, erased: 0, differences: [] }),

    secrets: {
      async keep(value) {
        const reference = vault.secretReference(value)
        secrets.set(reference, value)
        return reference
      },
      async reveal(reference) {
        const value = secrets.get(reference)
        if (value === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN', { reference })
        return value
      },
    },

    async close() {
      closed = true
      journal.close()
    },
  }
  return store
}
