import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { openScripted, say, type Scripted } from './scripted.ts'
import { serveStdio } from './stdio.ts'

const headers = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${keys.mine}`,
}
const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'patient', version: '1' } }
const rpc = (id: number | string, method: string, of: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: of })
const call = (id: number | string, args: object = {}) => rpc(id, 'tools/call', { name: 'read', arguments: args })

describe('Countersign closes', () => {
  let server: Scripted
  let instance: FakeInstance
  let session = ''
  beforeEach(async () => {
    server = await openScripted()
    instance = await openFakeInstance(
      {
        servers: { far: { url: server.url, private: true } },
        clients: { patient: { ms: 60_000 } },
        progressEveryMs: 20,
      },
      { graceMs: 300 },
    )
    session = (await post(rpc(1, 'initialize', params))).headers.get('mcp-session-id') ?? ''
  })
  afterEach(async () => {
    session = ''
    await server.close()
  })
  const post = (body: string) =>
    fetch(`${instance.url}/mcp/far`, {
      method: 'POST',
      headers: { ...headers, ...(session && { 'mcp-session-id': session }) },
      body,
    })

  it('C3: every call that is held gets its answer, nothing of them runs, and their question stays', async () => {
    instance.gate.verdict = 'ask'
    const held = [await post(call(1, { n: 1 })), await post(call('two', { n: 2 }))]
    const batch = held.map((answer) => answer.text())
    await instance.gate.held(2)
    await instance.close()
    for (const text of await Promise.all(batch)) expect(text).toContain('NOT EXECUTED. Countersign is closing')
    expect([...instance.gate.questions.values()].map(({ state }) => state)).toEqual(['open', 'open'])
    expect(server.count('tools/call')).toBe(0)
  })

  it.each(['the agent was stopped', 'its key has expired'])(
    'P15: a call ends when its permit is taken back (%s): the server is told, its client and the record as well',
    async (why) => {
      const heard = new Promise<unknown>((resolve) => {
        server.on['tools/call'] = (_, message) => resolve(message)
      })
      const answer = post(call(1)).then((one) => one.text())
      await heard
      instance.gate.revoke.abort(why)
      expect(await answer).toContain(`how it ended is unknown: ${why}`)
      expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'unknown', summary: why } }])
      await expect.poll(() => server.count('notifications/cancelled')).toBe(1)

      const next = await (await post(call(2))).text()
      expect(next).toContain(`NOT EXECUTED: ${why}`)
      expect(server.count('tools/call')).toBe(1)
      instance.gate.revoke = new AbortController()
      server.on['tools/call'] = (response, { id }) => say(response, id, '{"content":[]}')
      expect(await (await post(call(3))).text()).toContain('"content":[]')
    },
  )

  it('C3: what has begun has a moment to end', async () => {
    const heard = new Promise<() => void>((resolve) => {
      server.on['tools/call'] = (response, { id }) => resolve(() => say(response, id, '{"content":[]}'))
    })
    const running = (await post(call(1))).text()
    const end = await heard
    const closed = instance.close()
    end()
    expect(await running).toContain('"result":{"content":[]}')
    await closed
    expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'done' }, delivered: true }])
  })

  it('C3: what does not end is told so, and is unknown', async () => {
    server.on['tools/call'] = () => undefined
    const running = (await post(call(1))).text()
    await expect.poll(() => server.count('tools/call')).toBe(1)
    await instance.close()
    expect(await running).toContain('how it ended is unknown')
    expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'unknown' } }])
  })

  it('C3: who comes while it closes reads so in band', async () => {
    server.on['tools/call'] = () => undefined
    void (await post(call(1))).text().catch(() => undefined)
    await expect.poll(() => server.count('tools/call')).toBe(1)
    const closed = instance.close()
    expect(await (await post(call(2))).text()).toContain('NOT EXECUTED. Countersign is closing')
    expect(await (await post(rpc(3, 'tools/list'))).json()).toMatchObject({ id: 3, error: { code: -32000 } })
    await closed
  })

  it('C3: the bridge hands that answer on', async () => {
    instance.gate.verdict = 'ask'
    const { told, end } = bridge(`${instance.url}/mcp/far`, [rpc(1, 'initialize', params), call(2)])
    await instance.gate.held(1)
    await instance.close()
    await expect
      .poll(() => told(2))
      .toMatchObject({
        result: { isError: true, content: [{ text: expect.stringContaining('Countersign is closing') }] },
      })
    await end()
  })
})

function bridge(url: string, lines: readonly string[], signal?: AbortSignal) {
  const input = new PassThrough()
  const output = new PassThrough({ encoding: 'utf8' })
  let text = ''
  output.on('data', (piece: string) => (text += piece))
  const served = serveStdio({ input, output, url, key: keys.mine, ...(signal && { signal }) })
  for (const line of lines) input.write(`${line}\n`)
  const all = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { id?: unknown; method?: string })
  return {
    all,
    told: (id: unknown) => all().find((message) => message.id === id),
    send: (line: string) => input.write(`${line}\n`),
    async end() {
      input.end()
      await served
    },
    served,
  }
}

/** An instance of which every byte is the test's own. */
async function pretend(answer: (message: { id: number; method: string }, response: ServerResponse) => void, port = 0) {
  const listener = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.once('end', () => {
      if (request.method !== 'POST')
        return void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
      const message = JSON.parse(body) as { id: number; method: string }
      if (message.method === 'initialize') {
        response.setHeader('mcp-session-id', 'x')
        return say(response, message.id, '{"protocolVersion":"2025-06-18"}')
      }
      if (message.id === undefined) return void response.writeHead(202).end()
      return answer(message, response)
    })
  })
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const { port: bound } = listener.address() as AddressInfo
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}/mcp/far`,
    async close() {
      listener.closeAllConnections()
      await new Promise((done) => listener.close(done))
    },
  }
}

