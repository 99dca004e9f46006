/**
 * What nobody should say, on every wire: refused in the words of its protocol, and nothing is lost by it (P8).
 *
 * @module
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, knock, type McpClient, openMcp } from './knock.ts'
import type { TestInstance } from './instance.ts'
import { mark, openUnharmed, type Unharmed } from './unharmed.ts'

let tried: Unharmed
let instance: TestInstance
let mcp: McpClient
beforeAll(async () => {
  tried = await openUnharmed()
  ;({ instance, mcp } = tried)
}, 60_000)
afterAll(() => instance.close())
afterEach(() => tried.stillServes())

const bearer = () => tried.bearer()
const cookie = () => tried.cookie()
const browserBinding = () => instance.people.ben.browserBinding()

type Body = string | Uint8Array
type Headers = Readonly<Record<string, string>>

interface Wire {
  readonly name: string
  send(body: Body, headers?: Headers): Promise<Heard>
  /** What it said: status, code, and why. */
  said(heard: Heard): readonly [status: number, code: unknown, why: string]
  /** The code of something that is not JSON as it is read here. */
  readonly unread: unknown
}

const json = { 'content-type': 'application/json' }

const wires: readonly Wire[] = [
  {
    name: 'the HTTP gateway',
    send: (body, headers = json) =>
      knock(`${instance.demo.gatewayUrl}/company/finance/exports`, {
        method: 'POST',
        headers: { ...bearer(), ...headers },
        body,
      }),
    said: ({ status, body }) => [status, body['type'], String(body['detail'])],
    unread: 'urn:countersign:error:ERR_INPUT_INVALID',
  },
  {
    name: 'the API',
    send: (body, headers = json) =>
      knock(`${instance.url}/api/approvals/apr_1/signatures`, {
        method: 'POST',
        headers: { origin: instance.url, cookie: cookie(), 'countersign-browser': browserBinding(), ...headers },
        body,
      }),
    said: ({ status, body }) => [status, body['code'], String(body['detail'])],
    unread: 'ERR_INPUT_INVALID',
  },
  {
    name: 'the MCP gateway',
    send: (body, headers = json) =>
      knock(`${instance.url}/mcp/files`, { method: 'POST', headers: { ...bearer(), ...headers }, body }),
    said({ status, body }) {
      const { code, message } = (body['error'] ?? {}) as { code?: number; message?: string }
      return [status, code, String(message)]
    },
    unread: -32700,
  },
  {
    name: 'the operator’s socket',
    send: (body, headers = json) =>
      knock('http://countersign/agents', { socketPath: instance.socketPath, method: 'POST', headers, body }),
    said: ({ status, body }) => [status, body['code'], String(body['says'])],
    unread: 'ERR_INPUT_INVALID',
  },
]

const unreadable: readonly (readonly [name: string, body: Body])[] = [
  ['a depth of 10,000', `${'['.repeat(10_000)}"${mark}"${']'.repeat(10_000)}`],
  ['a depth of 10,000 that never ends', `{"${mark}":`.repeat(10_000)],
  ['the same key twice', `{"${mark}":1,"${mark}":2}`],
  ['the same key twice, written in two ways', '{"key":1,"\\u006bey":2}'],
  ['a lone surrogate', `{"${mark}":"\\ud800"}`],
  ['NaN', `{"${mark}":NaN}`],
  ['a number beyond all bounds', `{"${mark}":1e999}`],
  ['a prototype', `{"__proto__":{"${mark}":1}}`],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['UTF-16', Buffer.from(`{"${mark}":1}`, 'utf16le')],
  ['a byte order mark', `\uFEFF{"${mark}":1}`],
  ['half of it', `{"${mark}":`],
  ['two of them', '{} {}'],
  ['a comment', `{} // ${mark}`],
]

