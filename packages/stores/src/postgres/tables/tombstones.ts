import type { Clock, Store } from '@countersign/core'
import type { Db } from '../db.ts'
import { jointly } from './jointly.ts'

/** `clock` in place of the database's. */
export function createTombstones({
  db,
  tenant,
  clock,
}: {
  db: Db
  tenant: string
  clock: Clock | undefined
}): Store['tombstones'] {
  const standing = jointly(async (names) => {
    const rows = await db.query(stands, [tenant, names, clock?.now() ?? null])
    return new Map(rows.map(({ name }) => [String(name), true]))
  })
  return {
    async put(name, forMs) {
      await db.query(clear, [tenant, clock?.now() ?? null])
      await db.query(put, [tenant, name, forMs, clock?.now() ?? null])
    },
    async stands(name) {
      return (await standing(name)) === true
    },
  }
}

const nowOr = (given: string) =>
  `coalesce(${given}::bigint, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`

const clear = { name: 'tombstone_clear', text: `delete from tombstone where tenant = $1 and until <= ${nowOr('$2')}` }
const put = {
  name: 'tombstone_put',
  text: `insert into tombstone (tenant, name, until) values ($1, $2, ${nowOr('$4')} + $3::bigint)
    on conflict (tenant, name) do update set until = greatest(tombstone.until, excluded.until)`,
}
const stands = {
  name: 'tombstone_stands',
  text: `select name from tombstone where tenant = $1 and name = any($2) and until > ${nowOr('$3')}`,
}
