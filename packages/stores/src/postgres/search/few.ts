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

export function fewOf({ db, tenant, entries, rowless }: Pick<Reading, 'db' | 'tenant' | 'entries' | 'rowless'>) {
  const actions = async (statement: { name: string; text: string }, ...values: readonly string[]): Promise<string[]> =>
    (await db.query<{ action: string }>(statement, [tenant, ...values])).map(({ action }) => action)

  async function running(): Promise<string[]> {
    const others = await rowless.running()
    return [...new Set([...(await actions(runningInRows)), ...others.map(({ action }) => action)])]
  }

  return {
    /** Undefined where the query does not ask for any of them. */
    async among({ id, outcome, question }: ActionQuery): Promise<Few | undefined> {
      const asked = await Promise.all([
        ...(id === undefined ? [] : [Promise.resolve([id])]),
        ...(outcome === 'running' ? [running()] : []),
        ...(isUnsettled(question) ? [actions(inState, question)] : []),
      ])
      const [first, ...others] = asked
      const all = first?.filter((action) => others.every((few) => few.includes(action)))
      return all && [...(await entries.beginnings(all)).values()]
    },
  }
}

const runningInRows = {
  name: 'few_running',
  text: 'select action from permit where tenant = $1 and outcome is null',
}
const inState = {
  name: 'few_in_state',
  text: 'select action from approval where tenant = $1 and state = $2',
}
