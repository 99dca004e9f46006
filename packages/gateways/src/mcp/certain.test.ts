import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { type Heard, openScripted, say, sayStatus, type Scripted } from './scripted.ts'

const headers = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${keys.mine}`,
}

type Script = (response: ServerResponse, heard: Heard) => unknown

const rpcError =
  (code: number): Script =>
  (response, { id }) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"no such row"}}`)

const plain =
  (body: string, type = 'application/json'): Script =>
  (response) =>
    void response.writeHead(200, { 'content-type': type }).end(body)

/**
 * How a run ends that people have signed for: certain where the server says so before it does anything, unknown else.
 */
describe('what the server made of a call', () => {
  let server: Scripted
  let instance: FakeInstance
  let session: string
  beforeEach(async () => {
    server = await openScripted()
    instance = await openFakeInstance({ servers: { far: { url: server.url, private: true, timeoutMs: 1_000 } } })
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
    session = (await post('initialize', params)).headers.get('mcp-session-id') ?? ''
    await post('tools/list')
  })
  afterEach(async () => {
    await instance.close()
    await server.close()
  })

  async function post(method: string, params: object = {}): Promise<{ headers: Headers; text: string }> {
    const answer = await fetch(`${instance.url}/mcp/far`, {
      method: 'POST',
      headers: { ...headers, ...(session && { 'mcp-session-id': session }) },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return { headers: answer.headers, text: await answer.text() }
  }
  const call = async (script?: Script) => {
    server.on['tools/call'] = script
    const { text } = await post('tools/call', { name: 'read', arguments: {} })
    return { text, outcome: instance.gate.runs[0]?.outcome.kind, sent: server.count('tools/call') }
  }

  it.each<[string, Script]>([
    ['400', sayStatus(400)],
    ['401', sayStatus(401)],
    ['403', sayStatus(403, '{"error":{"message":"not you"}}')],
    ['405', sayStatus(405)],
    ['413', sayStatus(413)],
    ['422', sayStatus(422)],
    ['429', sayStatus(429)],
    ['501', sayStatus(501)],
    ['503', sayStatus(503)],
    ['307', (response) => void response.writeHead(307, { location: '/elsewhere' }).end()],
    ['a JSON-RPC error: invalid parameters', rpcError(-32602)],
    ['a JSON-RPC error: no such method', rpcError(-32601)],
    ['a JSON-RPC error of its own', rpcError(-32050)],
  ])('C2: %s is a failure, told with its cause, and sent once', async (_, script) => {
    const { text, outcome, sent } = await call(script)
    expect({ outcome, sent }).toEqual({ outcome: 'failed', sent: 1 })
    expect(text).toMatch(/The run failed: .*(answers \d{3}|no such row)/)
  })

  it.each<[string, Script]>([
    ['500', sayStatus(500)],
    ['502', sayStatus(502)],
    ['504', sayStatus(504)],
    ['408', sayStatus(408)],
    ['303', (response) => void response.writeHead(303, { location: '/done' }).end()],
    ['202 and no answer', (response) => void response.writeHead(202).end()],
    ['half an answer', plain('{"jsonrpc":"2.0","id":')],
    ['an answer to something else', plain('{"jsonrpc":"2.0","id":4711,"result":{}}')],
    ['a result that is a list', (response, { id }) => say(response, id, '[]')],
    [
      'a result and an error',
      (response, { id }) => plain(`{"jsonrpc":"2.0","id":${id},"result":{},"error":{}}`)(response, {} as Heard),
    ],
    [
      'two results',
      (response, { id }) => plain(`{"jsonrpc":"2.0","id":${id},"result":{},"result":{}}`)(response, {} as Heard),
    ],
    ['content that is none', (response, { id }) => say(response, id, '{"content":"done"}')],
    ['a page', plain('<h1>Bad gateway</h1>', 'text/html')],
    ['a stream that ends without an answer', plain(': nothing\n\n', 'text/event-stream')],
    ['a closed connection', (response) => void response.socket?.destroy()],
    [
      'a connection closed in mid-answer',
      (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).write('{', () => response.destroy()),
    ],
    ['silence', () => undefined],
    ['the word of a proxy that it lost the server', rpcError(-32000)],
    ['the word of a proxy that it waited too long', rpcError(-32001)],
  ])('C2: after %s nobody knows, and it is sent once', async (_, script) => {
    const { text, outcome, sent } = await call(script)
    expect({ outcome, sent }).toEqual({ outcome: 'unknown', sent: 1 })
    expect(text).toContain('how it ended is unknown')
  })

  it('C2: a session that the server has lost is opened anew, and the same permit is used in it, once', async () => {
    server.forget()
    const { text, outcome, sent } = await call()
    expect(text).toContain('hello')
    expect({ outcome, sent, runs: instance.gate.runs.length }).toEqual({ outcome: 'done', sent: 2, runs: 1 })
    expect(server.count('initialize')).toBe(2)
  })

  it('C2: a server that says 400 to a session of before its restart is met again as well', async () => {
    let first = true
    const { text, sent } = await call((response, { id }) => {
      if (!first) return say(response, id, '{"content":[]}')
      first = false
      return sayStatus(400, '{"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}')(response)
    })
    expect(text).toContain('"content":[]')
    expect(sent).toBe(2)
  })

  it('C2: a server that loses every session is not tried without end, and the call has certainly not run', async () => {
    const { outcome, sent } = await call(sayStatus(404))
    expect({ outcome, sent }).toEqual({ outcome: 'failed', sent: 2 })
  })

  it('C2: a tool that is defined otherwise in the new session does not run on the old permit', async () => {
    server.forget()
    server.tools = '{"name":"read","description":"and delete","inputSchema":{"type":"object"}}'
    const { text, outcome } = await call()
    expect(text).toContain('no longer defined as it was')
    expect(outcome).toBe('failed')
    expect(server.heard.filter(({ method, session: of }) => method === 'tools/call' && of === 'session-2')).toEqual([])
  })

  it('C2: a stream that breaks off after it has named itself is taken up again, and the call is not sent again', async () => {
    server.onGet = (response, lastId) =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`data: {"jsonrpc":"2.0","id":${lastId},"result":{"content":[]}}\n\n`)
    const { outcome, sent } = await call((response, { id }) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`id: ${id}\nretry: 1\ndata:\n\n`),
    )
    expect({ outcome, sent }).toEqual({ outcome: 'done', sent: 1 })
  })
})

