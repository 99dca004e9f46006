import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeHouse, keys, openFakeHouse } from './fixture.ts'

interface Message {
  readonly id?: number
  readonly method: string
}

const tool = { name: 'read', inputSchema: { type: 'object' } }

/** An MCP server over HTTP whose answers to `tools/call` the test chooses. */
async function openServer() {
  const seen: { method: string; authorization: string | undefined }[] = []
  const server = {
    seen,
    url: '',
    call: (response: ServerResponse, id: number) => say(response, id, { content: [{ type: 'text', text: 'hello' }] }),
    close: async () => {
      listener.closeAllConnections()
      await new Promise((done) => listener.close(done))
    },
  }
  const listener = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    request.once('end', () => answer(JSON.parse(text), response, request.headers.authorization))
    return undefined
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`
  return server

  function answer({ id, method }: Message, response: ServerResponse, authorization: string | undefined): void {
    seen.push({ method, authorization })
    if (id === undefined) return void response.writeHead(202).end()
    switch (method) {
      case 'initialize':
        return say(response, id, {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'far', version: '1' },
        })
      case 'tools/list':
        return say(response, id, { tools: [tool] })
      default:
        return server.call(response, id)
    }
  }
}

function say(response: ServerResponse, id: number, result: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

const mostPieces = 200

/** Goes on until nobody listens any more; says how many pieces were taken. */
async function pourOut(response: ServerResponse, piece: string): Promise<number> {
  let taken = 0
  const closed = once(response, 'close')
  for (; taken < mostPieces && !response.closed; taken += 1) {
    if (response.write(piece)) continue
    const waiting = new AbortController()
    await Promise.race([once(response, 'drain', { signal: waiting.signal }), closed]).finally(() => waiting.abort())
  }
  response.end()
  return taken
}

describe('a server that is reached over HTTP', () => {
  let server: Awaited<ReturnType<typeof openServer>>
  let house: FakeHouse
  const clients: Client[] = []
  beforeEach(async () => {
    server = await openServer()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await house.close()
    await server.close()
  })

  async function reach(section: object): Promise<Client> {
    house = await openFakeHouse({ servers: { far: { url: server.url, ...section } } })
    const client = new Client({ name: 'any', version: '1' })
    clients.push(client)
    const requestInit = { headers: { authorization: `Bearer ${keys.mine}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${house.url}/mcp/far`), { requestInit }))
    return client
  }
  const read = (client: Client) => client.callTool({ name: 'read', arguments: {} })

  it('near the house is called if the configuration names it as private, with the house’s own credentials', async () => {
    const client = await reach({ private: true, headers: { authorization: 'Bearer of-the-house' } })
    expect(await read(client)).toMatchObject({ content: [{ text: 'hello' }] })
    expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer of-the-house']))
  })

  it('near the house is not called otherwise (P8)', async () => {
    const client = await reach({})
    await expect(client.listTools().then(({ tools }) => tools.filter(({ name }) => name === 'read'))).rejects.toThrow()
    expect(server.seen).toEqual([])
    expect(house.gate.runs).toEqual([])
  })

  it('its redirects are not followed', async () => {
    const elsewhere = await openServer()
    const client = await reach({ private: true })
    await client.listTools()
    server.call = (response) => void response.writeHead(307, { location: elsewhere.url }).end()
    expect(await read(client)).toMatchObject({ isError: true })
    expect(elsewhere.seen).toEqual([])
    await elsewhere.close()
  })

  it.each<[string, string, string]>([
    ['a document', 'application/json', ' '.repeat(1 << 20)],
    ['a stream of events', 'text/event-stream', `: ${'x'.repeat(1 << 20)}\n\n`],
  ])(
    '%s that does not end is cut off: the outcome is unknown, and the next call finds the server again',
    async (_, type, piece) => {
      const client = await reach({ private: true })
      await client.listTools()
      const usual = server.call
      let poured: Promise<number> | undefined
      server.call = (response) => {
        response.writeHead(200, { 'content-type': type })
        poured = pourOut(response, piece)
      }
      expect(await read(client)).toMatchObject({ isError: true })
      expect(house.gate.runs).toMatchObject([{ outcome: { kind: 'unknown' } }])
      expect(await poured).toBeLessThan(mostPieces)
      server.call = usual
      expect(await read(client)).toMatchObject({ content: [{ text: 'hello' }] })
    },
  )
})
