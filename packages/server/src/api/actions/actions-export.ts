/**
 * A search of the record as a file: as many actions as are found, a page in memory at a time.
 *
 * @module
 */
import { type ActionQuery, CountersignError } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { type ActionLife, ActionLine, type Person } from '@countersign/schema'
import { actionSummary } from './action.ts'
import { actionFilters, asText, queryOf } from './action-query.ts'
import { searchVisible } from './action-search.ts'
import { type Cell, csvRow } from './csv.ts'
import { type Viewer, viewer } from '../front/viewer.ts'
import { named } from '../front/openapi-names.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import type { Reads } from '../front/reads.ts'
import { problemContent } from '../front/route.ts'

/** Actions read from the store at a time: the export itself has no end, its memory does. */
const perPage = 200
/** Exports at once: each keeps the store busy for minutes if the record is large. One more is refused (429). */
const mostAtOnce = 4

const exported = createRoute({
  method: 'get',
  path: '/api/actions/export',
  summary: 'All actions of a search that you may see, newest first, as CSV (RFC 4180) or as one JSON object a line.',
  request: { query: z.strictObject({ format: z.enum(['csv', 'json']), ...actionFilters }) },
  responses: {
    200: {
      description:
        'A file. One that breaks off in the middle ends with an error of the connection, not with its last line.',
      content: { 'text/csv': { schema: z.string() }, 'application/x-ndjson': { schema: named(ActionLine) } },
    },
    default: problemContent,
  },
})

export function exportActions(api: Api, parts: ApiParts, reads: Reads): void {
  let underWay = 0

  api.openapi(exported, async (context) => {
    const { person } = context.get('visitor')
    const { format, ...asked } = context.req.valid('query')
    const query = await queryOf(asked, parts.store.people)
    if (underWay >= mostAtOnce) throw new CountersignError('ERR_TOO_MANY')
    await reads.record(person.id, 'actions.export', asText({ format, ...asked }))
    const look = viewer(parts, context.get('visitor'))
    const { type, head, line } = formats[format]
    const day = new Date(look.now).toISOString().slice(0, 10)
    return new Response(streamOf(written()), {
      headers: { 'content-type': type, 'content-disposition': `attachment; filename="actions-${day}.${format}"` },
    })

    async function* written(): AsyncGenerator<string> {
      underWay += 1
      try {
        yield head
        for await (const page of everyPage(parts, person, query)) {
          const lines = await Promise.all(page.map(async (life) => line(await lineOf(life, look))))
          yield lines.join('')
        }
      } finally {
        underWay -= 1
      }
    }
  })
}

async function* everyPage(
  { store }: ApiParts,
  person: Person,
  query: ActionQuery,
): AsyncGenerator<readonly ActionLife[]> {
  let after: string | undefined
  do {
    const { items, next } = await searchVisible(store, person, { ...query, limit: perPage, after })
    yield items
    after = next
  } while (after !== undefined)
}

/** Nothing is read before it is wanted, and nothing more once the other side has gone. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await texts.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await texts.return(undefined)
      },
    },
    { highWaterMark: 1 },
  )
}

async function lineOf(life: ActionLife, look: Viewer): Promise<ActionLine> {
  const { digest, purpose, dataUse } = life.record
  const signers = life.approval?.signatures.map(({ person }) => person) ?? []
  return {
    ...(await actionSummary(life, look)),
    digest,
    ...(purpose && { purpose }),
    reads: dataUse.reads.map(({ name }) => name),
    writes: dataUse.writes.map(({ name }) => name),
    ...(dataUse.model && { model: dataUse.model.name }),
    ...(dataUse.destination && { destination: dataUse.destination.name }),
    signedBy: await look.names.people(signers),
  }
}

const columns: Readonly<Record<string, (line: ActionLine) => Cell>> = {
  at: ({ at }) => at,
  id: ({ id }) => id,
  standing: ({ standing }) => standing,
  decision: ({ decision }) => decision,
  observed: ({ observed }) => observed,
  sentence: ({ sentence }) => sentence,
  verb: ({ verb }) => verb,
  operation: ({ operation }) => operation,
  gateway: ({ gateway }) => gateway,
  environment: ({ environment }) => environment,
  agent: ({ agent }) => agent.id,
  agentName: ({ agent }) => agent.name,
  onBehalfOf: ({ onBehalfOf }) => onBehalfOf?.id,
  onBehalfOfName: ({ onBehalfOf }) => onBehalfOf?.name,
  risk: ({ risk }) => risk,
  classes: ({ classes }) => classes.join(' '),
  reads: ({ reads }) => reads.join(' '),
  writes: ({ writes }) => writes.join(' '),
  model: ({ model }) => model,
  destination: ({ destination }) => destination,
  claimedPurpose: ({ purpose }) => purpose?.text,
  workItem: ({ purpose }) => purpose?.workItem,
  link: ({ purpose }) => purpose?.link,
  approval: ({ approval }) => approval,
  signedBy: ({ signedBy }) => signedBy.map(({ name }) => name).join(', '),
  startedAt: ({ outcome }) => outcome?.startedAt,
  finishedAt: ({ outcome }) => outcome?.finishedAt,
  rows: ({ outcome }) => outcome?.rows,
  bytes: ({ outcome }) => outcome?.bytes,
  summary: ({ outcome }) => outcome?.summary,
  digest: ({ digest }) => digest,
}

const formats = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: csvRow(Object.keys(columns)),
    line: (line: ActionLine) => csvRow(Object.values(columns).map((cell) => cell(line))),
  },
  json: { type: 'application/x-ndjson', head: '', line: (line: ActionLine) => `${JSON.stringify(line)}\n` },
} as const
