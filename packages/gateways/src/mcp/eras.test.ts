import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEventReader, type ServerEvent } from './events.ts'
import { type FakeInstance, graveyard, keys, openFakeInstance } from './fixture.ts'
import { openScripted, type Scripted } from './scripted.ts'

const plain = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${keys.mine}`,
}
const hello = (protocolVersion: string) => ({
  jsonrpc: '2.0',
  id: 'hello',
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'older', version: '1' } },
})
const call = (id: number | string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'read', arguments: args },
})
const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' })

describe('clients of older versions', () => {
  let server: Scripted
  let instance: FakeInstance
  const graves = graveyard()
  const open = () =>
    openFakeInstance(
      {
        servers: { s: { url: server.url, private: true } },
        clients: { older: { ms: 60_000 } },
        progressEveryMs: 20,
      },
      { tombstones: graves },
    )
  beforeAll(async () => {
    server = await openScripted()
    instance = await open()
  })
  afterAll(async () => {
    await instance.close()
    await server.close()
  })
  beforeEach(() => {
    instance.gate.verdict = 'allow'
    instance.gate.attempts.length = 0
  })

  const send = (body: unknown, headers: Record<string, string> = {}, path = '/mcp/s') =>
    fetch(instance.url + path, { method: 'POST', headers: { ...plain, ...headers }, body: JSON.stringify(body) })
  async function session(version: string): Promise<Record<string, string>> {
    const answer = await send(hello(version))
    expect(await answer.json()).toMatchObject({ result: { protocolVersion: version } })
    return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
  }
  /** Of an answer in either form: one that takes longer than a sign of life is a stream. */
  const messagesIn = (text: string) => {
    if (text.startsWith('{')) return [JSON.parse(text) as { id?: unknown }]
    const events: ServerEvent[] = []
    createEventReader((event) => events.push(event), 1 << 20).read(text)
    return events.map(({ data }) => JSON.parse(data) as { id?: unknown })
  }
  const byId = (messages: { id?: unknown }[]) => new Map(messages.map((message) => [message.id, message]))

  describe('2025-03-26', () => {
    it('F12: sends no version with its messages', async () => {
      const answer = await send(call(1), await session('2025-03-26'))
      expect(messagesIn(await answer.text())).toMatchObject([{ id: 1, result: { content: [{ text: 'hello' }] } }])
    })

    it('F12: sends several messages at once; each is judged alone, and answered on one stream', async () => {
      const batch = [
        ping(1),
        call(2, { n: 1 }),
        { jsonrpc: '2.0', method: 'notifications/progress' },
        call('2', { n: 2 }),
        { id: 3 },
        { ...hello('2025-03-26'), id: 4 },
        { jsonrpc: '2.0', id: 5, method: 'resources/list' },
        { jsonrpc: '2.0', id: 6, method: 'tools/list' },
      ]
      const answer = await send(batch, await session('2025-03-26'))
      expect(answer.headers.get('content-type')).toBe('text/event-stream')
      const messages = byId(messagesIn(await answer.text()))
      expect(messages.size).toBe(7)
      expect(messages.get(1)).toMatchObject({ result: {} })
      for (const id of [2, '2']) expect(messages.get(id)).toMatchObject({ result: { content: [{ text: 'hello' }] } })
      expect(messages.get(null)).toMatchObject({ error: { code: -32600 } })
      expect(messages.get(4)).toMatchObject({ error: { code: -32600, message: 'initialize comes alone.' } })
      expect(messages.get(5)).toMatchObject({ error: { code: -32601 } })
      expect(messages.get(6)).toMatchObject({ result: { tools: [{ name: 'read' }, { name: 'countersign_wait' }] } })
      expect(instance.gate.attempts.map(({ action }) => action.parameters)).toMatchObject([
        { arguments: { n: 1 } },
        { arguments: { n: 2 } },
      ])
    })

    it('F12: of several calls one may be held while the others are answered', async () => {
      instance.gate.verdict = 'ask'
      const answer = await send([call(1, { held: true }), ping(2)], await session('2025-03-26'))
      await instance.gate.held(1)
      instance.gate.settle('granted')
      const messages = byId(messagesIn(await answer.text()))
      expect(messages.get(1)).toMatchObject({ result: { content: [{ text: 'hello' }] } })
      expect(messages.get(2)).toMatchObject({ result: {} })
    })

    it('F12: the calls of one that hangs up are let go', async () => {
      instance.gate.verdict = 'ask'
      const answer = await send([call(1, { a: 1 }), call(2, { a: 2 })], await session('2025-03-26'))
      await instance.gate.held(2)
      await answer.body?.cancel()
      await instance.gate.held(0)
      expect(instance.gate.attempts.every(({ signal }) => signal.aborted)).toBe(true)
    })

    it.each<[string, unknown, number]>([
      ['of nothing', [], 400],
      ['of 101', Array.from({ length: 101 }, (_, id) => ping(id)), 400],
      ['of what needs no answer', [{ jsonrpc: '2.0', method: 'notifications/initialized' }], 202],
    ])('F12: a batch %s', async (_, batch, status) => {
      expect((await send(batch, await session('2025-03-26'))).status).toBe(status)
    })

    it.each(['2025-06-18', '2025-11-25'])('F12: a batch is nothing of %s', async (version) => {
      const answer = await send([ping(1)], await session(version))
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: { code: -32600 } })
    })
  })

  describe('2024-11-05', () => {
    /** The stream of an old client, as it comes in. */
    async function listen(key = keys.mine) {
      const leave = new AbortController()
      const answer = await fetch(`${instance.url}/mcp/s`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${key}` },
        signal: leave.signal,
      })
      const events: ServerEvent[] = []
      const reader = createEventReader((event) => events.push(event), 1 << 20)
      const reading = (async () => {
        const decoder = new TextDecoder()
        for await (const piece of answer.body ?? []) reader.read(decoder.decode(piece, { stream: true }))
      })().catch(() => undefined)
      await expect.poll(() => events[0]?.name).toBe('endpoint')
      return {
        status: answer.status,
        path: events[0]?.data ?? '',
        told: () =>
          byId(events.flatMap(({ name, data }) => (name === 'message' ? [JSON.parse(data) as { id?: unknown }] : []))),
        async leave() {
          leave.abort()
          await reading
        },
      }
    }

    it('F12: is told where to post, and everything is answered on its stream', async () => {
      const { path, told, leave } = await listen()
      expect(path).toMatch(/^\/mcp\/s\?session=[\w-]+$/)
      for (const message of [hello('2024-11-05'), call(1), [ping(2), call(3)]]) {
        const answer = await send(message, { accept: '*/*' }, path)
        expect(answer.status).toBe(202)
      }
      await expect.poll(() => told().size).toBe(4)
      expect(told().get('hello')).toMatchObject({ result: { protocolVersion: '2024-11-05' } })
      for (const id of [1, 3]) expect(told().get(id)).toMatchObject({ result: { content: [{ text: 'hello' }] } })
      await leave()
    })

    it('F12: its held calls are let go with the stream, and the address is none any more', async () => {
      instance.gate.verdict = 'ask'
      const { path, leave } = await listen()
      await send(call(1, { old: true }), {}, path)
      await instance.gate.held(1)
      await leave()
      await instance.gate.held(0)
      await expect.poll(async () => (await send(ping(2), {}, path)).status).toBe(404)
    })

    it('F12: the address is nobody’s but its credential’s', async () => {
      const { path, leave } = await listen()
      expect((await send(ping(1), { authorization: `Bearer ${keys.other}` }, path)).status).toBe(404)
      expect((await send(ping(1), {}, `${path}x`)).status).toBe(404)
      const { 'mcp-session-id': token } = await session('2025-06-18')
      expect((await send(ping(1), {}, `/mcp/s?session=${token}`)).status, 'no session with a stream').toBe(404)
      await leave()
    })

    it('F12: the SDK’s client for it works, and is told when tools may have changed', async () => {
      const client = new ClientV1({ name: 'older', version: '1' })
      const headers = { authorization: `Bearer ${keys.mine}` }
      let changes = 0
      const transport = new SSEClientTransport(new URL(`${instance.url}/mcp/s`), {
        requestInit: { headers },
        eventSourceInit: {
          fetch: (url, init) => fetch(url, { ...init, headers: { ...headers, accept: 'text/event-stream' } }),
        },
      })
      await client.connect(transport as Parameters<ClientV1['connect']>[0])
      client.fallbackNotificationHandler = async ({ method }) => {
        if (method === 'notifications/tools/list_changed') changes += 1
      }
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['read', 'countersign_wait'])
      expect(await client.callTool({ name: 'read', arguments: {} })).toMatchObject({ content: [{ text: 'hello' }] })
      instance.allowancesChanged()
      await expect.poll(() => changes).toBe(1)
      await client.close()
    })
  })

  it('C4: a session goes on at another instance, with the same key and the same question', async () => {
    const headers = await session('2025-06-18')
    const other = await open()
    const there = (body: unknown, more: Record<string, string> = {}) =>
      fetch(`${other.url}/mcp/s`, {
        method: 'POST',
        headers: { ...plain, ...headers, ...more },
        body: JSON.stringify(body),
      })
    expect(messagesIn(await (await there(call(7))).text())).toMatchObject([{ id: 7, result: {} }])
    expect(other.gate.attempts[0]?.context).toMatchObject({ client: 'older/1' })
    expect((await there(ping(8), { authorization: `Bearer ${keys.other}` })).status).toBe(404)
    const bye = await fetch(`${instance.url}/mcp/s`, { method: 'DELETE', headers: { ...plain, ...headers } })
    expect(bye.status).toBe(204)
    expect((await there(ping(9))).status).toBe(404)
    await other.close()
  })
})
