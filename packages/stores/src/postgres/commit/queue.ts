/**
 * Commits that wait to be written, oldest first, and how many of them go together.
 *
 * @module
 */
import { CountersignError, deferred, type Refused } from '@countersign/core'
import { setImmediate } from 'node:timers/promises'
import type { Command, Judged } from './judge.ts'
import type { Writer } from './writer.ts'

export interface Waiting extends Command {
  readonly since: number
  /** Goes behind it in the same transaction. */
  readonly also: ((writer: Writer) => Promise<void>) | undefined
  /** It was sent, and nobody heard what became of it: if it stands, then among these places. */
  unsure: { readonly from: number; readonly to: number } | undefined
  resolve(result: Result): void
  reject(error: unknown): void
}

export type Result = { readonly index: number } | { readonly refused: Refused }

export interface Queue {
  readonly length: number
  /** @throws ERR_STORE_UNAVAILABLE if too many wait */
  push(waiting: Waiting): void
  /** To the front, in their order. */
  putBack(batch: readonly Waiting[]): void
  /** Once everybody of this turn is here; what nobody waits for waits for others, for a moment. */
  company(): Promise<void>
  /** Those that go together next: a stop first and alone (P15), and alone what writes more than a batch. */
  take(single: boolean): Waiting[]
  takeAll(): Waiting[]
  /** Nothing waits for company any more. */
  hurry(): void
}

/** Commits written by one statement: more would make the first wait long for the last. Others go with the next. */
const mostCommands = 256
/** Entries written by one statement, for the same reason; a single commit with more goes by itself. */
const mostFacts = 1_000
/**
 * Text in one statement: a batch on its way keeps everyone else waiting, so large entries travel in several.
 */
const mostBytes = 8 << 20
/** Commits that wait for their turn, some seconds of work; one more is refused as if the store were away. */
const mostWaiting = 20_000
/** How long what nobody waits for may wait for company. */
const lazyMs = 20

/** Callers woken at a time after a batch, so that the first are on their way before the last wake up. */
const atOnce = 64

export function createQueue(): Queue {
  let queue: Waiting[] = []
  /** Those that somebody waits for, and stops. */
  let [eager, stops] = [0, 0]
  let more = deferred<void>()
  let hurried = false

  function count(batch: readonly Waiting[], by: 1 | -1): void {
    for (const { change } of batch) {
      if (change.lazy !== true) eager += by
      if (isStop(change)) stops += by
    }
  }
  function taken(batch: Waiting[]): Waiting[] {
    count(batch, -1)
    return batch
  }

  return {
    get length() {
      return queue.length
    },
    push(waiting) {
      if (queue.length >= mostWaiting) throw new CountersignError('ERR_STORE_UNAVAILABLE')
      queue.push(waiting)
      count([waiting], 1)
      if (eager > 0) more.resolve()
    },
    putBack(batch) {
      queue.unshift(...batch)
      count(batch, 1)
    },
    async company() {
      while (eager === 0 && !hurried) {
        const restMs = (queue[0]?.since ?? 0) + lazyMs - performance.now()
        if (restMs <= 0) break
        more = deferred()
        const timer = setTimeout(more.resolve, restMs)
        await more.promise
        clearTimeout(timer)
      }
      await setImmediate()
    },
    take(single) {
      const stop = stops === 0 ? -1 : queue.findIndex(({ change }) => isStop(change))
      if (stop !== -1) return taken(queue.splice(stop, 1))
      if (single || queue[0]?.also) return taken(queue.splice(0, 1))
      let facts = 0
      let sizeBytes = 0
      const end = queue.findIndex(({ prepared, also }, position) => {
        facts += prepared.length
        for (const { payload } of prepared) sizeBytes += payload.length
        return position > 0 && (also || position >= mostCommands || facts > mostFacts || sizeBytes > mostBytes)
      })
      return taken(queue.splice(0, end === -1 ? queue.length : end))
    },
    takeAll() {
      const all = queue
      queue = []
      return taken(all)
    },
    hurry() {
      hurried = true
      more.resolve()
    },
  }
}

const isStop = ({ facts }: Waiting['change']): boolean =>
  facts.some((fact) => fact.kind === 'agent.changed' && fact.agent.status === 'stopped')

/** A few at a time, so that the first are on their way again before the last have woken up. */
export async function answer({ placed, refused }: Pick<Judged<Waiting>, 'placed' | 'refused'>): Promise<void> {
  for (const { command, refused: why } of refused) command.resolve({ refused: why })
  for (const [position, { command, index }] of placed.entries()) {
    if (position > 0 && position % atOnce === 0) await setImmediate()
    command.resolve({ index })
  }
}
