/**
 * The one way in. Whoever comes while a batch is on its way to disk joins the next one; a batch is judged on the world in
 * memory and written by one statement, which stands only behind the end of the ledger that it was judged on.
 *
 *   queue ─▶ judge ─▶ put ─┬─ won: the world changes, everybody is answered
 *     ▲                    ├─ lost: others were first; what they wrote is taken up, and all of it is judged again
 *     └────────────────────┴─ no answer: nobody knows; the old server process is ended, and the ledger says what stands
 *
 * A refusal is an answer about the ledger as well: it is given only once a batch that was judged on the same world stands, or
 * the end of the ledger was seen to be where it was. One batch is on its way; where others write too, `hold.ts` comes first.
 *
 * @module
 */
import {
  type Change,
  type Clock,
  copyOfFacts,
  CountersignError,
  isError,
  type Keys,
  type PermitLife,
  type Recorder,
  type Refused,
  touchesOf,
  type World,
} from '@countersign/core'
import type { Fact } from '@countersign/schema'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Written } from '../tables/recent.ts'
import type { Owned } from '../tables/segments.ts'
import { isTransient, isUnreachable, withoutValues } from '../trouble.ts'
import { broken } from './constraints.ts'
import { createHold } from './hold.ts'
import { type Command, type Judged, judge } from './judge.ts'
import { loadAttempts } from './load.ts'
import { answer, createQueue, type Result, type Waiting } from './queue.ts'
import type { Resident } from './resident.ts'
import { keptAfterMs } from './runs.ts'
import { createSender, isSameEnd } from './sender.ts'
import type { Subjects } from './subjects.ts'
import type { Writer } from './writer.ts'

export interface CommitterParts {
  readonly writer: Writer
  readonly resident: Resident
  readonly tenant: string
  readonly keys: Keys
  readonly recorder: Recorder
  readonly subjects: Subjects
  /** The database's clock, as far as it is known here. */
  readonly clock: Clock
  /** Whether `clock` decides instead of the database's. */
  readonly clockDecides: boolean
  /** Asks the database for its time. */
  compareClocks(): Promise<void>
  permit(id: string): Promise<PermitLife | undefined>
  /** Entries from one place on, read by the connection that writes. */
  missed(from: number): Promise<readonly Owned[]>
  /** Told after each batch how far the ledger reaches, and what came. */
  grown(size: number, written: readonly Written[]): void
}

export interface Committer {
  /** Reaches the server and reads the world. */
  start(): Promise<void>
  commit(change: Change): Promise<number>
  /** As it is at the end of the ledger now, whoever wrote it. Nothing of it is kept: it goes on changing. */
  current(): Promise<World>
  /**
   * Writes that a subject is erased, and in the same transaction does so: nobody else writes meanwhile. `also` goes behind it on
   * the same connection.
   */
  erase(fact: Fact, also: (writer: Writer) => Promise<void>): Promise<void>
  /** Waits for everything that was handed over. */
  close(): Promise<void>
}

/** Tries to reach a server that is away; then everybody who waits is told so. */
const mostTries = 5
/** How long whoever waits is kept waiting while the server is away: they shall soon know. */
const patienceMs = 2_000
/** Before a batch goes again whose time the database did not take. */
const againMs = 5

