/**
 * What a commit says to the database, and what it asks of it around a batch.
 *
 * @module
 */
import { CountersignError, decodeBundle, type Recorder } from '@countersign/core'
import { encodeNodes } from '../head.ts'
import { partsOfEntries } from './entries.ts'
import type { Judged } from './judge.ts'
import { type End, putOf } from './put.ts'
import type { Waiting } from './queue.ts'
import type { SubjectKey } from './subjects.ts'
import type { Turns } from './turn.ts'
import type { Writer } from './writer.ts'

export interface Sender {
  /** Whether it was written; or, where nothing is to be written, whether it was judged on the end of the ledger. */
  send(judged: Judged<Waiting>, at: Behind): Promise<boolean>
  /** The end of the ledger, and the database's time. @throws ERR_LEDGER_BROKEN */
  end(): Promise<End & { readonly now: number }>
  /**
   * What was sent before may have been written without our hearing of it: then it stands. Where, by the ids of entries; nothing
   * of it is unsure any more.
   */
  standing(batch: readonly Waiting[]): Promise<ReadonlyMap<string, number>>
}

/** What a batch was judged on, and when. */
export interface Behind {
  readonly end: End
  readonly at: number
  /** Of all subjects of its entries. */
  readonly keys: ReadonlyMap<string, SubjectKey>
}

export interface SenderParts {
  readonly writer: Writer
  readonly tenant: string
  readonly recorder: Recorder
  readonly turns: Turns
  /** In place of the database's clock, for tests. */
  now(): number | undefined
}

export const isSameEnd = (one: End, other: End): boolean =>
  one.size === other.size && Buffer.compare(one.root, other.root) === 0

export function createSender({ writer, tenant, recorder, turns, now }: SenderParts): Sender {
  const sender: Sender = {
    async send({ placed, frontier, parts: rows, entries, permits, ...judged }, { end, at, keys }) {
      if (entries.length === 0 && rows.length === 0) return isSameEnd(await sender.end(), end)
      const also = placed[0]?.command.also
      if (also) {
        await writer.query({ name: '', text: 'begin' })
        await writer.query(takesLonger)
      }
      const { statement, values } = putOf({
        tenant,
        behind: end,
        size: frontier.size,
        frontier: encodeNodes(frontier.save()),
        root: frontier.root(),
        at,
        settled: permits.settled,
        now: now(),
        notAfter: judged.notAfter,
        notBefore: judged.notBefore,
        attempts: judged.attempts,
        turn: turns.mine(),
        parts: [...partsOfEntries(entries, recorder, keys), ...rows],
      })
      for (const { command } of placed) command.unsure = { from: end.size, to: frontier.size }
      const won = (await writer.query(statement, values)).length > 0
      if (also) {
        if (won) await also(writer)
        await writer.query({ name: '', text: 'commit' })
      }
      for (const { command } of placed) command.unsure = undefined
      return won
    },

    async end() {
      const [end] = await writer.query<{ now: number; size: number; root: Uint8Array }>(endNow, [tenant])
      if (end === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
      return end
    },

    async standing(batch) {
      const unsure = batch.flatMap((waiting) => waiting.unsure ?? [])
      if (unsure.length === 0) return new Map()
      const bounds = [Math.min(...unsure.map(({ from }) => from)), Math.max(...unsure.map(({ to }) => to))]
      const found = await writer.query<{ first: number; leaves: Uint8Array }>(segmentsBetween, [tenant, ...bounds])
      for (const waiting of batch) waiting.unsure = undefined
      return new Map(
        found.flatMap(({ first, leaves }) =>
          decodeBundle(leaves).map((leaf, place) => [idOf(leaf), first + place] as const),
        ),
      )
    },
  }
  return sender
}

/** Erasing somebody goes through all that is recorded of them. */
const takesLonger = {
  name: '',
  text: `select set_config(name, '30000', true) from pg_settings where name = 'transaction_timeout'`,
}
const endNow = {
  name: 'end_now',
  text: `select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now, size, root from head where tenant = $1`,
}
const segmentsBetween = {
  name: 'segments_between',
  text: 'select first, leaves from segment where tenant = $1 and first >= $2 and first < $3',
}
const idOf = (leaf: Uint8Array): string => (JSON.parse(Buffer.from(leaf).toString('utf8')) as { id: string }).id
