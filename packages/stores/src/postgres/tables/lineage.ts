import {
  among,
  around,
  type Columns,
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
  nodeKey,
  type Paging,
  type Reached,
  searchable,
} from '@countersign/core'
import type { Db, Statement } from '../db.ts'
import type { Value } from '../values.ts'
import { limitOf, pageOf } from './pages.ts'

interface FlowRow {
  [column: string]: unknown
  readonly action: string
  readonly fromNode: string
  readonly toNode: string
  readonly fromColumns: readonly string[] | null
  readonly toColumns: readonly string[] | null
  readonly how: Flow['how']
  readonly at: number
  readonly agent: string
  readonly onBehalfOf: string | null
  readonly rows: number | null
  readonly approval: string | null
  readonly approvers: readonly string[]
  readonly policies: readonly string[]
}

interface ColumnsRow {
  [column: string]: unknown
  readonly node: string
  readonly columns: readonly string[] | null
}

/** Flows written in one transaction, so that none holds its locks for long. */
const chunkSize = 1_000

export function createLineage({ db, tenant }: { db: Db; tenant: string }): LineageGraph {
  return {
    async add(flows) {
      for (let from = 0; from < flows.length; from += chunkSize) {
        const rows = flows.slice(from, from + chunkSize).map(rowOf)
        // Sorted, so that two who add the same nodes never wait for each other in a circle.
        const nodes = [...new Set(rows.flatMap(({ fromNode, toNode }) => [fromNode, toNode]))].toSorted()
        await db.tx(async (session) => {
          session.send(addNodes, [tenant, nodes])
          session.send(addEdges, [tenant, JSON.stringify(rows)])
          session.send(addFlows, [tenant, JSON.stringify(rows)])
        })
      }
    },

    async flows({ about, ...paging }) {
      const limit = limitOf(paging)
      const rows = await flowRows(about, limit + 1, cursorOf(paging))
      return pageOf(rows, limit, encodeCursor, (page) => page.map(flowOf))
    },

    async around({ about, ...limits }) {
      if (about.kind === 'agent' || about.kind === 'person') {
        return among((await flowRows(about, newestFlows)).map(flowOf), limits.most)
      }
      const columns = about.kind === 'column' ? [searchable(about.name)] : 'any'
      return around({ node: startOf(about), columns }, limits, {
        neighbours: columns === 'any' ? neighboursOfNodes : neighboursOfColumns,
        async edges(nodes) {
          const keys = nodes.map(({ node }) => keyOf(node))
          const held = nodes.map(({ node, before, after }) => ({
            node: keyOf(node),
            before: listOf(before),
            after: listOf(after),
          }))
          const rows = await db.query<FlowRow & { times: number }>(edgesBetween, [tenant, keys, JSON.stringify(held)])
          return rows.map(edgeOf)
        },
      })
    },
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

  function flowRows(about: LineageSubject, limit: number, cursor = newest): Promise<FlowRow[]> {
    const { statement, value } = asking(about)
    const column = about.kind === 'column' ? [anyOf(about.name)] : []
    return db.query<FlowRow>(statement, [tenant, value, ...cursor, limit, ...column])
  }
}

/** A name is cut or cleaned once: what comes out of the tables goes in again as it is. */
const keyOf = ({ kind, name }: LineageNode): string => nodeKey({ kind, name: searchable(name) })

function nodeOf(key: string): LineageNode {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon) as LineageNode['kind'], name: key.slice(colon + 1) }
}

const startOf = (about: Exclude<LineageSubject, { kind: 'person' }>): LineageNode =>
  about.kind === 'column' ? { kind: 'dataset', name: about.dataset } : about

const anyOf = (column: string): string[] => [searchable(column), '*']

/** In the tables, null is any column. */
const listOf = (columns: Columns): readonly string[] | null => (columns === 'any' ? null : columns)

const rowOf = ({ from, to, ...flow }: Flow): FlowRow => ({
  ...flow,
  fromNode: keyOf(from),
  toNode: keyOf(to),
  fromColumns: flow.fromColumns?.map(searchable) ?? null,
  toColumns: flow.toColumns?.map(searchable) ?? null,
  onBehalfOf: flow.onBehalfOf ?? null,
  rows: flow.rows ?? null,
  approval: flow.approval ?? null,
})

const flowOf = ({ fromNode, toNode, ...row }: FlowRow): Flow => ({
  ...row,
  from: nodeOf(fromNode),
  to: nodeOf(toNode),
  fromColumns: row.fromColumns ?? undefined,
  toColumns: row.toColumns ?? undefined,
  onBehalfOf: row.onBehalfOf ?? undefined,
  rows: row.rows ?? undefined,
  approval: row.approval ?? undefined,
})

const edgeOf = ({ times, ...row }: FlowRow & { times: number }): LineageEdge => ({ newest: flowOf(row), times })

const encodeCursor = ({ at, action, fromNode, toNode, how }: FlowRow): string =>
  Buffer.from(JSON.stringify([at, action, fromNode, toNode, how])).toString('base64url')

const newest: readonly Value[] = [Number.MAX_SAFE_INTEGER, '', '', '', '']

