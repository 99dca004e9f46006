/**
 * What a commit says to the database, and what it asks of it around a batch.
 *
 * @module
 */
import { CountersignError, decodeBundle, type Recorder } from '@countersign/core'
import { encodeNodes } from '../head.ts'
import { partsOfEntries } from './entries.ts'
import type { Hold } from './hold.ts'
import type { Judged } from './judge.ts'
import { type End, putOf } from './put.ts'
import type { Waiting } from './queue.ts'
import type { SubjectKey } from './subjects.ts'
import type { Writer } from './writer.ts'

export interface Sender {
  /** Whether it was written; or, where nothing is to be written, whether it was judged on the end of the ledger. */
  send(judged: Judged<Waiting>, at: Behind): Promise<boolean>
  /** The end of the ledger, and the database's time. @throws ERR_LEDGER_BROKEN */
  end(): Promise<End & { readonly now: number }>
  /**
   * What was sent before may have been written without our hearing of it: whoever stands is told where, by the id of its entry;
   * nothing of the others is unsure any more.
   */
  unwritten(batch: readonly Waiting[]): Promise<readonly Waiting[]>
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
  readonly hold: Hold
  /** In place of the database's clock, for tests. */
  now(): number | undefined
}

export const isSameEnd = (one: End, other: End): boolean =>
  one.size === other.size && Buffer.compare(one.root, other.root) === 0

export function createSender({ writer, tenant, recorder, hold, now }: SenderParts): Sender {
  const sender: Sender = {
    async send({ placed, frontier, parts: rows, entries, permits, ...judged }, { end, at, keys }) {
      if (entries.length === 0 && rows.length === 0) {
        if (!hold.isOpen) return isSameEnd(await sender.end(), end)
        await hold.letGo()
        return true
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
        parts: [...partsOfEntries(entries, recorder, keys), ...rows],
      })
      for (const { command } of placed) command.unsure = { from: end.size, to: frontier.size }
      const also = placed[0]?.command.also
      const put = writer.query(statement, values)
      const [{ length }] = await Promise.all([put, hold.isOpen && !also ? hold.stands() : undefined])
      if (length > 0) await also?.(writer)
      if (also) await hold.stands()
      for (const { command } of placed) command.unsure = undefined
      return length > 0
    },

    async end() {
      const [end] = await writer.query<{ now: number; size: number; root: Uint8Array }>(endNow, [tenant])
      if (end === undefined) throw new CountersignError('ERR_LEDGER_BROKEN', { head: 'missing' })
      return end
    },

    async unwritten(batch) {
      const unsure = batch.flatMap((waiting) => waiting.unsure ?? [])
      if (unsure.length === 0) return batch
      const bounds = [Math.min(...unsure.map(({ from }) => from)), Math.max(...unsure.map(({ to }) => to))]
      const found = await writer.query<{ first: number; leaves: Uint8Array }>(segmentsBetween, [tenant, ...bounds])
      const standing = new Map(
        found.flatMap(({ first, leaves }) =>
          decodeBundle(leaves).map((leaf, place) => [idOf(leaf), first + place] as const),
        ),
      )
      return batch.filter((waiting) => {
        waiting.unsure = undefined
        const index = standing.get(waiting.prepared[0]?.id ?? '')
        if (index !== undefined) waiting.resolve({ index })
        return index === undefined
      })
    },
  }
  return sender
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
