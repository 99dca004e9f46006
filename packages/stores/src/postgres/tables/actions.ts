import type { Store } from '@countersign/core'
import type { Find } from '../search/find.ts'
import type { Lives } from '../search/lives.ts'
import type { Terms } from '../search/terms.ts'
import { bitsArray } from '../values.ts'
import type { Reading } from './reading.ts'

export interface ActionsParts extends Pick<Reading, 'db' | 'tenant' | 'entries'> {
  readonly lives: Lives
  readonly terms: Terms
  readonly find: Find
}

export function createActions({
  db,
  tenant,
  entries,
  lives,
  terms,
  find,
}: ActionsParts): Omit<Store['actions'], 'index'> {
  return {
    async get(id) {
      const [found] = await lives.byId([id])
      if (found === undefined) return undefined
      const { timeline, leftOut } = await entries.timeline(id, found.question)
      return { life: found.life, timeline, ...(leftOut > 0 && { leftOut }) }
    },
    lives: async (ids) => (await lives.byId(ids, 'asFollower')).map(({ life }) => life),
    async search(query) {
      const { places, next } = await find.byQuery(query)
      const found = await lives.at(places)
      return { items: found.filter((life) => life !== undefined), next }
    },
    async seen(agent, operation) {
      const pair = bitsArray([terms.blind('agent', agent), terms.blind('operation', operation)])
      return (await db.query(everPermitted, [tenant, pair])).length > 0
    },
  }
}

const everPermitted = {
  name: 'action_seen',
  text: 'select 1 as seen from seen where tenant = $1 and agent = ($2::bigint[])[1] and operation = ($2::bigint[])[2]',
}
