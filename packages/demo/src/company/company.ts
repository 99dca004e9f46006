/**
 * The demo's company: an API worth guarding. It answers who has its token, which is Countersign alone, so going around
 * Countersign leads nowhere.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CountersignError } from '@countersign/core'
import { type Answer, readBody, refusal } from './answer.ts'
import { createDatasets } from './data.ts'
import { type Company, type Desk, desks, type Note } from './desks.ts'

export interface CompanySettings {
  /** 0 takes a free one. */
  readonly port: number
  readonly token: string
  readonly seed?: number
}

export interface RunningCompany {
  readonly url: string
  /** What was really done, in order. */
  log(): readonly Note[]
  close(): Promise<void>
}

export async function startCompany({ port, token, seed = 2026 }: CompanySettings): Promise<RunningCompany> {
  const company: Company = {
    datasets: createDatasets(seed),
    models: new Map([
      ['support-assistant', 'staging'],
      ['churn-forecast', 'production'],
      ['invoice-reader', 'staging'],
    ]),
    grants: new Map([
      ['finance-admin', ['ben@acme.example']],
      ['production-db-admin', ['cleo@acme.example']],
      ['report-reader', ['ana@acme.example', 'eve@acme.example']],
    ]),
    notes: [],
  }
  const letIn = doorkeeper(token)

  const server = createServer((request, response) => {
    const answering = letIn(request) ? answer(company, request) : Promise.resolve(notLetIn)
    void answering.catch(sayWhy).then((found) => give(found, response))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: () => [...company.notes],
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}

const notLetIn = refusal(401, 'Only Countersign has the key to this API.', {
  'www-authenticate': 'Bearer realm="company"',
})

function doorkeeper(token: string): (request: IncomingMessage) => boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  const known = hash(`Bearer ${token}`)
  return ({ headers }) => timingSafeEqual(known, hash(headers.authorization ?? ''))
}

async function answer(company: Company, request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://company.invalid')
  const found = routes.filter(({ path }) => path.test(pathname))
  if (found.length === 0) return refusal(404, 'There is nothing here.')
  const route = found.find(({ method }) => method === request.method)
  if (!route) return refusal(405, 'Not like this.', { allow: found.map(({ method }) => method).join(', ') })
  if ([...searchParams.keys()].length !== new Set(searchParams.keys()).size) return refusal(400, 'The same name twice.')

  const params = route.path.exec(pathname)?.groups ?? {}
  const body = route.method === 'GET' ? undefined : await readBody(request)
  return route.desk(company, { params, query: Object.fromEntries(searchParams), body })
}

interface Route {
  readonly method: string
  readonly path: RegExp
  readonly desk: Desk
}

/** A parameter is one plain segment: nothing encoded, so that no two paths mean the same. */
const routes: readonly Route[] = Object.entries(desks).map(([name, desk]) => {
  const [method = '', pattern = ''] = name.split(' ')
  return { method, path: new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, '(?<$1>[A-Za-z0-9._-]{1,100})')}$`), desk }
})

function sayWhy(error: unknown): Answer {
  if (error instanceof CountersignError) return refusal(error.status, error.message)
  return refusal(500, 'Something went wrong.')
}

async function give({ status, headers, body }: Answer, response: ServerResponse): Promise<void> {
  response.writeHead(status, { ...headers, 'cache-control': 'no-store' })
  if (typeof body === 'string') {
    response.end(body)
    return
  }
  // Whoever hung up in the middle is noted by the desk, and is no error of ours.
  await pipeline(Readable.from(body), response).catch(() => response.destroy())
}
