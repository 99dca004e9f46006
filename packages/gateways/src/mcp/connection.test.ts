import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { openScripted, say, type Scripted } from './scripted.ts'

const rpc = (id: number | string, method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })
const call = (id: number, args: object = {}) => rpc(id, 'tools/call', { name: 'read', arguments: args })
const hello = rpc(0, 'initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'patient', version: '1' },
})

describe('what goes over one connection', () => {
  let server: Scripted
  let instance: FakeInstance
  let session: string
  const sockets: Socket[] = []
  beforeAll(async () => {
    server = await openScripted()
    instance = await openFakeInstance({
      servers: { s: { url: server.url, private: true } },
      clients: { patient: { ms: 60_000 } },
      maxBodyBytes: 1_000,
    })
    const answer = await post(hello)
    session = answer.headers.get('mcp-session-id') ?? ''
  })
  afterAll(async () => {
    await instance.close()
    await server.close()
  })
  beforeEach(() => {
    instance.gate.verdict = 'allow'
    instance.gate.runs.length = 0
    server.on['tools/call'] = (response, { id }) => say(response, id, '{"content":[]}')
  })
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()))

  const post = (body: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${instance.url}/mcp/s`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${keys.mine}`,
        ...(session && { 'mcp-session-id': session }),
        ...headers,
      },
      body,
      ...(signal && { signal }),
    })

  /** A connection of which every byte is the test's own. */
  function open() {
    const socket = connect(Number(new URL(instance.url).port), '127.0.0.1')
    sockets.push(socket)
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.on('error', () => undefined)
    return { socket, text: () => text, closed: once(socket, 'close') }
  }
  const head = (lines: Record<string, string | number>, key = keys.mine) =>
    [
      'POST /mcp/s HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      `authorization: Bearer ${key}`,
      `mcp-session-id: ${session}`,
      ...Object.entries(lines).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n')
  const whole = (body: string) => head({ 'content-length': Buffer.byteLength(body) }) + body

  it('a call that is allowed at once is answered by one document', async () => {
    const answer = await post(call(1))
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.text()).toBe('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}')
    expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'done' }, delivered: true }])
  })

  it('a call whose server tells of its progress is answered by a stream', async () => {
    let answer = () => {}
    server.on['tools/call'] = (response, { id }) => {
      const params = { progressToken: id, progress: 1, message: 'half' }
      const progress = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${progress}\n\n`)
      answer = () => void response.end(`data: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`)
    }
    const told = await post(rpc(2, 'tools/call', { name: 'read', _meta: { progressToken: 'mine' } }))
    expect(told.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    for await (const piece of told.body ?? []) {
      text += Buffer.from(piece).toString()
      if (text.includes('"progressToken":"mine","progress":1,"message":"half"')) answer()
    }
    expect(text).toContain('"id":2,"result":{}')
  })

  it('a call that is held is answered by a stream, whose head comes at once', async () => {
    instance.gate.verdict = 'ask'
    const held = await post(call(3))
    expect(held.headers.get('content-type')).toBe('text/event-stream')
    instance.gate.settle('granted')
    expect(await held.text()).toContain('"id":3,"result":{"content":[]}')
  })

  it.each([
    ['a greeting', hello, '"protocolVersion":"2025-11-25"'],
    ['a ping', rpc(1, 'ping'), '"id":1,"result":{}'],
    ['what is not served', rpc(1, 'prompts/list'), '"code":-32601'],
    ['a call', call(1), '"id":1,"result":{"content":[]}'],
  ])('a client that reads nothing but events is told %s in one', async (_, body, expected) => {
    const answer = await post(body, { accept: 'text/event-stream' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    expect(answer.headers.has('mcp-session-id')).toBe(body === hello)
    expect(await answer.text()).toMatch(/^: countersign\n\nevent: message\ndata: \{.*\}\n\n$/)
    expect(await (await post(body, { accept: 'text/event-stream' })).text()).toContain(expected)
  })

  it('P10: an answer whose client has hung up counts as not delivered, and the same call is handed it', async () => {
    const heard = new Promise<() => void>((resolve) => {
      server.on['tools/call'] = (response, { id }) => resolve(() => say(response, id, '{"content":["late"]}'))
    })
    const { socket, closed } = open()
    socket.write(whole(call(4)))
    const answer = await heard
    socket.destroy()
    await closed
    await expect.poll(() => instance.gate.attempts.at(-1)?.signal.aborted).toBe(true)
    answer()
    await expect.poll(() => instance.gate.runs).toMatchObject([{ outcome: { kind: 'done' }, delivered: false }])
    expect(await (await post(call(5))).text()).toContain('"id":5,"result":{"content":["late"]}')
    expect(instance.gate.runs).toHaveLength(1)
  })

  it('a client that ends its half of the connection while it is held has gone', async () => {
    instance.gate.verdict = 'ask'
    const { socket, closed } = open()
    socket.write(whole(call(6, { half: true })))
    await instance.gate.held(1)
    socket.end()
    await instance.gate.held(0)
    expect(instance.gate.attempts.at(-1)?.signal.aborted).toBe(true)
    await closed
  })

  it('messages sent one behind the other are answered in their order', async () => {
    const { socket, text } = open()
    socket.write(whole(call(7)) + whole(rpc(8, 'ping')) + whole(call(9)))
    await expect.poll(text).toContain('"id":9')
    expect(text().match(/"id":\d/g)).toEqual(['"id":7', '"id":8', '"id":9'])
  })

  it('calls sent behind one that is held are let go of with it when the connection ends', async () => {
    instance.gate.verdict = 'ask'
    const { socket } = open()
    socket.write([1, 2, 3].map((n) => whole(call(10 + n, { n }))).join(''))
    await instance.gate.held(3)
    socket.destroy()
    await instance.gate.held(0)
  })

  it('a body in pieces is read, and one that breaks off runs nothing', async () => {
    const { socket, text } = open()
    const [first, second] = [call(14).slice(0, 20), call(14).slice(20)]
    const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`
    socket.write(head({ 'transfer-encoding': 'chunked' }) + chunk(first))
    socket.write(`${chunk(second)}0\r\n\r\n`)
    await expect.poll(text).toContain('"id":14,"result"')
    const before = instance.gate.attempts.length
    const broken = open()
    broken.socket.end(head({ 'content-length': 1_000 }) + call(15))
    await broken.closed
    expect(instance.gate.attempts).toHaveLength(before)
  })

  it('one that is announced too large is refused unread, and one that becomes so is read no further', async () => {
    const announced = open()
    announced.socket.write(head({ 'content-length': 1_001 }))
    await expect.poll(announced.text).toMatch(/^HTTP\/1\.1 413 [^]*A message may have 1000 bytes/)
    await announced.closed // the rest does not come

    const growing = open()
    growing.socket.write(head({ 'transfer-encoding': 'chunked' }))
    growing.socket.write(`400\r\n${' '.repeat(0x400)}\r\n`)
    await expect.poll(growing.text).toMatch(/^HTTP\/1\.1 413 /)
    await growing.closed
  })

  it('a sender that nobody knows is told so before a byte of its body is asked for', async () => {
    const nobody = open()
    nobody.socket.write(head({ expect: '100-continue', 'content-length': 100 }, 'key-of-nobody'))
    await nobody.closed
    expect(nobody.text()).toMatch(/^HTTP\/1\.1 401 /)

    const known = open()
    const body = rpc(16, 'ping')
    known.socket.write(head({ expect: '100-continue', 'content-length': body.length }))
    await expect.poll(known.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    known.socket.write(body)
    await expect.poll(known.text).toContain('"id":16,"result":{}')
  })

  it('one whose head is wrong is not asked for its body either', async () => {
    const { socket, text, closed } = open()
    socket.write(head({ expect: '100-continue', 'content-length': 100, 'mcp-protocol-version': '1999-01-01' }))
    await closed
    expect(text()).toMatch(/^HTTP\/1\.1 400 /)
  })
})