/** @throws ERR_INPUT_INVALID for an `after` that no page has handed out */
function cursorOf({ after }: Paging): readonly Value[] {
  if (after === undefined) return newest
  try {
    const cursor: unknown = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'))
    if (Array.isArray(cursor) && Number.isSafeInteger(cursor[0]) && cursor.slice(1).join('').indexOf('\0') === -1) {
      if (cursor.length === 5 && cursor.slice(1).every((part) => typeof part === 'string')) return cursor
    }
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { after }, { cause })
  }
  throw new CountersignError('ERR_INPUT_INVALID', { after })
}

const addNodes = {
  name: 'lineage_add_nodes',
  text: 'insert into ln_node (tenant, node) select $1, * from unnest($2::text[]) on conflict do nothing',
}
const addEdges = {
  name: 'lineage_add_edges',
  text: `insert into ln_edge (tenant, from_node, to_node)
    select distinct $1, "fromNode", "toNode" from json_to_recordset($2::json) as row ("fromNode" text, "toNode" text)
    order by 2, 3 on conflict do nothing`,
}
/** Those that are new, and into the ways that they went: once more, and the newest of them. */
const addFlows = {
  name: 'lineage_add_flows',
  text: `with added as (
      insert into ln_flow
        (tenant, from_node, to_node, from_columns, to_columns, action, how, at, agent, on_behalf_of, rows, approval,
          approvers, policies)
      select $1, * from json_to_recordset($2::json) as row ("fromNode" text, "toNode" text, "fromColumns" text[],
        "toColumns" text[], action text, how text, at bigint, agent text, "onBehalfOf" text, rows bigint, approval text,
        approvers text[], policies text[])
      on conflict do nothing
      returning from_node, to_node, at, action,
        case when '*' = any(from_columns) then null else from_columns end as from_columns,
        case when '*' = any(to_columns) then null else to_columns end as to_columns)
    insert into ln_way (tenant, from_node, to_node, from_columns, to_columns, digest, times, newest_at, newest)
    select $1, from_node, to_node, from_columns, to_columns,
        md5(coalesce(from_columns::text, '') || '>' || coalesce(to_columns::text, '')) as digest,
        count(*), max(at), (array_agg(action order by at desc, action desc))[1]
      from added group by from_node, to_node, from_columns, to_columns order by 2, 3, digest
    on conflict (tenant, from_node, to_node, digest) do update set
      times = ln_way.times + excluded.times,
      newest_at = greatest(ln_way.newest_at, excluded.newest_at),
      newest = case when (excluded.newest_at, excluded.newest) > (ln_way.newest_at, ln_way.newest)
        then excluded.newest else ln_way.newest end`,
}

const flowColumns = `action, from_node as "fromNode", to_node as "toNode", from_columns as "fromColumns",
  to_columns as "toColumns", how, at, agent, on_behalf_of as "onBehalfOf", rows, approval, approvers, policies`
const newestFirst = 'at desc, action desc, from_node desc, to_node desc, how desc'

const mayHold = (columns: string, wanted: string) => `(${columns} is null or ${columns} && ${wanted}::text[])`

/** One branch for each way to be about a subject, so that each has its index. */
const branches = {
  node: ['from_node = $2', 'to_node = $2'],
  agent: ['agent = $2'],
  person: ['on_behalf_of = $2', 'approvers @> array[$2::text]'],
  column: [`from_node = $2 and ${mayHold('from_columns', '$9')}`, `to_node = $2 and ${mayHold('to_columns', '$9')}`],
} as const

function flowsAbout(what: keyof typeof branches): Statement {
  const found = branches[what].map(
    (condition) => `(select * from ln_flow where tenant = $1 and ${condition}
      and (at, action, from_node, to_node, how) < ($3, $4, $5, $6, $7) order by ${newestFirst} limit $8)`,
  )
  const text = `select ${flowColumns} from (${found.join(' union ')}) flow order by ${newestFirst} limit $8`
  return { name: `lineage_flows_${what}`, text }
}

const statements = {
  node: flowsAbout('node'),
  agent: flowsAbout('agent'),
  person: flowsAbout('person'),
  column: flowsAbout('column'),
}

function asking(about: LineageSubject): { statement: Statement; value: string } {
  if (about.kind === 'agent' || about.kind === 'person') return { statement: statements[about.kind], value: about.name }
  return { statement: statements[about.kind === 'column' ? 'column' : 'node'], value: keyOf(startOf(about)) }
}

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

/** How often one flowed into another, and the newest of it, is kept with the ways: no flows are counted. */
const edgesBetween = {
  name: 'lineage_edges',
  text: `select flow.*, least(edge.times, 1000)::int as times from (
      select way.from_node, way.to_node, sum(way.times) as times, max(way.newest_at) as newest_at,
        (array_agg(way.newest order by way.newest_at desc, way.newest desc))[1] as newest
      from ln_way way
      join json_to_recordset($3::json) as source (node text, after text[]) on source.node = way.from_node
      join json_to_recordset($3::json) as target (node text, before text[]) on target.node = way.to_node
      where way.tenant = $1 and way.from_node = any($2) and way.to_node = any($2)
        and (${heldBy('way.from_columns', 'source.after')} or ${heldBy('way.to_columns', 'target.before')})
      group by way.from_node, way.to_node
      order by newest_at desc, newest desc limit 1000) edge
    cross join lateral (select ${flowColumns} from ln_flow f
      where f.tenant = $1 and f.action = edge.newest and f.from_node = edge.from_node and f.to_node = edge.to_node
      order by how desc limit 1) flow
    order by flow.at desc, flow.action desc`,
}
