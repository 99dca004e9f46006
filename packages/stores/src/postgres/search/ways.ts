/**
 * What flowed into what, how often, and what did it last: kept with the rows of searches, in their transaction, so that
 * each flow is counted once. Flows of the same columns between the same ends are one row, and one sum of what is written
 * together.
 *
 * @module
 */
import { type Columns, columnsOf, type Flow, flowsOf, type LineageNode, nodeKey, searchable } from '@countersign/core'
import type { ActionLife } from '@countersign/schema'
import type { Session } from '../db.ts'
import { textArray } from '../values.ts'
import type { Begun } from './unfinished.ts'

export interface Ways {
  /** Of actions that were not counted yet. */
  add(session: Pick<Session, 'send'>, tenant: string, done: readonly Begun[]): void
  /** What was added last stands. */
  added(): void
}

interface Way {
  readonly from: string
  readonly to: string
  readonly fromColumns: readonly string[] | null
  readonly toColumns: readonly string[] | null
  times: number
  at: number
  entry: number
  how: Flow['how']
}

/** Edges that are known to be written; then all are forgotten, and written again. */
const mostKnown = 20_000

/** A name is cut or cleaned once: what comes out of the tables goes in again as it is. */
export const keyOf = ({ kind, name }: LineageNode): string => nodeKey({ kind, name: searchable(name) })

/** In the tables, null is any column. */
export const listOf = (columns: Columns): readonly string[] | null => (columns === 'any' ? null : columns)

/** The flows of an action as they are kept and handed out. */
export function keptFlows(life: ActionLife): Flow[] {
  const node = ({ kind, name }: LineageNode) => ({ kind, name: searchable(name) })
  return flowsOf(life).map(({ from, to, fromColumns, toColumns, ...flow }) => ({
    ...flow,
    from: node(from),
    fromColumns: fromColumns?.map(searchable),
    to: node(to),
    toColumns: toColumns?.map(searchable),
  }))
}

export function createWays(): Ways {
  const known = new Set<string>()
  let fresh: readonly (readonly [key: string, way: Way])[] = []
  return {
    add(session, tenant, done) {
      const ways = waysOf(done)
      if (ways.length === 0) return
      const edges = new Map(ways.map((way) => [`${way.from}\n${way.to}`, way]))
      fresh = [...edges].filter(([key]) => !known.has(key))
      if (fresh.length > 0) {
        const ends = (['from', 'to'] as const).map((end) => textArray(fresh.map(([, way]) => way[end])))
        session.send(addEdges, [tenant, ...ends])
      }
      session.send(addWays, [tenant, JSON.stringify(ways)])
    },
    added() {
      if (known.size > mostKnown) known.clear()
      for (const [key] of fresh) known.add(key)
      fresh = []
    },
  }
}

function waysOf(done: readonly Begun[]): Way[] {
  const ways = new Map<string, Way>()
  for (const { places, life } of done) {
    for (const flow of keptFlows(life)) {
      const { at, how } = flow
      const [from, to] = [keyOf(flow.from), keyOf(flow.to)]
      const [fromColumns, toColumns] = [listOf(columnsOf(flow.fromColumns)), listOf(columnsOf(flow.toColumns))]
      const key = JSON.stringify([from, to, fromColumns, toColumns])
      const way = ways.get(key)
      if (way === undefined) ways.set(key, { from, to, fromColumns, toColumns, times: 1, at, entry: places.entry, how })
      else {
        way.times += 1
        if (at > way.at || (at === way.at && places.entry >= way.entry))
          Object.assign(way, { at, entry: places.entry, how })
      }
    }
  }
  return [...ways.values()]
}

const addEdges = {
  name: 'lineage_add_edges',
  text: `insert into ln_edge (tenant, from_node, to_node)
    select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing`,
}
const addWays = {
  name: 'lineage_add_ways',
  text: `insert into ln_way (tenant, from_node, to_node, from_columns, to_columns, digest, times, newest_at, newest, how)
    select $1, "from", "to", "fromColumns", "toColumns",
        md5(coalesce("fromColumns"::text, '') || '>' || coalesce("toColumns"::text, '')), times, at, entry, how
      from json_to_recordset($2::json) as row ("from" text, "to" text, "fromColumns" text[], "toColumns" text[],
        times bigint, at bigint, entry bigint, how text)
    on conflict (tenant, from_node, to_node, digest) do update set
      times = ln_way.times + excluded.times,
      newest_at = greatest(ln_way.newest_at, excluded.newest_at),
      newest = case when (excluded.newest_at, excluded.newest) >= (ln_way.newest_at, ln_way.newest)
        then excluded.newest else ln_way.newest end,
      how = case when (excluded.newest_at, excluded.newest) >= (ln_way.newest_at, ln_way.newest)
        then excluded.how else ln_way.how end`,
}
