import { CountersignError, keysOf, type PermitLife, type PermitRow, searchable, type Store } from '@countersign/core'
import type { PermitRecord } from '@countersign/schema'
import { factAt } from './entries.ts'
import type { Reading } from './reading.ts'
import { isReadable } from './segments.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
  readonly ended: number | null
  readonly delivered: boolean
  readonly abandoned: boolean
}

type Which = Parameters<Store['permits']['abandon']>[0]

export function createPermits(
  { db, tenant, entries, rowless, lookup, now }: Reading,
  abandoned: (which: Which) => void,
): Store['permits'] {
  const keys = keysOf(lookup)

  async function lives(rows: readonly Found[]): Promise<PermitLife[]> {
    const found = await entries.at(rows.flatMap(({ entry, ended }) => (ended === null ? [entry] : [entry, ended])))
    return rows.flatMap(({ entry, ended, delivered, abandoned }) => {
      const permit = factAt(found, entry, 'action.permitted')?.permit
      if (permit === undefined) return []
      const end = factAt(found, ended, 'action.finished')
      const finishedAt = ended === null ? undefined : found.get(ended)?.at
      const gone = abandoned && ({ abandoned } as const)
      return [{ permit, outcome: end?.outcome, finishedAt, delivered, result: end?.result, ...gone }]
    })
  }
  async function one(rows: readonly Found[], isAsked: (permit: PermitRecord) => boolean) {
    const [life] = await lives(rows)
    if (life === undefined || isAsked(life.permit)) return life
    throw new CountersignError('ERR_LEDGER_BROKEN', { permit: life.permit.id, says: 'the row is about something else' })
  }

  /** Those without a row are asked for first: meanwhile they may get one. */
  async function newest(isOne: (row: PermitRow) => boolean, rows: () => Promise<readonly Found[]>): Promise<Found[]> {
    const others = (await rowless.running()).filter(isOne).map(foundIn)
    return [...(await rows()), ...others].toSorted((one, other) => other.entry - one.entry).slice(0, 1)
  }

  return {
    async get(id) {
      const rows = await db.query<Found>(byId, [tenant, id])
      const remembered = rows.length > 0 ? undefined : await rowless.permit(id)
      return one(remembered ? [foundIn(remembered)] : rows, (permit) => permit.id === id)
    },
    byAttempt: async (credential, attemptId) =>
      one(
        await db.query(byAttempt, [tenant, keys.attempt(credential, attemptId)]),
        ({ attempt }) => attempt.credential === credential && attempt.id === attemptId,
      ),
    undelivered: async (credential, digest) =>
      one(await db.query(undelivered, [tenant, searchable(credential), keys.digest(digest)]), isOf(credential, digest)),
    async begun(credential, digest) {
      const [own, digestKey] = [searchable(credential), keys.digest(digest)]
      const isSame = (row: PermitRow) => row.replayable && row.credential === own && row.digestKey === digestKey
      const found = await newest(isSame, () => db.query<Found>(begun, [tenant, own, digestKey]))
      return one(found, isOf(credential, digest))
    },
    async abandon(which) {
      if ('permit' in which) await db.query(abandonOne, [tenant, which.permit])
      else await db.query(abandonOthers, [tenant, which.notOf])
      abandoned(which)
    },
    async openEnded(digest) {
      const digestKey = keys.digest(digest)
      const isSame = (row: PermitRow) => row.digestKey === digestKey
      const found = await newest(isSame, () => db.query<Found>(openEnded, [tenant, digestKey]))
      return one(found, (permit) => permit.asked === digest)
    },
    async unreported() {
      const [found] = await db.query<{ count: number }>(unreported, [tenant, mostCounted])
      return found?.count ?? 0
    },
    async overdue() {
      const others = (await rowless.running()).filter(({ deadline }) => deadline < now())
      const rows = await db.query<Found>(overdue, [tenant, now(), mostOverdue])
      const known = new Set(rows.map(({ entry }) => entry))
      const all = [...rows, ...others.map(foundIn).filter(({ entry }) => !known.has(entry))]
      return (await lives(all.slice(0, mostOverdue))).map(({ permit }) => permit)
    },
  }
}

const foundIn = ({ entry, endedEntry, delivered, abandoned }: PermitRow): Found => ({
  entry,
  ended: endedEntry,
  delivered,
  abandoned,
})

/** Runs past their deadline handed over at once, so that one poll stays short; the others are there at the next. */
const mostOverdue = 100
/** Runs counted that nobody reported: beyond, what matters is that there are many, and a page is not to wait for the sum. */
const mostCounted = 10_000
const isOf = (credential: string, digest: string) => (permit: PermitRecord) =>
  permit.attempt.credential === credential && permit.asked === digest
const columns = 'p.entry, p.ended_entry as ended, p.delivered, p.abandoned'

const byId = { name: 'permit_get', text: `select ${columns} from permit p where p.tenant = $1 and p.id = $2` }

const byAttempt = {
  name: 'permit_by_attempt',
  text: `select ${columns} from permit p where p.tenant = $1 and p.attempt_key = $2`,
}

const undelivered = {
  name: 'permit_undelivered',
  text: `select ${columns} from permit p where p.tenant = $1 and p.credential = $2 and p.digest_key = $3
      and p.replayable and not p.delivered and p.outcome is not null
    order by p.entry desc limit 1`,
}

const begun = {
  name: 'permit_begun',
  text: `select ${columns} from permit p where p.tenant = $1 and p.credential = $2 and p.digest_key = $3
      and p.replayable and p.outcome is null
    order by p.entry desc limit 1`,
}

const abandonOne = {
  name: 'permit_abandon',
  text: 'update permit set abandoned = true where tenant = $1 and id = $2 and outcome is null',
}
const abandonOthers = {
  name: 'permit_abandon_others',
  text: `update permit set abandoned = true
    where tenant = $1 and outcome is null and not abandoned and node <> all($2::text[])`,
}

/** Three looks, each by an index: those that run are few, and so are those whose end nobody saw. */
const openEnded = {
  name: 'permit_open_ended',
  text: `select * from (
      select ${columns} from permit p where p.tenant = $1 and p.outcome is null and p.digest_key = $2
      union all
      select ${columns} from permit p where p.tenant = $1 and p.outcome = 'unknown' and p.digest_key = $2
      union all
      select ${columns} from permit p where p.tenant = $1 and p.outcome = 'unreported' and p.digest_key = $2
    ) as found order by entry desc limit 1`,
}

const unreported = {
  name: 'permit_count_unreported',
  text: `select count(*)::int as count from
    (select from permit where tenant = $1 and outcome = 'unreported' limit $2) as found`,
}

/** What was erased cannot be told, so it is left out, and takes no other's place. */
const overdue = {
  name: 'permit_overdue',
  text: `select ${columns} from permit p
    where p.tenant = $1 and p.outcome is null and p.deadline < $2 and ${isReadable('p.entry')} order by p.deadline limit $3`,
}
