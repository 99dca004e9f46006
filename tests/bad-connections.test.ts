/**
 * Bytes and connections that nobody should send: refused in HTTP's words or let go of, and nobody else waits for it
 * (P8).
 *
 * @module
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { knock, type Line, openLine } from './knock.ts'
import type { TestInstance } from './instance.ts'
import { mark, openUnharmed, type Unharmed } from './unharmed.ts'

let tried: Unharmed
let instance: TestInstance
/** Opened first and looked at last: the instance waits ten seconds for the rest of a head. */
let slow: readonly Line[]
beforeAll(async () => {
  tried = await openUnharmed()
  instance = tried.instance
  slow = await Promise.all([instance.url, instance.demo.gatewayUrl].map((url) => openLine(url)))
  for (const line of slow) line.send(`POST /company/finance/exports HTTP/1.1\r\nhost: localhost\r\nx-${mark}: `)
}, 60_000)
afterAll(() => instance.close())
afterEach(() => tried.stillServes())

describe('bytes that are hardly HTTP, at the HTTP gateway', () => {
  const head = (...lines: string[]) =>
    [...lines, `authorization: Bearer ${tried.agentKey()}`, 'connection: close', '', ''].join('\r\n')

  it.each<[string, RegExp, () => string]>([
    [
      'two lengths',
      /^HTTP\/1.1 400 /,
      () => head('POST /company/models HTTP/1.1', 'host: h', 'content-length: 1', 'content-length: 2'),
    ],
    [
      'a length and chunks (request smuggling)',
      /^HTTP\/1.1 400 /,
      () => head('POST /company/models HTTP/1.1', 'host: h', 'content-length: 4', 'transfer-encoding: chunked'),
    ],
    [
      'a coding nobody undoes',
      /^HTTP\/1.1 4\d\d /,
      () => head('POST /company/models HTTP/1.1', 'host: h', 'transfer-encoding: gzip, chunked'),
    ],
    ['two hosts', /^HTTP\/1.1 400 /, () => head('GET /company/models HTTP/1.1', 'host: a', 'host: b')],
    ['no host', /^HTTP\/1.1 400 /, () => head('GET /company/models HTTP/1.1')],
    ['a folded header', /^HTTP\/1.1 400 /, () => head('GET /company/models HTTP/1.1', 'host: h', ' folded')],
    ['a path that climbs', /^HTTP\/1.1 400 /, () => head('GET /company/../log HTTP/1.1', 'host: h')],
    ['a path that climbs in disguise', /^HTTP\/1.1 400 /, () => head('GET /company/%2e%2e/log HTTP/1.1', 'host: h')],
    [
      'a path that climbs once it is decoded twice',
      /^HTTP\/1.1 400 /,
      () => head('GET /company/%252e%252e/log HTTP/1.1', 'host: h'),
    ],
    [
      'another origin as its target',
      /^HTTP\/1.1 4\d\d /,
      () => head('GET http://evil.example/log HTTP/1.1', 'host: h'),
    ],
    [
      'headers without end',
      /^HTTP\/1.1 431 /,
      () => head('GET /company/models HTTP/1.1', 'host: h', `x: ${'x'.repeat(20_000)}`),
    ],
    ['a method nobody judges', /^HTTP\/1.1 405 /, () => head('PURGE /company/models HTTP/1.1', 'host: h')],
    ['a method nobody knows', /^HTTP\/1.1 400 /, () => head('APPROVE /company/models HTTP/1.1', 'host: h')],
    ['a tunnel', /^(HTTP\/1.1 4\d\d |$)/, () => head('CONNECT evil.example:443 HTTP/1.1', 'host: h')],
    [
      'an expectation nobody knows',
      /^HTTP\/1.1 417 /,
      () => head('GET /company/models HTTP/1.1', 'host: h', 'expect: 200-ok'),
    ],
    ['TLS', /^HTTP\/1.1 400 /, () => '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    [
      'chunks that do not add up',
      /^HTTP\/1.1 400 /,
      () =>
        `${head('POST /company/finance/exports HTTP/1.1', 'host: h', 'content-type: application/json', 'transfer-encoding: chunked')}ZZ\r\n`,
    ],
  ])('are refused: %s', async (_, expected, bytes) => {
    const done = instance.demo.company.log().length
    const line = await openLine(instance.demo.gatewayUrl)
    line.send(bytes())
    expect(await line.heard).toMatch(expected)
    expect(instance.demo.company.log()).toHaveLength(done)
  })
})

describe('connections that come to nothing', () => {
  it('keep nobody else waiting: 600 of them, silent or broken off in the middle', async () => {
    const lines = await Promise.all(
      Array.from({ length: 600 }, (_, index) => openLine(index % 2 === 0 ? instance.url : instance.demo.gatewayUrl)),
    )
    for (const [index, line] of lines.entries()) {
      if (index % 3 === 0) line.send('POST /mcp/files HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{"')
      if (index % 3 === 1) line.send('GET /api/')
    }
    expect((await knock(`${instance.url}/readyz`)).status).toBe(200)
    expect(
      (await knock(`${instance.demo.gatewayUrl}/company/finance/orders`, { headers: tried.bearer() })).status,
    ).toBe(200)
    for (const line of lines) line.hangUp()
    await Promise.all(lines.map(({ heard }) => heard))
  })

  it('are told so and let go of, when the rest of a request does not come', { timeout: 30_000 }, async () => {
    for (const heard of await Promise.all(slow.map((line) => line.heard))) expect(heard).toMatch(/^HTTP\/1.1 408 /)
  })
})

it('none of it ran, none of it is quoted in the log, and the ledger adds up (P2, P11, P12)', () =>
  tried.nothingCameOfIt())
