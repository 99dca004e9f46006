import type { Clock, DeadLetter, Letter, Outbox, QueuedLetter } from '@countersign/core'
import type { Db, Row } from '../db.ts'
import { integerArray, textArray } from '../values.ts'

/** `clock` in place of the database's. */
export function createOutbox({ db, tenant, clock }: { db: Db; tenant: string; clock: Clock | undefined }): Outbox {
  const now = () => clock?.now() ?? null
  const keyOf = ({ channel, recipient, notice }: Letter) => [tenant, channel, recipient, notice]

  return {
    async put(letters) {
      if (letters.length === 0) return
      await db.query(forget, [tenant, rememberedMs, now()])
      const column = (name: Exclude<keyof Letter, 'entry'>) => textArray(letters.map((letter) => letter[name]))
      const entries = integerArray(letters.map(({ entry }) => entry))
      const columns = [column('channel'), column('recipient'), column('notice'), column('approval'), entries]
      await db.query(put, [tenant, ...columns, now()])
    },
    due: (channels, limit) => db.query<QueuedLetter & Row>(due, [tenant, [...channels], limit, now()]),
    async delivered(letter, message) {
      await db.query(settle, [...keyOf(letter), 'delivered', message, null, now()])
    },
    async giveUp(letter, code) {
      await db.query(settle, [...keyOf(letter), 'dead', null, code, now()])
    },
    async later(letter, code, afterMs) {
      await db.query(later, [...keyOf(letter), code, afterMs, now()])
    },
    async message({ channel, recipient, approval }) {
      const [found] = await db.query<{ message: string }>(message, [tenant, channel, recipient, approval])
      return found?.message
    },
    async state() {
      const [[counted], dead] = await Promise.all([
        db.query<{ waiting: number }>(count, [tenant]),
        db.query<DeadLetter & Row>(newestDead, [tenant]),
      ])
      return { waiting: counted?.waiting ?? 0, dead }
    },
  }
}

/** What was settled is remembered so long, so that what is put again is not delivered again. */
const rememberedMs = 7 * 24 * 3_600_000

const nowOr = (given: string) =>
  `coalesce(${given}::bigint, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`

const forget = {
  name: 'outbox_forget',
  text: `delete from outbox where tenant = $1 and settled_at is not null and settled_at <= ${nowOr('$3')} - $2::bigint`,
}
const put = {
  name: 'outbox_put',
  text: `insert into outbox (tenant, channel, recipient, notice, approval, entry, queued_at, due_at)
    select $1, each.*, ${nowOr('$7')}, ${nowOr('$7')}
      from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as each
    on conflict (tenant, channel, recipient, notice) do nothing`,
}
const due = {
  name: 'outbox_due',
  text: `select channel, recipient, notice, approval, entry, tries, queued_at as "queuedAt" from (
      select distinct on (channel, recipient) * from outbox
      where tenant = $1 and state = 'waiting' and channel = any($2::text[]) order by channel, recipient, entry
    ) as first where due_at <= ${nowOr('$4')} order by due_at limit $3`,
}
const settle = {
  name: 'outbox_settle',
  text: `update outbox set state = $5, message = $6, code = $7, settled_at = ${nowOr('$8')}
    where tenant = $1 and channel = $2 and recipient = $3 and notice = $4 and state = 'waiting'`,
}
const later = {
  name: 'outbox_later',
  text: `update outbox set tries = tries + 1, code = $5, due_at = ${nowOr('$7')} + $6::bigint
    where tenant = $1 and channel = $2 and recipient = $3 and notice = $4 and state = 'waiting'`,
}
const message = {
  name: 'outbox_message',
  text: `select message from outbox where tenant = $1 and channel = $2 and recipient = $3 and approval = $4
    and state = 'delivered' and message <> '' order by entry desc limit 1`,
}
const count = {
  name: 'outbox_waiting',
  text: `select count(*)::int as waiting from outbox where tenant = $1 and state = 'waiting'`,
}
const newestDead = {
  name: 'outbox_dead',
  text: `select channel, recipient, notice, approval, entry, code, settled_at as "diedAt" from outbox
    where tenant = $1 and state = 'dead' order by settled_at desc limit 20`,
}