describe.each(wires)('$name', (wire) => {
  it.each(unreadable)('refuses as unread: %s', async (_, body) => {
    const heard = await wire.send(body)
    const [status, code, why] = wire.said(heard)
    expect([status, code]).toEqual([400, wire.unread])
    expect(why).not.toBe('undefined')
    expect(heard.text).not.toContain(mark)
  })

  it.each<[string, Headers]>([
    ['announced', json],
    ['in chunks, of unknown length', { ...json, 'transfer-encoding': 'chunked' }],
  ])('refuses 10 MB before it has read them: %s', async (_, headers) => {
    expect(wire.said(await wire.send(large, headers))[0]).toBe(413)
  })

  it.each<[string, string]>([
    ['text in another charset', 'application/json; charset=utf-16'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
    ['nothing', ''],
  ])('runs nothing that says it is %s', async (_, type) => {
    const { status } = await wire.send(`{"dataset":"finance.orders","rows":1}`, { 'content-type': type })
    expect([400, 403, 415]).toContain(status)
  })

  it('stays small under 200 large bodies at once', { timeout: 60_000 }, async () => {
    await burst(20, () => wire.send(heavy)) // what every later one finds in place
    const before = process.memoryUsage().rss
    const statuses = await burst(200, () => wire.send(heavy, { ...json, 'transfer-encoding': 'chunked' }))
    expect(new Set(statuses)).toEqual(new Set([413]))
    expect((process.memoryUsage().rss - before) / (1 << 20)).toBeLessThan(200) // of 400 that were sent
  })
})

const large = Buffer.alloc(10 << 20, 'x')
const heavy = large.subarray(0, 2 << 20)
const burst = (count: number, send: () => Promise<Heard>) =>
  Promise.all(Array.from({ length: count }, async () => (await send()).status))

describe('the MCP gateway, in JSON-RPC’s words', () => {
  it.each<[string, string, number, number]>([
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
    ['an empty batch', '[]', 400, -32600],
    ['null', 'null', 400, -32600],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600],
    ['an id that is none', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
    ['an id without end', `{"jsonrpc":"2.0","id":"${'1'.repeat(300)}","method":"ping"}`, 400, -32600],
    ['parameters in a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32600],
    ['a method nobody knows', '{"jsonrpc":"2.0","id":1,"method":"tools/approve"}', 200, -32601],
    ['a method of objects', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', 200, -32601],
    [
      'a method not served here',
      '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///"}}',
      200,
      -32601,
    ],
    ['a call of nothing', '{"jsonrpc":"2.0","id":1,"method":"tools/call"}', 200, -32602],
    [
      'arguments in a list',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}',
      200,
      -32602,
    ],
  ])('refuses %s', async (_, message, status, code) => {
    const { body, ...heard } = await mcp.post(message)
    expect([heard.status, (body['error'] as { code?: number })['code']]).toEqual([status, code])
  })

  it('takes notifications and answers that nobody asked for, and nothing comes of them', async () => {
    expect((await mcp.post({ method: 'notifications/countersigned' })).status).toBe(202)
    expect((await mcp.post({ id: 77, result: { approved: true } })).status).toBe(202)
    expect((await mcp.post({ method: 'notifications/cancelled', params: { requestId: {} } })).status).toBe(202)
  })

  it.each<[string, Headers, number]>([
    ['another era', { 'mcp-protocol-version': '1999-01-01' }, 400],
    ['a session that nobody opened', { 'mcp-session-id': 'A'.repeat(32) }, 404],
    ['a client that does not listen', { accept: 'text/html' }, 406],
    ['a page of another site', { origin: 'https://evil.example' }, 403],
  ])('refuses %s', async (_, headers, status) => {
    expect((await mcp.post({ id: 1, method: 'ping' }, headers)).status).toBe(status)
  })

  it('refuses the session of another agent', async () => {
    const theirs = await openMcp(instance.url, instance.demo.keys['ml-bot'])
    const stranger = { authorization: `Bearer ${instance.demo.keys['ops-bot']}` }
    expect((await theirs.post({ id: 1, method: 'ping' }, stranger)).status).toBe(404)
  })
})

describe('the sign-in callback', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['two states', '?state=a&state=b&code=c'],
    ['a state that nobody began', `?code=${mark}&state=${mark}`],
    ['an answer of another provider', '?iss=https%3A%2F%2Fevil.example&code=c&state=s'],
    ['bytes that are not UTF-8', '?code=%ED%A0%80&state=%00'],
    ['half an escape', '?%'],
    ['a list', '?state[]=a'],
    ['15,000 characters', `?code=${'x'.repeat(15_000)}`],
  ])('lets nobody in with %s', async (_, query) => {
    const headers = { cookie: `countersign-sign-in-${mark.slice(0, 8)}=x` }
    const heard = await knock(`${instance.url}/sign-in/callback${query}`, { headers })
    expect([heard.status, heard.headers['location']]).toEqual([401, undefined])
    expect(heard.headers['set-cookie']).toBeUndefined()
  })

  it('lets nobody in twice with the same answer', async () => {
    const begun = await knock(`${instance.url}/sign-in`)
    const state = new URL(String(begun.headers['location'])).searchParams.get('state')
    const cookies = String(begun.headers['set-cookie']).split(';')[0] ?? ''
    for (const _ of ['a wrong code', 'the same again']) {
      const heard = await knock(`${instance.url}/sign-in/callback?state=${state}&code=x`, {
        headers: { cookie: cookies },
      })
      expect(heard.status).toBe(401)
      expect(String(heard.headers['set-cookie'] ?? '')).not.toMatch(/countersign=[^;]/)
    }
  })
})

it('none of it ran, none of it is quoted in the log, and the ledger adds up (P2, P11, P12)', () =>
  tried.nothingCameOfIt())
