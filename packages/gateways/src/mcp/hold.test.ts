import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { McpConfig } from './config.ts'
import { patienceMs, startPulse } from './hold.ts'
import { type Exchange, openAnswer, openEventStream } from './stream.ts'

const config = McpConfig.parse({ servers: {} })

describe('how long a client is kept waiting', () => {
  it.each<[string, string | undefined, number]>([
    ['claude-code', 'token', 12 * 3_600_000],
    ['claude-code', undefined, 45_000],
    ['codex-mcp-client', undefined, 280_000],
    ['nobody', 'token', 45_000],
    ['constructor', 'token', 45_000],
  ])('%s with token %s: %i ms', (client, token, expected) => {
    expect(patienceMs(config, client, token)).toBe(expected)
  })

  it('a name can lengthen it and never shorten it', () => {
    const hasty = McpConfig.parse({ servers: {}, clients: { hasty: { ms: 1 } } })
    expect(patienceMs(hasty, 'hasty', undefined)).toBe(45_000)
  })
})

describe('signs of life', () => {
  it('grow, whoever counts', async () => {
    const { exchange, socket } = openExchange()
    const stream = openEventStream(exchange)
    const told: number[] = []
    const listening = {
      ...stream,
      offer: (message: string) =>
        void told.push((JSON.parse(message) as { params: { progress: number } }).params.progress),
    }
    const pulse = startPulse({ stream: listening, token: 1, everyMs: 1_000_000 })
    pulse.say(() => 'waiting')
    pulse.say(() => 'running')
    for (const progress of [0.1, 0.5, 0.5, 0.2, 10]) pulse.pass({ progress, total: 10 })
    pulse.say(() => 'running')
    pulse.stop()
    expect(told).toEqual([1, 2, 2.1, 2.5, 12, 13])
    socket.destroy()
  })

  it('a client that reads nothing costs one message, and what it never took counts as not delivered', async () => {
    let left = 0
    const { exchange, socket, taken } = openExchange()
    const stream = openEventStream(exchange, () => (left += 1))
    for (let at = 0; at < 1000; at += 1) stream.offer(JSON.stringify({ at }))
    const delivered = stream.finish('{"last":true}')
    expect(await taken()).toContain(': countersign\n\n')
    expect(await taken()).toContain('event: message\ndata: {"last":true}\n\n')
    socket.destroy()
    expect(await delivered).toBe(false)
    expect(left).toBe(1)
  })
})

describe('an answer', () => {
  const outletOf = () => {
    const opened = openExchange()
    const left: string[] = []
    return { ...opened, left, outlet: openAnswer(opened.exchange, () => left.push('left')) }
  }

  it('of which nothing was told before is one document', async () => {
    const { outlet, left, taken } = outletOf()
    const pulse = startPulse({ stream: outlet, token: 1, everyMs: 1_000_000 })
    pulse.thenSay(() => 'Running')
    pulse.stop()
    const delivered = outlet.finish('{"all":"of it"}')
    expect(await taken()).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json\r\n[^]*\r\n\r\n{"all":"of it"}$/,
    )
    expect([await delivered, left]).toEqual([true, []])
    expect(await outlet.finish('{"a second":1}')).toBe(false)
  })

  it('is a stream from the first sign of life on', async () => {
    const { outlet, taken } = outletOf()
    const pulse = startPulse({ stream: outlet, token: undefined, everyMs: 1_000_000 })
    pulse.say(() => 'Waiting')
    pulse.stop()
    expect(await taken()).toContain('content-type: text/event-stream')
    const delivered = outlet.finish('{"last":true}')
    for (const piece of [':\n\n', 'data: {"last":true}\n\n', '0\r\n\r\n']) expect(await taken()).toContain(piece)
    expect(await delivered).toBe(true)
  })

  it('counts as not delivered when the client hung up before all of it was handed to its connection', async () => {
    const { outlet, left, socket } = outletOf()
    const delivered = outlet.finish('{}')
    socket.destroy()
    expect([await delivered, left]).toEqual([false, []])
  })

  it('that has no client any more is told to nobody', async () => {
    const { outlet, left, socket } = outletOf()
    socket.destroy()
    await once(socket, 'close')
    expect(left).toEqual(['left'])
    expect(await outlet.finish('{}')).toBe(false)
  })

  it('that waits behind another on its connection hears of its end as well', async () => {
    const { exchange, socket } = openExchange()
    const second: Exchange = { request: exchange.request, response: new ServerResponse(exchange.request) }
    const left: string[] = []
    const outlet = openAnswer(second, () => left.push('left'))
    const delivered = openAnswer({ ...second }, () => undefined).finish('{}')
    socket.destroy()
    expect(await delivered).toBe(false)
    expect(left).toEqual(['left'])
    expect(await outlet.finish('{}')).toBe(false)
  })
})

/** A request whose client takes what it is sent piece by piece. */
function openExchange() {
  const pieces: { text: string; taken: () => void }[] = []
  let wake = () => {}
  const write = (chunks: { chunk: unknown }[], taken: () => void) => {
    pieces.push({ text: chunks.map(({ chunk }) => String(chunk)).join(''), taken })
    wake()
  }
  const socket = new Duplex({
    read() {},
    write: (chunk, _, taken) => write([{ chunk }], taken),
    writev: write,
  })
  const request = new IncomingMessage(socket as Socket)
  Object.assign(request, { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, complete: true })
  const response = new ServerResponse(request)
  response.assignSocket(socket as Socket)
  const exchange: Exchange = { request, response }
  return {
    exchange,
    socket,
    async taken(): Promise<string> {
      if (pieces.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const piece = pieces.shift()
      piece?.taken()
      return piece?.text ?? ''
    },
  }
}
