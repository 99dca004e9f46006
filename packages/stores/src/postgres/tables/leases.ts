import type { Clock, Store } from '@countersign/core'
import type { Db } from '../db.ts'

/** `clock` in place of the database's. */
export function createLeases({
  db,
  tenant,
  clock,
}: {
  db: Db
  tenant: string
  clock: Clock | undefined
}): Store['leases'] {
  return {
    async hold(name, holder, forMs) {
      const [row] = await db.query<{ epoch: number }>(hold, [tenant, name, holder, forMs, clock?.now() ?? null])
      return row?.epoch
    },
    async release(name, holder) {
      await db.query(release, [tenant, name, holder])
    },
    list: () => db.query<{ name: string; holder: string; until: number }>(held, [tenant, clock?.now() ?? null]),
  }
}

const nowOr = (given: string) =>
  `coalesce(${given}::bigint, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`
const now = nowOr('$5')

/**
 * Taken over, also by its last holder, it gets the next epoch; the row is never deleted. A lease that would last longer
 * than twice as long as anyone may hold it is one of before the clock was put back.
 */
const hold = {
  name: 'lease_hold',
  text: `insert into lease (tenant, name, holder, epoch, until) values ($1, $2, $3, 1, ${now} + $4::bigint)
    on conflict (tenant, name) do update set holder = excluded.holder, until = excluded.until,
      epoch = case when lease.holder = excluded.holder and lease.until > ${now} then lease.epoch else lease.epoch + 1 end
    where lease.until <= ${now} or lease.holder = excluded.holder or lease.until > ${now} + 2 * $4::bigint
    returning epoch`,
}
const release = {
  name: 'lease_release',
  text: 'update lease set until = 0 where tenant = $1 and name = $2 and holder = $3',
}
const held = {
  name: 'lease_list',
  text: `select name, holder, until from lease where tenant = $1 and until > ${nowOr('$2')} order by name collate "C"`,
}
