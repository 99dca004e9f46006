import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEgress, type Egress } from '@countersign/egress'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UpstreamConfig } from './config.ts'
import { createCut } from './cut.ts'
import { type Outgoing, send } from './send.ts'

const heard: { readonly port: number; readonly rawHeaders: readonly string[] }[] = []
const servers = [0, 1].map(() =>
  createServer((request, response) => {
    heard.push({ port: request.socket.localPort ?? 0, rawHeaders: request.rawHeaders })
    response.end()
  }),
)
const origins: string[] = []
let egress: Egress
beforeAll(async () => {
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }
  egress = createEgress({ allowed: origins })
})
afterAll(async () => {
  egress.close()
  for (const server of servers) await new Promise((closed) => server.close(closed))
})

async function sent(upstream: UpstreamConfig, over: object = {}, { headers = {}, body }: Partial<Outgoing> = {}) {
  const [origin = ''] = origins
  const parameters = { upstream: 'u', origin, method: 'GET', target: '/a', headers: {}, ...over } as const
  const answer = await send(parameters, { headers, body }, upstream, egress, { cut: createCut() })
  if (answer.kind === 'unanswered') throw answer.error
  answer.answer.whole()
  const { port, rawHeaders } = heard.at(-1) ?? { port: 0, rawHeaders: [] }
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : []))
  return { port, pairs }
}
const config = (over: object = {}) =>
  UpstreamConfig.parse({ origin: origins[0], private: true, environment: 'prod', ...over })

it('a field is sent once, in whatever letters it is said; what the configuration says counts', async () => {
  const upstream = config({ credential: { header: 'X-Api-Key', value: 'ours' } })
  const { pairs } = await sent(upstream, {}, { headers: { 'X-API-Key': 'theirs', 'User-Agent': 'agent' } })
  expect(pairs.filter(([name]) => name === 'x-api-key')).toEqual([['x-api-key', 'ours']])
  expect(pairs.filter(([name]) => name === 'user-agent')).toEqual([['user-agent', 'agent']])
  expect(pairs.filter(([name]) => name === 'host')).toHaveLength(1)
})

it.each([
  ['GET', undefined, undefined],
  ['HEAD', undefined, undefined],
  ['OPTIONS', undefined, undefined],
  ['DELETE', undefined, undefined],
  ['DELETE', 'ab', '2'],
  ['GET', 'ab', '2'],
  ['POST', undefined, '0'],
  ['PATCH', 'ab', '2'],
  ['LOCK', undefined, '0'],
  ['UNLOCK', undefined, '0'],
])('%s with the body %s says the length %s, and nothing of chunks', async (method, text, length) => {
  const body = text === undefined ? undefined : Buffer.from(text)
  const { pairs } = await sent(config(), { method }, { body })
  const said = Object.fromEntries(pairs) as Record<string, string>
  expect([said['content-length'], said['transfer-encoding'], said['connection']]).toEqual([
    length,
    undefined,
    'keep-alive',
  ])
})

it('what was sealed for another origin goes there, before and after calls to the one that is configured now', async () => {
  const upstream = config()
  const ports = []
  for (const origin of [origins[0], origins[1], origins[0]]) ports.push((await sent(upstream, { origin })).port)
  expect(ports.map((port) => `http://127.0.0.1:${port}`)).toEqual([origins[0], origins[1], origins[0]])
})