describe('what is passed on', () => {
  let server: Scripted
  let instance: FakeInstance
  let session = ''
  beforeEach(async () => {
    server = await openScripted()
    instance = await openFakeInstance({ servers: { far: { url: server.url, private: true } } })
    const params = '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}'
    session = (await post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":${params}}`)).session
  })
  afterEach(async () => {
    await instance.close()
    await server.close()
    session = ''
  })

  async function post(body: string): Promise<{ session: string; text: string }> {
    const answer = await fetch(`${instance.url}/mcp/far`, {
      method: 'POST',
      headers: { ...headers, ...(session && { 'mcp-session-id': session }) },
      body,
    })
    return { session: answer.headers.get('mcp-session-id') ?? '', text: await answer.text() }
  }
  const call = (args: string) =>
    post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":${args}}}`)

  const written =
    '{ "structuredContent" : {"z":12345678901234567890,"a":1.10,"b":1e+2,"n":-0,"deep":[0.1e1,18446744073709551616]},' +
    '"content":[],"x-unknown":{"y":null} , "_meta":{"a/b":9007199254740993}}'

  it.each<[string, (response: ServerResponse, id: number) => void]>([
    ['a document', (response, id) => say(response, id, written)],
    [
      'an event',
      (response, id) =>
        void response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`event: message\r\ndata: {"jsonrpc":"2.0","id":${id},\r\ndata: "result":${written}}\r\n\r\n`),
    ],
  ])('C6: %s arrives to the byte, whatever its numbers, order and members', async (_, answer) => {
    server.on['tools/call'] = (response, { id }) => answer(response, id)
    expect((await call('{}')).text).toContain(`"result":${written}}`)
    expect(Buffer.from(instance.gate.runs[0]?.result?.body ?? '', 'base64').toString('utf8')).toBe(written)
  })

  it('C6: an answer in several lines arrives as one', async () => {
    server.on['tools/call'] = (response, { id }) => say(response, id, '{\n  "content": [],\r\n  "n": 1.0\n}')
    expect((await call('{}')).text).toMatch(/"result":\{   "content": \[\],   "n": 1\.0 \}\}$/)
  })

  it('A3: the server gets the canonical form that was hashed, in whatever order the agent wrote it', async () => {
    await call('{"path":"/safe", "Mode":"é", "at":1.0, "deep":{"b":[2,1],"a":"\\u0041"}}')
    await call('{"deep":{"a":"A","b":[2,1]},"at":1,"Mode":"\\u00e9","path":"/safe"}')
    const sent = server.heard.filter(({ method }) => method === 'tools/call').map(({ body }) => body)
    expect(sent).toHaveLength(2)
    for (const body of sent)
      expect(body).toContain('"arguments":{"Mode":"é","at":1,"deep":{"a":"A","b":[2,1]},"path":"/safe"}')
  })

  it('C6: an argument with more digits than a double holds reaches the server with all of them', async () => {
    const { text } = await call('{"id":12345678901234567890,"deep":[18446744073709551616]}')
    expect(text).toContain('hello')
    expect(server.heard.at(-1)?.body).toContain('"arguments":{"deep":[18446744073709551616],"id":12345678901234567890}')
  })
})
