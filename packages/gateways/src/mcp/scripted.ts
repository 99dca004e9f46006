/**
 * For tests: an MCP server over HTTP of which every byte is the test's own.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Heard {
  readonly id: number
  readonly method: string
  readonly session: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

export interface Scripted {
  readonly url: string
  readonly heard: Heard[]
  /** What it does with a message, by method. What is not named here is done as any server does it. */
  readonly on: Record<string, ((response: ServerResponse, heard: Heard) => unknown) | undefined>
  /** What it does with a stream that is taken up again. */
  onGet?: (response: ServerResponse, lastId: string) => unknown
  /** The items of its list of tools, as JSON. */
  tools: string
  /** Forgets every session: 404 from now on, until a new one is opened. */
  forget(): void
  /** How often a method was heard. */
  count(method: string): number
  close(): Promise<void>
}

export const readTool = '{"name":"read","inputSchema":{"type":"object"}}'

export const say = (response: ServerResponse, id: number, result: string): void =>
  void response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`)

export const sayStatus = (status: number, body = ''): ((response: ServerResponse) => void) => {
  return (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

export async function openScripted(): Promise<Scripted> {
  const heard: Heard[] = []
  let sessions = 0
  let session: string | undefined
  const listener = createServer((request, response) => void take(request, response).catch(() => response.destroy()))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const server: Scripted = {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`,
    heard,
    on: {},
    tools: readTool,
    forget: () => void (session = undefined),
    count: (method) => heard.filter((each) => each.method === method).length,
    async close() {
      listener.closeAllConnections()
      await new Promise((done) => listener.close(done))
    },
  }
  return server

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const lastId = request.headers['last-event-id']
    if (lastId !== undefined && server.onGet) return void server.onGet(response, String(lastId))
    if (request.method !== 'POST') return void response.writeHead(405).end()
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += String(piece)
    const { id, method = '' } = JSON.parse(body) as { id: number; method?: string }
    const { 'mcp-session-id': given, authorization } = request.headers
    const each = { id, method, session: given === undefined ? undefined : String(given), authorization, body }
    heard.push(each)
    if (method !== 'initialize' && each.session !== session) return sayStatus(404)(response)
    ;(server.on[method] ?? usual)(response, each)
  }

  function usual(response: ServerResponse, { id, method }: Heard): void {
    if (id === undefined) return void response.writeHead(202).end()
    switch (method) {
      case 'initialize':
        session = `session-${(sessions += 1)}`
        response.setHeader('mcp-session-id', session)
        return say(
          response,
          id,
          '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"far","version":"1"}}',
        )
      case 'tools/list':
        return say(response, id, `{"tools":[${server.tools}]}`)
      case 'tools/call':
        return say(response, id, '{"content":[{"type":"text","text":"hello"}]}')
      default:
        return say(response, id, '{}')
    }
  }
}
