/**
 * What stands behind every side: an upstream that does next to nothing, over HTTP and as an MCP server, so that what is
 * measured is the way to it; and a proxy that does nothing. `bare.ts http <port>`, `bare.ts proxy <port> <upstream's port>`
 * or `bare.ts stdio`.
 *
 * @module
 */
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'

const small = Buffer.from(JSON.stringify({ order: 1, total: 12.5, currency: 'EUR', lines: ['pencil', 'paper'] }))
const large = Buffer.from(JSON.stringify({ orders: 'x'.repeat(100_000 - 13) }))
const [kind, port, upstream] = process.argv.slice(2)

if (kind === 'http') overHttp(Number(port))
else if (kind === 'proxy') asProxy(Number(port), Number(upstream))
else overStdio()

function overHttp(at: number): void {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/mcp')) {
      if (request.method !== 'POST') return void response.writeHead(405).end()
      void text(request).then((body) => {
        const answer = answerTo(JSON.parse(body) as Message)
        if (!answer) response.writeHead(202).end()
        else response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'bare' }).end(answer)
      })
      return
    }
    const body = request.url?.startsWith('/large') ? large : small
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
  })
  server.keepAliveTimeout = 60_000
  server.listen(at, '127.0.0.1')
}

/** What Node itself costs: both sides its own, connections kept, nothing looked at. */
function asProxy(at: number, to: number): void {
  const agent = new Agent({ keepAlive: true })
  const server = createServer((incoming, outgoing) => {
    const { url, method, headers } = incoming
    const onward = request({ host: '127.0.0.1', port: to, path: url, method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.keepAliveTimeout = 60_000
  server.listen(at, '127.0.0.1')
}

function overStdio(): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const answer = answerTo(JSON.parse(line) as Message)
    if (answer) process.stdout.write(`${answer}\n`)
  })
}

interface Message {
  readonly id?: number | string
  readonly method: string
  readonly params?: { readonly protocolVersion?: string }
}

const echo = {
  name: 'echo',
  description: 'Says what it was told.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
}

/** As much of MCP as a tool call takes. */
function answerTo({ id, method, params }: Message): string | undefined {
  if (id === undefined) return undefined
  const say = (result: object) => JSON.stringify({ jsonrpc: '2.0', id, result })
  switch (method) {
    case 'initialize':
      return say({
        protocolVersion: params?.protocolVersion ?? '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'bare', version: '1' },
      })
    case 'tools/list':
      return say({ tools: [echo] })
    case 'tools/call':
      return say({ content: [{ type: 'text', text: 'bare answer' }] })
    case 'ping':
      return say({})
    default:
      return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'not here' } })
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
