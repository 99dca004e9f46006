/**
 * Requests written by hand, as no well-behaved client would send.
 *
 * @module
 */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'

export interface Knock {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** A unix socket in place of the host. */
  readonly socketPath?: string
}

export interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** `{}` if it is no object. */
  readonly body: Record<string, unknown>
}

/** Unlike `fetch` it sends any header, and hears an answer that comes before the whole body went out. */
export function knock(url: string, { method = 'GET', headers = {}, body, socketPath }: Knock = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    let heard = false
    const length = body === undefined ? undefined : Buffer.byteLength(body)
    const asked = httpRequest(
      url,
      {
        method,
        headers: {
          ...(length !== undefined && !headers['transfer-encoding'] && { 'content-length': length }),
          ...headers,
        },
        agent: false,
        ...(socketPath !== undefined && { socketPath }),
      },
      (response) => {
        heard = true
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        const end = () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: objectIn(text) })
        response.once('end', end).once('error', end)
      },
    )
    asked.once('error', (error) => heard || reject(error))
    asked.end(body)
  })
}

/** A JSON object, also as the last event of a stream. */
function objectIn(text: string): Record<string, unknown> {
  const json = /^(?:event|data|id|:)/m.test(text)
    ? (text
        .match(/^data: ?(.*)$/gm)
        ?.at(-1)
        ?.replace(/^data: ?/, '') ?? '')
    : text
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export interface McpClient {
  /** A JSON-RPC message, or any text in place of one. */
  post(message: object | string, headers?: Readonly<Record<string, string>>): Promise<Heard>
  /** The text of a tool's answer. */
  call(tool: string, args: object): Promise<string>
}

const accept = 'application/json, text/event-stream'

/** An MCP client of a server behind the instance, with a session of its own. */
export async function openMcp(instance: string, key: string, server = 'files'): Promise<McpClient> {
  let session: string | undefined
  let calls = 1
  const post: McpClient['post'] = (message, headers) =>
    knock(`${instance}/mcp/${server}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept,
        ...(session !== undefined && { 'mcp-session-id': session }),
        ...headers,
      },
      body: typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message }),
    })
  const clientInfo = { name: 'test', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const hello = await post({ id: 0, method: 'initialize', params })
  const given = hello.headers['mcp-session-id']
  session = typeof given === 'string' ? given : undefined
  await post({ method: 'notifications/initialized' })

  return {
    post,
    async call(name, args) {
      const { body, text } = await post({ id: calls++, method: 'tools/call', params: { name, arguments: args } })
      const result = body['result'] as { content?: { text?: string }[] } | undefined
      return result?.content?.[0]?.text ?? text
    },
  }
}

/** A connection on which bytes are sent as they are. */
export interface Line {
  send(bytes: string): void
  /** Everything that was answered, once the other end has hung up. */
  readonly heard: Promise<string>
  hangUp(): void
}

export function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const heard = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(text)).on('error', () => undefined)
  })
  const line: Line = { heard, send: (bytes) => void socket.write(bytes, 'latin1'), hangUp: () => void socket.destroy() }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(line)).once('error', reject)
  })
}
