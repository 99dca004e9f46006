import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'

const plain = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${keys.mine}`,
}
const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}

describe('the wire', () => {
  let instance: FakeInstance
  let session: string

  beforeAll(async () => {
    instance = await openFakeInstance({ servers: { s: { command: ['/nonexistent'] } } })
    session = await open()
  })
  afterAll(() => instance.close())

  const send = (
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers: Record<string, string> = {},
    path = '/mcp/s',
    method = 'POST',
  ) => fetch(instance.url + path, { method, headers: { ...plain, ...headers }, ...(body !== undefined && { body }) })

  async function open(key = keys.mine): Promise<string> {
    const answer = await send(JSON.stringify(hello), { authorization: `Bearer ${key}` })
    await answer.text()
    return answer.headers.get('mcp-session-id') ?? ''
  }

  const ask = (method: string, params: object = {}, headers: Record<string, string> = {}) =>
    send(JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }), { 'mcp-session-id': session, ...headers })

  it.each([
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2024-10-07', '2025-11-25'],
    ['2031-01-01', '2025-11-25'],
    ['', '2025-11-25'],
  ])('F12: a client of MCP %s is answered in %s', async (protocolVersion, expected) => {
    const answer = await send(JSON.stringify({ ...hello, params: { ...hello.params, protocolVersion } }))
    expect(await answer.json()).toMatchObject({
      id: 1,
      result: { protocolVersion: expected, capabilities: { tools: {} } },
    })
  })

  const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`
  const ping = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${params}}`

  it.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, number]>([
    ['10 MB', ping(`{"a":"${'x'.repeat(10 << 20)}"}`), {}, 413, -32600],
    ['objects 10,000 deep', deep, {}, 400, -32700],
    ['the same key twice', ping('{"a":1,"a":2}'), {}, 400, -32700],
    ['a lone surrogate', ping('{"a":"\\ud800"}'), {}, 400, -32700],
    ['NaN', ping('{"a":NaN}'), {}, 400, -32700],
    ['a number that nobody holds', ping('{"a":1e999}'), {}, 400, -32700],
    ['__proto__', ping('{"__proto__":{}}'), {}, 400, -32700],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, -32700],
    ['nothing', '', {}, 400, -32700],
    ['half a message', '{"jsonrpc":', {}, 400, -32700],
    ['a batch', `[${ping('{}')}]`, {}, 400, -32600],
    ['no version', '{"id":1,"method":"ping"}', {}, 400, -32600],
    ['id null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', {}, 400, -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', {}, 400, -32600],
    ['an id that is a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', {}, 400, -32600],
    ['an id without end', `{"jsonrpc":"2.0","id":"${'x'.repeat(9999)}","method":"ping"}`, {}, 400, -32600],
    ['parameters that are a list', ping('[]'), {}, 400, -32600],
    ['a text', '"ping"', {}, 400, -32600],
    ['text/plain', ping('{}'), { 'content-type': 'text/plain' }, 415, -32600],
    ['another charset', ping('{}'), { 'content-type': 'application/json; charset=utf-16' }, 415, -32600],
    ['JSON only', ping('{}'), { accept: 'application/json' }, 406, -32600],
    ['an unknown version in the header', ping('{}'), { 'mcp-protocol-version': '1999-01-01' }, 400, -32600],
  ])('%s is refused', async (_, body, headers, status, code) => {
    const answer = await send(body, { 'mcp-session-id': session, ...headers })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } })
  })

  it.each([
    ['server/discover', {}, -32601],
    ['resources/read', { uri: 'file:///etc/passwd' }, -32601],
    ['resources/list', {}, -32601],
    ['prompts/get', { name: 'x' }, -32601],
    ['completion/complete', {}, -32601],
    ['logging/setLevel', { level: 'debug' }, -32601],
    ['elicitation/create', {}, -32601],
    ['sampling/createMessage', {}, -32601],
    ['tools/call', {}, -32602],
    ['tools/call', { name: 'x', arguments: [] }, -32602],
    ['tools/list', {}, -32603], // the server cannot be started
  ])('F13: what is not served is told so: %s %j gets error %i', async (method, params, code) => {
    const answer = await ask(method, params)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ id: 7, error: { code } })
  })

  it('answers a call of a server that cannot be started in band', async () => {
    const answer = await ask('tools/call', { name: 'x' })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.text()).toContain('NOT EXECUTED. The upstream could not be reached.')
  })

  it.each([
    ['nobody', ''],
    ['someone unknown', 'Bearer who'],
    ['a name and a password', 'Basic dTpw'],
  ])('%s is told where to learn how to be let in', async (_, authorization) => {
    const answer = await send(JSON.stringify(hello), { authorization })
    expect(answer.status).toBe(401)
    const where = /^Bearer resource_metadata="(.*)"$/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    expect(await (await fetch(where)).json()).toMatchObject({
      resource: `${instance.url}/mcp/s`,
      bearer_methods_supported: ['header'],
    })
  })

  it('a token that is bound to a key is told that it proves nobody here', async () => {
    const answer = await send(JSON.stringify(hello), { authorization: `DPoP ${keys.mine}`, dpop: 'proof' })
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: 'invalid_token', error_description: expect.stringContaining('kind of credential') },
    ])
  })

  it('a stopped agent reads so in band', async () => {
    const answer = await ask('tools/call', { name: 'x' }, { authorization: `Bearer ${keys.stopped}` })
    expect(await answer.json()).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('stopped') }] },
    })
  })

  describe('an agent that cannot be identified because the store is gone', () => {
    const unlucky = { authorization: `Bearer ${keys.unlucky}` }

    it('P8: reads in band that its call was not executed', async () => {
      const answer = await ask('tools/call', { name: 'x' }, unlucky)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({
        id: 7,
        result: { isError: true, content: [{ text: expect.stringMatching(/^NOT EXECUTED\. The record cannot be/) }] },
      })
    })

    it.each(['initialize', 'tools/list', 'ping'])('%s is answered with an error that it can read', async (method) => {
      const answer = await ask(method, {}, unlucky)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({ id: 7, error: { message: expect.stringContaining('cannot be') } })
    })

    it('what carries no message is told by its status', async () => {
      for (const method of ['GET', 'DELETE']) {
        const answer = await send(undefined, { 'mcp-session-id': session, ...unlucky }, '/mcp/s', method)
        expect(answer.status).toBe(503)
      }
    })
  })

  it('a session is nobody’s but its credential’s', async () => {
    const others = { authorization: `Bearer ${keys.other}` }
    expect((await ask('ping', {}, others)).status).toBe(404)
    expect((await send(undefined, { 'mcp-session-id': session, ...others }, '/mcp/s', 'DELETE')).status).toBe(404)
    expect((await send(undefined, { 'mcp-session-id': session, ...others }, '/mcp/s', 'GET')).status).toBe(404)
    expect((await ask('ping')).status).toBe(200)
  })

  it('a session that is over is gone', async () => {
    const mine = await open()
    expect((await send(undefined, { 'mcp-session-id': mine }, '/mcp/s', 'DELETE')).status).toBe(204)
    expect((await ask('ping', {}, { 'mcp-session-id': mine })).status).toBe(404)
  })

  it.each<[string, Record<string, string>, number]>([
    ['another site', { origin: 'http://evil.example' }, 403],
    ['no site at all', { origin: 'null' }, 403],
    ['a page on this machine', { origin: 'http://localhost:5173' }, 200],
  ])('a request from %s', async (_, headers, status) => {
    expect((await ask('ping', {}, headers)).status).toBe(status)
  })

  it.each([
    ['/mcp/nothing', 'POST', 404],
    ['/mcp/s/more', 'POST', 404],
    ['/mcp/s', 'PUT', 405],
  ])('%s %s gets %i', async (path, method, status) => {
    expect((await send('{}', {}, path, method)).status).toBe(status)
  })

  it('without a session there is nothing but initialize', async () => {
    const answer = await send(ping('{}'))
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('Mcp-Session-Id') } })
  })
})