describe('the bridge answers by itself', () => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    [
      'a stream that ends without one',
      (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(':\n\n'),
    ],
    [
      'a stream that breaks',
      (response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n', () => response.destroy()),
    ],
    ['a connection that breaks before that', (response) => response.destroy()],
    ['an answer to something else', (response) => say(response, 4711, '{}')],
    ['nothing at all', (response) => response.writeHead(202).end()],
  ])('C3: for %s', async (_, end) => {
    const instance = await pretend((_message, response) => end(response))
    const { told, end: leave } = bridge(instance.url, [
      rpc(1, 'initialize', params),
      call(2),
      rpc('three', 'tools/list'),
    ])
    await expect
      .poll(() => told(2))
      .toMatchObject({
        result: {
          isError: true,
          content: [{ text: expect.stringMatching(/lost before its answer came.*sent again/) }],
        },
      })
    await expect.poll(() => told('three')).toMatchObject({ error: { message: expect.stringContaining('lost') } })
    await leave()
    await instance.close()
  })

  it('C3: for an instance that is gone, and reaches the one that comes back in its place', async () => {
    const answer = (message: { id: number }, response: ServerResponse) => say(response, message.id, '{"content":[]}')
    const first = await pretend(answer)
    const { told, all, send, end } = bridge(first.url, [rpc(1, 'initialize', params), call(2)])
    await expect.poll(() => told(2)).toMatchObject({ result: { content: [] } })
    await first.close()
    send(call(3))
    await expect
      .poll(() => told(3))
      .toMatchObject({
        result: {
          isError: true,
          content: [{ text: expect.stringMatching(/^NOT EXECUTED\. Countersign could not be reached|lost before/) }],
        },
      })
    const second = await pretend(answer, first.port)
    send(call(4))
    await expect.poll(() => told(4)).toMatchObject({ result: { content: [] } })
    await expect.poll(() => all().map(({ method }) => method)).toContain('notifications/tools/list_changed')
    await end()
    await second.close()
  })

  it('C3: for all that is open when it is stopped itself', async () => {
    const instance = await pretend((_message, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n'),
    )
    const stop = new AbortController()
    const { told, served } = bridge(instance.url, [rpc(1, 'initialize', params), call(2)], stop.signal)
    await expect.poll(() => told(1)).toBeDefined()
    stop.abort()
    await served
    expect(told(2)).toMatchObject({
      result: { content: [{ text: expect.stringContaining('The bridge to Countersign is closing') }] },
    })
    await instance.close()
  })

  it('F12: for every request of a batch', async () => {
    const instance = await pretend((_message, response) => response.destroy())
    const { told, end } = bridge(instance.url, [rpc(1, 'initialize', params), `[${call(2)},${rpc(3, 'ping')}]`])
    await expect.poll(() => told(2)).toMatchObject({ result: { isError: true } })
    await expect.poll(() => told(3)).toMatchObject({ error: { code: -32000 } })
    await end()
    await instance.close()
  })
})
