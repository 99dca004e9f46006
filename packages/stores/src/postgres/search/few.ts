/**
 * What few actions have at any time, and soon no longer: their rows say it, as of now.
 *
 * @module
 */
import type { ActionQuery } from '@countersign/core'
import type { Reading } from '../tables/reading.ts'
import { isUnsettled } from './terms.ts'

/** Places of the entries that actions begin with. */
export type Few = readonly number[]

export function fewOf({ db, tenant }: Pick<Reading, 'db' | 'tenant'>) {
  const places = async (statement: { name: string; text: string }, value: string | null): Promise<Few> =>
    (await db.query<{ index: number }>(statement, [tenant, value])).map(({ index }) => index)

  return {
    /** Undefined where the query does not ask for any of them. */
    async among({ id, outcome, question }: ActionQuery): Promise<Few | undefined> {
      const asked = await Promise.all([
        ...(id === undefined ? [] : [places(byId, id)]),
        ...(outcome === 'running' ? [places(running, null)] : []),
        ...(isUnsettled(question) ? [places(inState, question)] : []),
      ])
      const [first, ...others] = asked
      return first?.filter((place) => others.every((few) => few.includes(place)))
    },
  }
}

const begins = (action: string) => `(select index from entry
  where tenant = $1 and action = ${action} and kind = 'action.decided' offset 0)`

const byId = { name: 'few_by_id', text: `select index from ${begins('$2')} e` }
const running = {
  name: 'few_running',
  text: `select index from permit p cross join lateral ${begins('p.action')} e
    where p.tenant = $1 and p.outcome is null and $2::text is null`,
}
const inState = {
  name: 'few_in_state',
  text: `select index from approval a cross join lateral ${begins('a.action')} e where a.tenant = $1 and a.state = $2`,
}
