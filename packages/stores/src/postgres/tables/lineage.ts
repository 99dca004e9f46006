/**
 * What flowed where: which ends there are and how often from the ways that are kept (`search/ways.ts`), single flows from
 * the actions that are found.
 *
 * @module
 */
import {
  among,
  around,
  CountersignError,
  type Direction,
  type Flow,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageSubject,
  mostColumns,
  mostReached,
  newestFlows,
  type Page,
  type Paging,
  type Reached,
  type ReachedNode,
  searchable,
  touches,
} from '@countersign/core'
import type { Db } from '../db.ts'
import type { Find } from '../search/find.ts'
import type { Lives, Places } from '../search/lives.ts'
import type { Terms } from '../search/terms.ts'
import { keptFlows, keyOf, listOf } from '../search/ways.ts'
import { integerArray } from '../values.ts'
import { limitOf } from './pages.ts'

export interface LineageParts {
  readonly db: Db
  readonly tenant: string
  readonly lives: Pick<Lives, 'at'>
  readonly find: Find
  readonly terms: Terms
}

interface ColumnsRow {
  [column: string]: unknown
  readonly node: string
  readonly columns: readonly string[] | null
}

interface EdgeRow {
  [column: string]: unknown
  readonly from: string
  readonly to: string
  readonly how: Flow['how']
  readonly times: number
  /** Where the action begins that did it last. */
  readonly newest: number
}

/** Pages of actions that are looked through for the flows of a picture. */
const mostPages = 4

export function createLineage({ db, tenant, lives, find, terms }: LineageParts): LineageGraph {
  return {
    flows: ({ about, ...paging }) => flows(about, paging),

    async around({ about, ...limits }) {
      if (about.kind === 'agent' || about.kind === 'person') return among(await newestOf(about), limits.most)
      const columns = about.kind === 'column' ? [searchable(about.name)] : 'any'
      return around({ node: startOf(about), columns }, limits, {
        neighbours: columns === 'any' ? neighboursOfNodes : neighboursOfColumns,
        edges,
      })
    },
  }

  async function flows(about: LineageSubject, paging: Paging): Promise<Page<Flow>> {
    const limit = limitOf(paging)
    const [entry, given] = cursorOf(paging)
    const asked = { limit, after: entry === undefined ? undefined : String(entry + 1) }
    const { places, next } = await find.byTerms(terms.about(about), asked)
    const found = await lives.at(places)
    const all = places.flatMap((place, position) => {
      const theirs = flowsIn(found[position]).filter((flow) => touches(flow, cleaned(about)))
      const before = place.entry === entry ? given : 0
      return theirs.slice(before).map((flow, left) => ({ flow, cursor: `${place.entry}.${before + left + 1}` }))
    })
    const items = all.slice(0, limit).map(({ flow }) => flow)
    if (all.length > limit) return { items, next: all[limit - 1]?.cursor }
    return { items, next: next === undefined || next === '0' ? undefined : `${Number(next) - 1}.0` }
  }

  async function newestOf(about: LineageSubject): Promise<Flow[]> {
    const found: Flow[] = []
    let after: string | undefined
    for (let page = 0; page < mostPages && found.length < newestFlows; page += 1) {
      const { items, next } = await flows(about, { limit: newestFlows, after })
      found.push(...items)
      if (next === undefined) break
      after = next
    }
    return found.slice(0, newestFlows).toSorted((one, other) => other.at - one.at)
  }

  async function neighboursOfNodes(from: readonly Reached[], direction: Direction): Promise<Reached[]> {
    const keys = from.map(({ node }) => keyOf(node))
    const rows = await db.query<{ node: string }>(neighbours[direction], [tenant, keys])
    return rows.map(({ node }) => ({ node: nodeOf(node), columns: 'any' }))
  }

  async function neighboursOfColumns(from: readonly Reached[], direction: Direction): Promise<Reached[]> {
    const here = from.map(({ node, columns }) => ({ node: keyOf(node), columns: listOf(columns) }))
    const rows = await db.query<ColumnsRow>(neighboursByColumn[direction], [tenant, JSON.stringify(here)])
    return rows.map(({ node, columns }) => ({ node: nodeOf(node), columns: columns ?? 'any' }))
  }

  async function edges(nodes: readonly ReachedNode[]): Promise<LineageEdge[]> {
    const keys = nodes.map(({ node }) => keyOf(node))
    const held = nodes.map(({ node, before, after }) => ({
      node: keyOf(node),
      before: listOf(before),
      after: listOf(after),
    }))
    const rows = await db.query<EdgeRow>(edgesBetween, [tenant, keys, JSON.stringify(held)])
    const entries = [...new Set(rows.map(({ newest }) => newest))]
    const places = entries.length === 0 ? [] : await db.query<Places>(rowsAt, [tenant, integerArray(entries)])
    const found = await lives.at(places)
    const flowsOf = new Map(places.map(({ entry }, position) => [entry, flowsIn(found[position])]))
    return rows.map(({ from, to, how, times, newest }) => {
      const isIt = (flow: Flow) => flow.how === how && keyOf(flow.from) === from && keyOf(flow.to) === to
      return { from: nodeOf(from), to: nodeOf(to), how, times, newest: flowsOf.get(newest)?.find(isIt) }
    })
  }
}

