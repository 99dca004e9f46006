import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { openScripted, type Scripted } from './scripted.ts'

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
  let server: Scripted
  let instance: FakeInstance
  const clients: Client[] = []
  beforeEach(async () => {
    server = await openScripted()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await instance.close()
    await server.close()
  })

  async function reach(section: object): Promise<Client> {
    instance = await openFakeInstance({ servers: { far: { url: server.url, ...section } } })
    const client = new Client({ name: 'any', version: '1' })
    clients.push(client)
    const requestInit = { headers: { authorization: `Bearer ${keys.mine}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${instance.url}/mcp/far`), { requestInit }))
    return client
  }
  const read = (client: Client) => client.callTool({ name: 'read', arguments: {} })

  it('near the instance is called if the configuration names it as private, with the instance’s own credentials', async () => {
    const client = await reach({ private: true, headers: { authorization: 'Bearer of-the-gateway' } })
    expect(await read(client)).toMatchObject({ content: [{ text: 'hello' }] })
    expect(new Set(server.heard.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer of-the-gateway']))
  })

  it('near the instance is not called otherwise (P8)', async () => {
    const client = await reach({})
    await expect(client.listTools().then(({ tools }) => tools.filter(({ name }) => name === 'read'))).rejects.toThrow()
    expect(server.heard).toEqual([])
    expect(instance.gate.runs).toEqual([])
  })

  it('its redirects are not followed', async () => {
    const elsewhere = await openScripted()
    const client = await reach({ private: true })
    await client.listTools()
    server.on['tools/call'] = (response) => void response.writeHead(307, { location: elsewhere.url }).end()
    expect(await read(client)).toMatchObject({ isError: true })
    expect(elsewhere.heard).toEqual([])
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
      let poured: Promise<number> | undefined
      server.on['tools/call'] = (response) => {
        response.writeHead(200, { 'content-type': type })
        poured = pourOut(response, piece)
      }
      expect(await read(client)).toMatchObject({ isError: true })
      expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'unknown' } }])
      expect(await poured).toBeLessThan(mostPieces)
      delete server.on['tools/call']
      expect(await read(client)).toMatchObject({ content: [{ text: 'hello' }] })
    },
  )
})