export function createCommitter(parts: CommitterParts): Committer {
  const { writer, resident, tenant, keys, recorder, subjects, clock, clockDecides } = parts
  const queue = createQueue()
  const hold = createHold(parts)
  const sender = createSender({ ...parts, hold, now: () => (clockDecides ? clock.now() : undefined) })
  let working: Promise<void> | undefined
  /** Others have written, or may have. */
  let behind = true
  /** There is no connection that can be trusted. */
  let cut = true
  /** The database's time, if it was told a moment ago. */
  let told: number | undefined
  /** Failures to reach the server, in a row. */
  let tries = 0
  /** One that fails must not take the others with it: so many are tried by themselves. */
  let alone = 0
  const handedOver = new Set<Promise<number>>()
  /** Until runs that go on get their rows, whether or not somebody writes then. */
  let keeping: NodeJS.Timeout | undefined
  let closed = false

  return {
    async start() {
      for (let tried = 0; ; tried += 1) {
        try {
          return await reach()
        } catch (cause) {
          cutOff()
          if (!isUnreachable(cause)) throw cause
          if (tried >= mostTries) throw new CountersignError('ERR_STORE_UNAVAILABLE', undefined, { cause })
          await sleep(pauseMs(tried))
        }
      }
    },
    commit: (change) => handOver(change, undefined),
    async current() {
      await handOver({ facts: [] }, undefined)
      return resident.world
    },
    erase: async (fact, also) => void (await handOver({ facts: [fact] }, also)),
    async close() {
      closed = true
      clearTimeout(keeping)
      queue.hurry()
      await Promise.allSettled(handedOver)
      await working
      await writer.close()
    },
  }

  function handOver(change: Change, also: Waiting['also']): Promise<number> {
    if (closed) return Promise.reject(new CountersignError('ERR_STORE_UNAVAILABLE'))
    const written = write(change, also).finally(() => handedOver.delete(written))
    handedOver.add(written)
    return written
  }

  async function write({ facts: given, ...when }: Change, also: Waiting['also']): Promise<number> {
    const change: Change = { ...when, facts: copyOfFacts(given) }
    const named = await subjects.of(change.facts)
    const prepared = change.facts.map((fact, position) => recorder.prepare(fact, named[position] ?? 'system'))
    const result = await join({ change, prepared, touches: touchesOf(change.facts, keys) }, also)
    if ('refused' in result) throw await refusal(result.refused)
    return result.index
  }

  function join(command: Command, also: Waiting['also']): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      queue.push({ ...command, also, since: performance.now(), unsure: undefined, resolve, reject })
      working ??= work()
    })
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      await queue.company()
      const batch = queue.take(alone > 0)
      try {
        await attempt(batch)
        alone = Math.max(0, alone - 1)
      } catch (error) {
        await trouble(batch, error)
      }
    }
    working = undefined // in the same step as the look at the queue: whoever comes next starts anew
  }

  /** A connection, and the world at the end of the ledger. */
  async function reach(): Promise<void> {
    if (cut) await writer.reconnect()
    cut = false
    await hold.free()
    if (behind) await resident.catchUp()
    behind = false
  }

  async function attempt(batch: readonly Waiting[]): Promise<void> {
    await reach()
    const fresh = await sender.unwritten(batch)
    tries = 0
    if (fresh.length === 0) return
    const also = fresh[0]?.also
    if ((also !== undefined || hold.isWorthIt) && !(await hold.take(also !== undefined))) {
      behind = true
      return queue.putBack(fresh)
    }
    await resident.fetch(fresh.map(({ touches }) => touches.reads))
    const at = Math.max(told ?? clock.now(), resident.end.at)
    told = undefined
    const { world, end, runs } = resident
    const judged = judge(fresh, { world, frontier: end.frontier, at, keys, runs, all: also !== undefined })
    const own = await subjects.keys(judged.entries.map(({ prepared }) => prepared.subject))
    if (await sender.send(judged, { end, at, keys: own })) {
      resident.stands(judged, at)
      if (judged.written.length > 0) parts.grown(end.size + judged.written.length, judged.written)
      keepRunsLater()
      await answer(judged)
      return also && loadAnew()
    }
    queue.putBack(await whyNot(judged, fresh))
  }

  function keepRunsLater(): void {
    const [one] = resident.runs.ids()
    if (one === undefined || keeping !== undefined || closed) return
    const keep = () => {
      keeping = undefined
      handOver({ facts: [] }, undefined).catch(keepRunsLater)
    }
    keeping = setTimeout(keep, keptAfterMs).unref()
  }

  /** Whoever was erased is in none of it any more. The batch stands and has been answered: a failure is none of its business. */
  async function loadAnew(): Promise<void> {
    try {
      await resident.load()
    } catch {
      behind = true
      cutOff()
    }
  }

  /** Whom the database refused is told; the others go again, in their old order. */
  async function whyNot(judged: Judged<Waiting>, batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { end } = resident
    const why = await sender.end()
    if (!isSameEnd(why, end)) {
      behind = true
      hold.rivals()
      return batch
    }
    const known = judged.attempts.length === 0 ? [] : await loadAttempts(writer, tenant, judged.attempts)
    for (const row of known) resident.remember(row)
    const now = clockDecides ? clock.now() : why.now
    const rest = batch.filter(({ change: { notAfter, notBefore }, resolve }) => {
      const late = notAfter !== undefined && now > notAfter
      const early = notBefore !== undefined && now < notBefore
      if (late) resolve({ refused: { code: 'ERR_STORE_LATE', detail: { notAfter, now } } })
      else if (early) resolve({ refused: { code: 'ERR_STORE_CONFLICT', detail: { notBefore, now } } })
      return !late && !early
    })
    if (rest.length === batch.length && known.length === 0) {
      told = clockDecides ? undefined : why.now // by our own clock it was of a time that cannot be
      await parts.compareClocks()
      await sleep(againMs)
    }
    return rest
  }

  /** Never throws. */
  async function trouble(batch: readonly Waiting[], error: unknown): Promise<void> {
    behind = true
    if (hold.isOpen) cutOff()
    if (isTransient(error)) hold.inVain()
    if (isTransient(error)) return queue.putBack(batch)
    if (isUnreachable(error) || isError(error, 'ERR_STORE_UNAVAILABLE')) return away(batch, error)
    if (isError(error, 'ERR_LEDGER_BROKEN')) {
      for (const waiting of [...batch, ...queue.takeAll()]) waiting.reject(error)
      return
    }
    if (batch.length > 1) {
      alone = batch.length
      return queue.putBack(batch)
    }
    for (const waiting of batch) waiting.reject(broken(withoutValues(error)))
  }

  /** Nobody knows what became of the batch; whoever has waited for long enough is told that. */
  async function away(batch: readonly Waiting[], cause: unknown): Promise<void> {
    cutOff()
    tries += 1
    const now = performance.now()
    const isOver = ({ since }: Waiting) => tries > mostTries || now - since > patienceMs
    const all = [...batch, ...queue.takeAll()]
    for (const waiting of all.filter(isOver)) {
      waiting.reject(new CountersignError('ERR_STORE_UNAVAILABLE', undefined, { cause }))
    }
    queue.putBack(all.filter((waiting) => !isOver(waiting)))
    if (tries > mostTries) tries = 0
    else await sleep(pauseMs(tries))
  }

  function cutOff(): void {
    writer.abandon()
    cut = true
    hold.lost()
  }

  async function refusal({ code, detail, permit }: Refused): Promise<Error> {
    if (permit === undefined) return new CountersignError(code, detail)
    return new CountersignError(code, (await parts.permit(permit))?.permit)
  }
}

/** Longer from try to try, and not the same for all. */
const pauseMs = (tried: number): number => 10 * 2 ** tried * (1 + Math.random())
