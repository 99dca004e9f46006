import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { openScripted, readTool, say, sayStatus, type Scripted } from './scripted.ts'

describe('why a server’s tools are not there', () => {
  let server: Scripted
  let instance: FakeInstance | undefined
  beforeEach(async () => {
    server = await openScripted()
  })
  afterEach(async () => {
    await instance?.close()
    await server.close()
  })

  async function open(section: object): Promise<FakeInstance> {
    instance = await openFakeInstance({ servers: { s: section } })
    return instance
  }
  const cause = async (section: object) => {
    const { concerns, log } = await open(section)
    await expect.poll(() => concerns.list().length, { timeout: 5_000 }).toBeGreaterThan(0)
    const [first] = concerns.list()
    expect(log).toContainEqual({ level: 'warn', says: first?.says, concern: 'mcp/s' })
    return first?.says
  }
  const over = () => ({ url: server.url, private: true })

  it('D3: the server wants credentials', async () => {
    server.on['initialize'] = sayStatus(401, '{"error":"invalid_token"}')
    expect(await cause(over())).toMatch(
      /^MCP server s: .* answers 401 \(it wants credentials.*headers.*: invalid_token/,
    )
  })

  it('D3: the path is not the one', async () => {
    server.on['initialize'] = sayStatus(404)
    expect(await cause(over())).toMatch(/answers 404 \(is this the path/)
  })

  it('D3: a page is there instead', async () => {
    server.on['initialize'] = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hi</h1>')
    expect(await cause(over())).toMatch(/answers text\/html, which is not MCP/)
  })

  it('D3: it speaks a version that nobody knows', async () => {
    server.on['initialize'] = (response, { id }) => say(response, id, '{"protocolVersion":"2031-01-01"}')
    expect(await cause(over())).toContain('speaks MCP 2031-01-01')
  })

  it('D3: nobody listens', async () => {
    await server.close()
    expect(await cause(over())).toMatch(/nobody listens there \(connection refused\)/)
  })

  it('D3: a private address that is not named as one', async () => {
    expect(await cause({ url: server.url })).toMatch(/private or special network.*`private: true`/)
    expect(server.heard).toEqual([])
  })

  it('D3: there is no such name', async () => {
    expect(await cause({ url: 'http://no-such-name.invalid/mcp' })).toMatch(/no such name|could not be looked up/)
  })

  it('D3: it does not speak TLS', async () => {
    expect(await cause({ url: server.url.replace('http:', 'https:'), private: true })).toMatch(/does not speak TLS/)
  })

  it('D3: what is secret in an address is not said', async () => {
    server.on['initialize'] = sayStatus(403)
    expect(await cause({ url: `${server.url}?key=hunter2`, private: true })).not.toContain('hunter2')
  })

  it('D3: it takes the connection and says nothing', async () => {
    const silent = createServer(() => undefined)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    instance = await openFakeInstance({ servers: { s: { url, private: true } } }, { connectMs: 200 })
    const { concerns } = instance
    await expect.poll(() => concerns.list()).toMatchObject([{ says: expect.stringContaining('did not answer within') }])
    expect(JSON.stringify(concerns.list())).not.toContain('reached')
    silent.close()
  })

  it.each<[string, string[], RegExp]>([
    ['there is no such program', ['/no/such/program'], /There is no program "\/no\/such\/program"/],
    ['it may not be run', ['/'], /may not be run/],
    [
      'it has ended',
      [
        process.execPath,
        '-e',
        'console.error("starting\\n\\x1b[31mcannot find\\u202e module x\\x1b[0m"); process.exit(3)',
      ],
      /has ended with code 3; its last words: cannot find {1,2}module x\.$/,
    ],
  ])('D3: of a program: %s', async (_, command, says) => {
    expect(await cause({ command })).toMatch(says)
  })

  it('D3: nextCursor null is the end, and a cursor the next page', async () => {
    const asked: string[] = []
    server.on['tools/list'] = (response, { id, body }) => {
      asked.push(body)
      const page = body.includes('"cursor":"p2"') ? '"nextCursor":null' : '"nextCursor":"p2"'
      say(response, id, `{"tools":[${readTool.replace('read', `read${asked.length}`)}],${page}}`)
    }
    const { concerns, tools } = await open(over())
    await expect.poll(() => [...tools.keys()]).toEqual(['s/read1', 's/read2'])
    expect(concerns.list()).toEqual([])
  })

  it('D3: is right again by itself once the server is', async () => {
    server.on['initialize'] = sayStatus(503)
    const { concerns, url } = await open(over())
    await expect.poll(() => concerns.list()).toMatchObject([{ key: 'mcp/s', says: expect.stringContaining('503') }])
    delete server.on['initialize']
    await call(url)
    expect(concerns.list()).toEqual([])
  })

  it('D2: what cannot be served is named once with its server and reason; all others are there', async () => {
    server.tools = `${readTool},{"name":"odd","inputSchema":{"type":"string"}}`
    const { concerns, log, url, leftOut } = await open(over())
    await expect.poll(() => concerns.list()).toMatchObject([{ key: 'mcp/s: tools' }])
    const says = concerns.list()[0]?.says
    expect(says).toBe(
      'Tools of s that cannot be served: "odd": its inputSchema is not one of an object, but of "string".',
    )
    expect(leftOut()).toEqual([{ server: 's', name: 'odd', why: expect.stringContaining('inputSchema') }])
    expect(await call(url)).toContain('hello')
    expect(await call(url, 'odd')).toContain('This tool cannot be served: its inputSchema')
    expect(log.filter((line) => line.says === says)).toHaveLength(1)
  })

  it.each(['ns:tool', 'with space', 'ünï→code 工具', '$dollar', 'x'.repeat(140)])(
    'D2: %j is called by its name',
    async (name) => {
      server.tools = `{"name":${JSON.stringify(name)},"annotations":null}`
      const { url } = await open(over())
      expect(await call(url, name)).toContain('hello')
      expect(server.heard.at(-1)?.body).toContain(JSON.stringify(name))
    },
  )

  async function call(url: string, tool = 'read'): Promise<string> {
    const send = async (method: string, params: object, session = '') => {
      const answer = await fetch(`${url}/mcp/s`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${keys.mine}`,
          ...(session && { 'mcp-session-id': session }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      return { text: await answer.text(), session: answer.headers.get('mcp-session-id') ?? '' }
    }
    const clientInfo = { name: 'raw', version: '1' }
    const { session } = await send('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
    return (await send('tools/call', { name: tool, arguments: {} }, session)).text
  }
})
