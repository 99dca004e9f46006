/**
 * The upstream of the instance under test, in this process, so that it survives every kill and remembers what really
 * ran.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { deferred } from '@countersign/core'
import type { Random } from './random.ts'

/** Something that reached the company, noted before it is answered. */
export interface Run {
  readonly ref: string
  readonly serial: number
  readonly rows: number
}

interface Held {
  readonly letGo: Promise<void>
  came(ref: string): boolean
}

export interface Company {
  readonly url: string
  readonly runs: readonly Run[]
  /**
   * Keeps the answers to these until it is told to let go; resolves once all of them have come. Undefined if they do not before
   * `signal` aborts.
   */
  holdAnswers(refs: readonly string[], signal: AbortSignal): Promise<(() => void) | undefined>
  close(): Promise<void>
}

export async function openCompany(token: string, random: Random): Promise<Company> {
  const runs: Run[] = []
  let held: Held | undefined
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy()) // the instance was killed in the middle of it
  })
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    holdAnswers: (refs, signal) =>
      new Promise((resolve) => {
        const { promise: letGo, resolve: go } = deferred<void>()
        const forget = () => {
          held = undefined
          go()
          resolve(undefined)
        }
        signal.addEventListener('abort', forget, { once: true })
        const missing = new Set(refs)
        held = {
          letGo,
          came(ref) {
            if (!refs.includes(ref)) return false
            missing.delete(ref)
            if (missing.size === 0) signal.removeEventListener('abort', forget)
            if (missing.size === 0) resolve(go)
            return true
          },
        }
      }),
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

    if (held?.came(ref)) await held.letGo
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