/** None of what was erased. */
const flowsIn = (life: Parameters<typeof keptFlows>[0] | undefined): Flow[] => (life ? keptFlows(life) : [])

function nodeOf(key: string): LineageNode {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon) as LineageNode['kind'], name: key.slice(colon + 1) }
}

const startOf = (about: Exclude<LineageSubject, { kind: 'person' }>): LineageNode =>
  about.kind === 'column' ? { kind: 'dataset', name: about.dataset } : about

/** As flows name it. */
function cleaned(about: LineageSubject): LineageSubject {
  if (about.kind === 'agent' || about.kind === 'person') return about
  if (about.kind !== 'column') return { ...about, name: searchable(about.name) }
  return { ...about, dataset: searchable(about.dataset), name: searchable(about.name) }
}

/**
 * The action that the next page begins with, and how many of its flows were given.
 *
 * @throws ERR_INPUT_INVALID for an `after` that no page has handed out
 */
function cursorOf({ after }: Paging): readonly [entry: number | undefined, given: number] {
  if (after === undefined) return [undefined, 0]
  const [, entry, given] = /^(\d{1,15})\.(\d{1,9})$/.exec(after) ?? []
  if (entry === undefined || given === undefined) throw new CountersignError('ERR_INPUT_INVALID', { after })
  return [Number(entry), Number(given)]
}

const mayHold = (columns: string, wanted: string) => `(${columns} is null or ${columns} && ${wanted}::text[])`

const neighbours = {
  downstream: {
    name: 'lineage_downstream',
    text: `select distinct to_node as node from ln_edge
      where tenant = $1 and from_node = any($2) order by 1 limit ${mostReached * 2}`,
  },
  upstream: {
    name: 'lineage_upstream',
    text: `select distinct from_node as node from ln_edge
      where tenant = $1 and to_node = any($2) order by 1 limit ${mostReached * 2}`,
  },
}

/** Along what may have held one of the columns, and into which: each node once, with the columns of all ways there. */
const byColumn = (near: 'from' | 'to', far: 'from' | 'to') => `
  select way.${far}_node as node,
    case when bool_or(way.${far}_columns is null) then null
      else coalesce((array_agg(distinct name) filter (where name is not null))[1:${mostColumns + 1}], '{}') end as columns
  from json_to_recordset($2::json) as here (node text, columns text[])
  join ln_way way on way.tenant = $1 and way.${near}_node = here.node
    and (here.columns is null or way.${near}_columns is null or way.${near}_columns && here.columns)
  left join lateral unnest(way.${far}_columns) name on true
  group by way.${far}_node order by 1 limit ${mostReached * 2}`

const neighboursByColumn = {
  downstream: { name: 'lineage_downstream_by_column', text: byColumn('from', 'to') },
  upstream: { name: 'lineage_upstream_by_column', text: byColumn('to', 'from') },
}

/** `isBetween`, in the words of the tables. */
const heldBy = (columns: string, wanted: string) =>
  `(${wanted} is null or (cardinality(${wanted}) > 0 and ${mayHold(columns, `(${wanted} || '{*}')`)}))`

const edgesBetween = {
  name: 'lineage_edges',
  text: `select way.from_node as "from", way.to_node as "to", least(sum(way.times), 1000)::int as times,
        (array_agg(way.newest order by way.newest_at desc, way.newest desc))[1] as newest,
        (array_agg(way.how order by way.newest_at desc, way.newest desc))[1] as how
      from ln_way way
      join json_to_recordset($3::json) as source (node text, after text[]) on source.node = way.from_node
      join json_to_recordset($3::json) as target (node text, before text[]) on target.node = way.to_node
      where way.tenant = $1 and way.from_node = any($2) and way.to_node = any($2)
        and (${heldBy('way.from_columns', 'source.after')} or ${heldBy('way.to_columns', 'target.before')})
      group by way.from_node, way.to_node
      order by max(way.newest_at) desc, newest desc limit 1000`,
}
const rowsAt = {
  name: 'lineage_places',
  text: 'select entry, permit, ended, approval from searched where tenant = $1 and entry = any($2::bigint[])',
}
