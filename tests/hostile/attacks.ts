/**
 * What a stranger, an agent, an owner or a browser could send to keep everybody else from being served. Each attack is
 * bounded in number, stops when it is told to, and counts what it was answered.
 *
 * @module
 */
import { ask, type Counts, drip, flood, hold, say } from './send.ts'

export interface Target {
  /** Console, API and MCP. */
  readonly url: string
  readonly gatewayUrl: string
  /** Of an agent; what it may do is decided by policy. */
  readonly key: string
  /** The headers of a signed-in person who may not sign this question. */
  readonly barred: Readonly<Record<string, string>>
  readonly question: string
}

export interface Attack {
  /** Statuses that it may get; anything else breaks the test. */
  readonly mayHear: readonly string[]
  run(target: Target, stop: AbortSignal): Promise<Counts>
}

const json = { 'content-type': 'application/json' }
const bearer = ({ key }: Target) => ({ authorization: `Bearer ${key}` })

const slowToRead: readonly string[] = [
  `"${'\\"'.repeat(250_000)}`,
  '['.repeat(500_000),
  `{"a":${'{"a":'.repeat(60_000)}`,
  `{${Array.from({ length: 40_000 }, (_, each) => `"${'k'.repeat(8)}${each}":0`).join(',')}}`,
  `{"rows":${'9'.repeat(400_000)}}`,
  `{"rows":-${'0'.repeat(400_000)}`,
  `{"text":"${'\\u0041'.repeat(80_000)}`,
  `{"a":"${' '.repeat(500_000)}`,
]

export const attacks: Readonly<Record<string, Attack>> = {
  'B1: JSON that is slow to read, from nobody': {
    mayHear: ['401', '403', '413', '429', 'closed'],
    run: (target, stop) =>
      flood(40, 4, stop, (each) =>
        ask(`${target.url}/api/approvals/x/signatures`, { method: 'POST', headers: json, body: nth(slowToRead, each) }),
      ),
  },

  'B1: JSON that is slow to read, from a person': {
    mayHear: ['400', '413', '429', 'closed'],
    run: (target, stop) =>
      flood(40, 4, stop, (each) =>
        ask(`${target.url}/api/approvals/${target.question}/signatures`, {
          method: 'POST',
          headers: { ...json, ...target.barred },
          body: nth(slowToRead, each),
        }),
      ),
  },

  'B1: JSON that is slow to read, from an agent, at both gateways': {
    mayHear: ['200', '400', '413', '429', 'closed'],
    run: (target, stop) =>
      flood(60, 4, stop, (each) =>
        ask(each % 2 === 0 ? `${target.gatewayUrl}/company/finance/exports` : `${target.url}/mcp/files`, {
          method: 'POST',
          headers: { ...json, accept: 'application/json, text/event-stream', ...bearer(target) },
          body: nth(slowToRead, each),
        }),
      ),
  },

  'B3: ten thousand sign-ins begun without cookies': {
    mayHear: ['302', '303', '429', 'closed'],
    run: (target, stop) => flood(10_000, 16, stop, () => ask(`${target.url}/sign-in?return=/`)),
  },

  'B4: callers without a key, and with keys that nobody has': {
    mayHear: ['401', '429', 'closed'],
    run: (target, stop) =>
      flood(4_000, 16, stop, (each) =>
        ask(each % 2 === 0 ? `${target.gatewayUrl}/company/customers` : `${target.url}/mcp/files`, {
          method: 'POST',
          headers: { ...json, ...(each % 3 === 0 && { authorization: `Bearer csk_guess_${each}` }) },
          body: '{}',
        }),
      ),
  },

  'B4: large requests that policy denies': {
    mayHear: ['403', '429', 'closed'],
    run: (target, stop) =>
      flood(80, 4, stop, (each) =>
        ask(`${target.gatewayUrl}/company/roles/admin-${each}/grants`, {
          method: 'POST',
          headers: { ...json, ...bearer(target) },
          body: JSON.stringify({ grantee: `someone-${each}`, note: 'x'.repeat(700_000) }),
        }),
      ),
  },

  'B5: an upstream that answers as none should': {
    mayHear: ['200', '403', '429', '502', '504', 'closed'],
    run: (target, stop) =>
      flood(120, 8, stop, (each) =>
        ask(`${target.gatewayUrl}/odd/${nth(oddAnswers, each)}`, { headers: { ...bearer(target), prefer: 'wait=1' } }),
      ),
  },

  'B6: one key holds as many calls as it can open': {
    mayHear: ['202', '403', '408', '428', '429', '503', 'closed'],
    run: (target, stop) =>
      flood(1_500, 1_500, stop, () =>
        ask(`${target.gatewayUrl}/company/finance/exports`, {
          method: 'POST',
          headers: { ...json, ...bearer(target), prefer: 'wait=60' },
          body: JSON.stringify({
            dataset: 'finance.orders',
            rows: 40_000,
            destination: 'warehouse.acme.example',
            format: 'csv',
          }),
          stop,
        }),
      ),
  },

  'B6: sessions and streams opened at MCP and left': {
    mayHear: ['200', '400', '404', '409', '429', '503', 'closed'],
    run: (target, stop) =>
      flood(300, 16, stop, (each) =>
        ask(`${target.url}/mcp/files`, {
          method: each % 2 === 0 ? 'POST' : 'GET',
          headers: { ...json, accept: 'application/json, text/event-stream', ...bearer(target) },
          ...(each % 2 === 0 && { body: hello(each) }),
          withinMs: 500,
        }),
      ),
  },

  'B7: a thousand signatures that are refused': {
    mayHear: ['403', '409', '429', 'closed'],
    run: (target, stop) =>
      flood(1_000, 8, stop, () =>
        ask(`${target.url}/api/approvals/${target.question}/signatures`, {
          method: 'POST',
          headers: { ...json, ...target.barred },
          body: JSON.stringify({ verdict: 'approve', shown: '0'.repeat(64) }),
        }),
      ),
  },

  'slow senders, who never end their request': {
    mayHear: ['400', '401', '408', '421', 'closed'],
    run: (target, stop) =>
      flood(300, 300, stop, (each) => drip(each % 2 === 0 ? target.url : target.gatewayUrl, nth(openings, each), stop)),
  },

  'slow readers, who take nothing of their answer': {
    mayHear: ['closed'],
    run: (target, stop) =>
      flood(200, 200, stop, () =>
        hold(
          target.gatewayUrl,
          `GET /company/customers?limit=20 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${target.key}\r\n\r\n`,
          stop,
        ),
      ),
  },

  'other protocols on the same ports': {
    mayHear: ['400', '405', '408', '431', 'closed'],
    run: (target, stop) =>
      flood(300, 16, stop, (each) => say(each % 2 === 0 ? target.url : target.gatewayUrl, nth(greetings, each))),
  },
}

/** Paths of the odd upstream, each another way to end badly. */
export const oddAnswers = [
  '101',
  'closed',
  'half-a-head',
  'cut-off',
  'two-answers',
  'trailers',
  'gzip-that-is-none',
] as const

const openings = [
  'GET / HTTP/1.1\r\nx-slow: ',
  'POST /sign-out HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n',
  'POST /company/finance/exports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n',
]

const greetings: readonly Uint8Array[] = [
  Buffer.from('16030100c8010000c40303', 'hex'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  Buffer.from('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n'),
  Buffer.alloc(70_000, 0x41),
  Buffer.from(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5_000)}\r\n`),
]

const hello = (id: number) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'many', version: '1' } },
  })

const nth = <Item>(list: readonly Item[], each: number): Item => list[each % list.length] as Item
