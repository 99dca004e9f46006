/**
 * What is told of actions whose permit has no row (`commit/runs.ts`): it is remembered, or it is over, and searched for.
 *
 * @module
 */
import type { PermitRow, World } from '@countersign/core'
import type { Runs } from '../commit/runs.ts'
import type { Db } from '../db.ts'
import type { Terms } from '../search/terms.ts'
import { bitsArray } from '../values.ts'

export interface Rowless {
  /** Where these actions were permitted, and where they ended; those of which nothing is known are left out. */
  permits(actions: readonly string[]): Promise<Begun[]>
  /** Those that run at this moment. */
  running(): Promise<PermitRow[]>
  /** Of any that is remembered, whether or not it has a row. */
  permit(id: string): Promise<PermitRow | undefined>
  /** Whose actions are remembered: their subjects. */
  subjects(actions: readonly string[]): Promise<Map<string, string>>
}

/** By the id of the action. */
export interface Begun {
  readonly id: string
  readonly entry: number
  readonly ended: number | null
}

export interface RowlessParts {
  readonly db: Db
  readonly tenant: string
  readonly terms: Terms
  readonly runs: Runs
  /** The world at the end of the ledger. */
  current(): Promise<World>
}

export function createRowless({ db, tenant, terms, runs, current }: RowlessParts): Rowless {
  return {
    async permits(actions) {
      if (actions.length === 0) return []
      const { permits } = await current()
      const remembered = actions.flatMap((id) => {
        const row = permits.get(runs.ofAction(id) ?? '')
        return row === undefined ? [] : [{ id, entry: row.entry, ended: row.endedEntry }]
      })
      const known = new Set(remembered.map(({ id }) => id))
      const others = actions.filter((id) => !known.has(id))
      if (others.length === 0) return remembered
      const asked = bitsArray(others.map((id) => terms.blind('action', id)))
      const found = await db.query<{ place: number; entry: number; ended: number | null }>(searched, [tenant, asked])
      return [...remembered, ...found.map(({ place, ...one }) => ({ ...one, id: others[place - 1] ?? '' }))]
    },
    async running() {
      const { permits } = await current()
      return [...runs.ids()].flatMap((id) => permits.get(id) ?? [])
    },
    permit: async (id) => (await current()).permits.get(id),
    async subjects(actions) {
      const world = await current()
      return new Map(
        actions.flatMap((id) => (world.actions.has(id) ? [[id, world.actions.get(id)?.subject ?? '']] : [])),
      )
    },
  }
}

/** Without a name, as every search: it is planned for the parts that there are by now. */
const searched = {
  name: '',
  text: `select asked.place, s.entry, s.ended from unnest($2::bigint[]) with ordinality as asked (term, place)
    join searched s on s.tenant = $1 and s.terms @> array[asked.term] and s.permit is not null`,
}
