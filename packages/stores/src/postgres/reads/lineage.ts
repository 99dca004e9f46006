import { CountersignError, type Flow, type LineageGraph, type LineageNode, type Paging } from '@countersign/core'
import { searchable } from '../commit/keys.ts'
import type { Db } from '../db.ts'
import { limitOf, pageOf } from './pages.ts'

interface FlowRow {
  [column: string]: unknown
  readonly action: string
  readonly fromNode: string
  readonly toNode: string
  readonly how: Flow['how']
  readonly at: number
  readonly agent: string
  readonly onBehalfOf: string | null
  readonly rows: number | null
  readonly approval: string | null
  readonly approvers: readonly string[]
}

const mostNodes = 5_000
const usualDepth = 20
const chunkSize = 1_000

export function createLineage({ db, tenant }: { db: Db; tenant: string }): LineageGraph {
  return {
    async add(flows) {
      for (let from = 0; from < flows.length; from += chunkSize) {
        const rows = flows.slice(from, from + chunkSize).map(rowOf)
        // Sorted, so that two who add the same nodes never wait for each other in a circle.
        const nodes = [...new Set(rows.flatMap(({ fromNode, toNode }) => [fromNode, toNode]))].toSorted()
        await db.tx(async (session) => {
          await session.query(addNodes, [tenant, nodes])
          await session.query(addEdges, [tenant, JSON.stringify(rows)])
          await session.query(addFlows, [tenant, JSON.stringify(rows)])
        })
      }
    },
    async flows({ node, direction, ...paging }) {
      const limit = limitOf(paging)
      const values = [tenant, keyOf(node), ...cursorOf(paging), limit + 1]
      const rows = await db.query<FlowRow>(flowsOf[direction], values)
      return pageOf(rows, limit, encodeCursor, (page) => page.map(flowOf))
    },
    /** Step by step: each node is looked at once, however many ways lead there. */
    async reach(node, direction, depth = usualDepth) {
      const start = keyOf(node)
      const reached = new Set([start])
      let edge = [start]
      for (let step = 0; step < depth && edge.length > 0 && reached.size <= mostNodes; step += 1) {
        const found = await db.query<{ node: string }>(neighbours[direction], [tenant, edge])
        edge = found.map((row) => row.node).filter((one) => !reached.has(one))
        for (const one of edge) reached.add(one)
      }
      reached.delete(start)
      return [...reached].slice(0, mostNodes).map(nodeOf)
    },
  }
}

const keyOf = ({ kind, name }: LineageNode): string => `${kind}:${searchable(name)}`

function nodeOf(key: string): LineageNode {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon) as LineageNode['kind'], name: key.slice(colon + 1) }
}

const rowOf = ({ from, to, ...flow }: Flow): FlowRow => ({
  ...flow,
  fromNode: keyOf(from),
  toNode: keyOf(to),
  onBehalfOf: flow.onBehalfOf ?? null,
  rows: flow.rows ?? null,
  approval: flow.approval ?? null,
})

const flowOf = ({ fromNode, toNode, ...row }: FlowRow): Flow => ({
  ...row,
  from: nodeOf(fromNode),
  to: nodeOf(toNode),
  onBehalfOf: row.onBehalfOf ?? undefined,
  rows: row.rows ?? undefined,
  approval: row.approval ?? undefined,
})

const encodeCursor = ({ at, action, fromNode, toNode, how }: FlowRow): string =>
  Buffer.from(JSON.stringify([at, action, fromNode, toNode, how])).toString('base64url')

/** @throws ERR_INPUT_INVALID for an `after` that no page has handed out */
function cursorOf({ after }: Paging): readonly unknown[] {
  if (after === undefined) return [Number.MAX_SAFE_INTEGER, '', '', '', '']
  try {
    const place: unknown = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'))
    if (Array.isArray(place) && Number.isSafeInteger(place[0]) && place.slice(1).join('').indexOf('\0') === -1) {
      if (place.length === 5 && place.slice(1).every((part) => typeof part === 'string')) return place
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
const columns = `"fromNode" text, "toNode" text, action text, how text, at bigint, agent text, "onBehalfOf" text,
  rows bigint, approval text, approvers text[]`
const addEdges = {
  name: 'lineage_add_edges',
  text: `insert into ln_edge (tenant, from_node, to_node)
    select distinct $1, "fromNode", "toNode" from json_to_recordset($2::json) as row ("fromNode" text, "toNode" text)
    order by 2, 3 on conflict do nothing`,
}
const addFlows = {
  name: 'lineage_add_flows',
  text: `insert into ln_flow
      (tenant, from_node, to_node, action, how, at, agent, on_behalf_of, rows, approval, approvers)
    select $1, * from json_to_recordset($2::json) as row (${columns}) on conflict do nothing`,
}

const touching = (column: 'from_node' | 'to_node') => `(select * from ln_flow where tenant = $1 and ${column} = $2
    and (at, action, from_node, to_node, how) < ($3, $4, $5, $6, $7)
  order by at desc, action desc, from_node desc, to_node desc, how desc limit $8)`

const flowsFrom = (direction: string, source: string) => ({
  name: `lineage_flows_${direction}`,
  text: `select action, from_node as "fromNode", to_node as "toNode", how, at, agent, on_behalf_of as "onBehalfOf", rows,
      approval, approvers
    from (${source}) flow order by at desc, action desc, from_node desc, to_node desc, how desc limit $8`,
})

const flowsOf = {
  from: flowsFrom('from', touching('from_node')),
  to: flowsFrom('to', touching('to_node')),
  both: flowsFrom('both', `${touching('from_node')} union ${touching('to_node')}`),
}

const neighbours = {
  downstream: {
    name: 'lineage_downstream',
    text: `select distinct to_node as node from ln_edge where tenant = $1 and from_node = any($2) limit ${mostNodes * 2}`,
  },
  upstream: {
    name: 'lineage_upstream',
    text: `select distinct from_node as node from ln_edge where tenant = $1 and to_node = any($2) limit ${mostNodes * 2}`,
  },
}
