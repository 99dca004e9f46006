import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { Client, InMemoryTransport, type JSONRPCMessage } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type FakeInstance, graveyard, keys, openFakeInstance, overTransport } from './fixture.ts'
import { serveStdio } from './stdio.ts'

/** A server made with the official package. */
function greeter(): InMemoryTransport {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const server = new McpServer({ name: 'greeter', version: '1' })
  server.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
    content: [{ type: 'text', text: `hello ${name}` }],
  }))
  void server.connect(theirs as Parameters<McpServer['connect']>[0])
  return ours
}

describe('countersign mcp', () => {
  let instance: FakeInstance
  let graves: ReturnType<typeof graveyard>
  let input: PassThrough
  let output: PassThrough
  let bridge: Promise<void>
  let client: Client

  beforeEach(async () => {
    graves = graveyard()
    instance = await openFakeInstance(
      { servers: { s: { command: ['none'] } }, progressEveryMs: 20, patienceMs: 5000 },
      { connect: () => overTransport(greeter), tombstones: graves },
    )
    input = new PassThrough()
    output = new PassThrough()
    bridge = serveStdio({ input, output, url: `${instance.url}/mcp/s`, key: keys.mine })
    client = new Client({ name: 'stdio', version: '1' })
    await client.connect(overPipes(output, input))
  })

  afterEach(async () => {
    input.end()
    await bridge
    await instance.close()
  })

  it('lets a client that speaks over pipes use the instance', async () => {
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['greet', 'countersign_wait'])
    expect(await client.callTool({ name: 'greet', arguments: { name: 'you' } })).toMatchObject({
      content: [{ text: 'hello you' }],
    })
    expect(instance.gate.attempts[0]?.context.client).toBe('stdio/1')
  })

  it('carries waiting, progress and cancelling', async () => {
    instance.gate.verdict = 'ask'
    const leave = new AbortController()
    const progress = new Promise((resolve) => {
      const given = { signal: leave.signal, onprogress: resolve }
      client.callTool({ name: 'greet', arguments: { name: 'you' } }, given).catch(() => undefined)
    })
    expect(await progress).toMatchObject({ message: expect.stringContaining('Waiting for approval by keepers') })
    leave.abort()
    await instance.gate.held(0)
    instance.gate.settle('granted')
    expect(instance.gate.runs).toEqual([])
  })

  it('answers what the instance refuses with its reason', async () => {
    await expect(client.request({ method: 'resources/list' })).rejects.toMatchObject({ code: -32601 })
    const answers = createInterface({ input: output })
    input.write('{"jsonrpc":"2.0","id":"big","method":"ping","params":{"a":1,"a":2}}\n')
    const [line] = (await once(answers, 'line')) as [string]
    expect(JSON.parse(line)).toMatchObject({
      id: 'big',
      error: { message: expect.stringContaining('the same key twice') },
    })
  })

  it('opens a new session where the old one is over', async () => {
    const [session] = await sessions()
    await graves.put(`mcp/${session}`, 1) // ended on another instance
    expect(await client.callTool({ name: 'greet', arguments: { name: 'again' } })).toMatchObject({
      content: [{ text: 'hello again' }],
    })
    expect(await sessions()).not.toContain(session)
  })

  it.each([
    ['the key is not known', 'wrong', 'does not know this key'],
    ['the store is gone', keys.unlucky, 'cannot be written now'],
  ])('says so, once, where %s', async (_, key, says) => {
    const told = await tell(`${instance.url}/mcp/s`, key, 'initialize')
    expect(told).toMatchObject([{ id: 1, error: { code: -32000, message: expect.stringContaining(says) } }])
  })

  it.each([
    ['the store is gone', () => instance.url, 'NOT EXECUTED. The record cannot be written now'],
    ['nobody is there', () => 'http://127.0.0.1:59999', 'NOT EXECUTED. Countersign could not be reached.'],
  ])('a call is answered in band where %s', async (_, url, says) => {
    const told = await tell(`${url()}/mcp/s`, keys.unlucky, 'tools/call')
    expect(told).toMatchObject([
      { id: 1, result: { isError: true, content: [{ text: expect.stringContaining(says) }] } },
    ])
  })

  /** Everything that one message is answered with. */
  async function tell(url: string, key: string, method: string): Promise<unknown[]> {
    const [from, to] = [new PassThrough(), new PassThrough()]
    const served = serveStdio({ input: from, output: to, url, key })
    from.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: 'greet' } })}\n`)
    await served
    return String(to.read())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  }

  async function sessions(): Promise<string[]> {
    await client.callTool({ name: 'greet', arguments: { name: 'who' } })
    return instance.gate.attempts.slice(-1).map(({ context }) => context.session)
  }
})

function overPipes(from: PassThrough, to: PassThrough) {
  const transport = {
    onmessage: undefined as ((message: JSONRPCMessage) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    async start() {
      createInterface({ input: from }).on('line', (line) => transport.onmessage?.(JSON.parse(line)))
    },
    async send(message: JSONRPCMessage) {
      to.write(`${JSON.stringify(message)}\n`)
    },
    async close() {
      transport.onclose?.()
    },
  }
  return transport as Parameters<Client['connect']>[0]
}
