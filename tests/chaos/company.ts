/**
 * The upstream of the instance under test, in this process, so that it survives every kill and remembers what really
 * ran.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from './random.ts'

/** Something that reached the company, noted before it is answered. */
export interface Run {
  readonly ref: string
  readonly serial: number
  readonly rows: number
}

export interface Company {
  readonly url: string
  readonly runs: readonly Run[]
  close(): Promise<void>
}

export async function openCompany(token: string, random: Random): Promise<Company> {
  const runs: Run[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy()) // the instance was killed in the middle of it
  })
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end()
    const { ref, rows } = await asked(request)
    const run = { ref, rows, serial: runs.length + 1 }
    runs.push(run)

    await pause(random.between(0, 30))
    response.writeHead(200, { 'content-type': 'application/json', 'x-row-count': String(rows) })
    const text = JSON.stringify(run)
    if (random.chance(0.3)) {
      response.write(text.slice(0, 5))
      await pause(random.between(20, 250))
      response.end(text.slice(5))
    } else response.end(text)
  }
}

async function asked(request: IncomingMessage): Promise<{ ref: string; rows: number }> {
  if (request.method === 'GET') {
    const { searchParams } = new URL(request.url ?? '/', 'http://company.invalid')
    return { ref: searchParams.get('ref') ?? '', rows: Number(searchParams.get('limit')) }
  }
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return JSON.parse(text) as { ref: string; rows: number }
}
