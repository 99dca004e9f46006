/**
 * Group commit: whoever comes while a batch is on its way to disk joins the next one.
 *
 * @module
 */
import {
  type Change,
  type Clock,
  copyOfFacts,
  CountersignError,
  deferred,
  isError,
  type PermitLife,
  type Recorder,
  type Vault,
} from '@countersign/core'
import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db.ts'
import type { Written } from '../tables/recent.ts'
import { type Command, type Result, settle, type Settled } from './batch.ts'
import { broken } from './constraints.ts'
import type { Subjects } from './subjects.ts'

export interface CommitterParts {
  readonly db: Db
  readonly tenant: string
  readonly vault: Vault
  readonly recorder: Recorder
  readonly subjects: Subjects
  readonly clock: Clock | undefined
  permit(id: string): Promise<PermitLife | undefined>
  /** Told after each batch how far the ledger reaches, and what came. */
  grown(size: number, written: readonly Written[]): void
}

export interface Committer {
  commit(change: Change): Promise<number>
  /** The commands that wait are refused, the batch on its way is waited for. */
  close(): Promise<void>
}

interface Waiting extends Command {
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Commits written in one transaction: more would make the first wait long for the last. Others go with the next. */
const mostCommands = 256
/** Entries written in one transaction, for the same reason; a single commit with more goes by itself. */
const mostFacts = 1_000
/**
 * Encrypted text in one transaction: a batch on its way keeps everyone else waiting, so large entries travel in
 * several.
 */
const mostBytes = 8 << 20
/** Commits that wait for their turn, some seconds of work; one more is refused as if the store were away. */
const mostWaiting = 20_000
/**
 * How often a commit is encrypted anew because its subject's key was destroyed meanwhile; then it is refused as a
 * conflict.
 */
const mostEncryptions = 5
/** Callers woken at a time after a batch, so that the first are on their way before the last wake up. */
const atOnce = 64

export function createCommitter(parts: CommitterParts): Committer {
  const { db, tenant, vault, recorder, subjects, clock } = parts
  const queue: Waiting[] = []
  const running = new Set<Promise<void>>()
  let draining: Promise<void> | undefined
  let closed = false

  return {
    async commit({ facts: given, notAfter }) {
      const facts = copyOfFacts(given)
      const change: Change = notAfter === undefined ? { facts } : { facts, notAfter }
      for (let encryption = 0; encryption < mostEncryptions; encryption += 1) {
        const command = await prepare(change)
        const result = await join(command)
        if (result.kind === 'committed') return result.index
        if (result.kind === 'refused') throw await refusal(result.refused)
        subjects.forget(command.keys.keys())
      }
      throw new CountersignError('ERR_STORE_CONFLICT', { subject: 'is being erased' })
    },
    async close() {
      closed = true
      for (const waiting of queue.splice(0)) waiting.reject(new CountersignError('ERR_STORE_UNAVAILABLE'))
      await draining
      await Promise.all(running)
    },
  }

  async function prepare(change: Change): Promise<Command> {
    if (closed) throw new CountersignError('ERR_STORE_UNAVAILABLE')
    const named = await subjects.of(change.facts)
    const keys = new Map(
      await Promise.all([...new Set(named)].map(async (subject) => [subject, await subjects.key(subject)] as const)),
    )
    const prepared = change.facts.map((fact, position) => {
      const subject = named[position] ?? 'system'
      return recorder.prepare(fact, subject, keys.get(subject)?.wrapped ?? new Uint8Array())
    })
    return { change, prepared, keys }
  }

  function join(command: Command): Promise<Result> {
    if (closed || queue.length >= mostWaiting) throw new CountersignError('ERR_STORE_UNAVAILABLE')
    return new Promise<Result>((resolve, reject) => {
      queue.push({ ...command, resolve, reject })
      draining ??= drain()
    })
  }

  /** The next batch looks, behind the head's lock, while the one before it is on its way to disk. */
  async function drain(): Promise<void> {
    do {
      await setImmediate() // everyone of this turn is in it
      const batch = takeBatch(queue)
      if (batch.length === 0) continue
      const { promise: sent, resolve: send } = deferred<void>()
      const run = runBatch(batch, send)
      running.add(run)
      void run.then(() => running.delete(run))
      await Promise.race([sent, run])
    } while (queue.length > 0)
    draining = undefined // in the same step as the look at the queue: whoever comes next starts anew
  }

  /** One that fails must not take the others with it, so a batch that fails is tried again one by one. */
  async function runBatch(batch: readonly Waiting[], sent: () => void = () => undefined): Promise<void> {
    try {
      const { results, size, written } = await attempt(batch, sent)
      if (results.some(({ kind }) => kind === 'committed')) parts.grown(size, written)
      await letGo(batch, results)
    } catch (error) {
      if (batch.length > 1 && !isError(error, 'ERR_STORE_UNAVAILABLE')) {
        for (const waiting of batch) await runBatch([waiting])
      } else {
        for (const waiting of batch) waiting.reject(broken(error))
      }
    }
  }

  /** A few at a time, so that the first are on their way again before the last have woken up. */
  async function letGo(batch: readonly Waiting[], results: readonly Result[]): Promise<void> {
    for (const [position, waiting] of batch.entries()) {
      if (position > 0 && position % atOnce === 0) await setImmediate()
      waiting.resolve(results[position] as Result)
    }
  }

  /** `said` is called when nothing is left to say but the commit. */
  function attempt(batch: readonly Command[], sent: () => void): Promise<Settled> {
    return db.tx(async (session, tries) => {
      const settled = await settle(session, batch, tries, { tenant, lookup: vault.lookup, clock })
      sent()
      return settled
    })
  }

  async function refusal({ code, detail, permit }: Extract<Result, { kind: 'refused' }>['refused']): Promise<Error> {
    if (permit === undefined) return new CountersignError(code, detail)
    return new CountersignError(code, (await parts.permit(permit))?.permit)
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let facts = 0
  let sizeBytes = 0
  const count = queue.findIndex(({ prepared }, position) => {
    facts += prepared.length
    for (const { blob } of prepared) sizeBytes += blob.length
    return position > 0 && (position >= mostCommands || facts > mostFacts || sizeBytes > mostBytes)
  })
  return queue.splice(0, count === -1 ? queue.length : count)
}
