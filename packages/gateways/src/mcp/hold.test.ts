import { describe, expect, it } from 'vitest'
import { McpConfig } from './config.ts'
import { patienceMs, startPulse } from './hold.ts'
import { openEventStream } from './stream.ts'

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
    const stream = openEventStream()
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
    await stream.response.body?.cancel()
  })

  it('a client that reads nothing costs one message, and what it never took counts as not delivered', async () => {
    let left = 0
    const stream = openEventStream(() => (left += 1))
    for (let at = 0; at < 1000; at += 1) stream.offer(JSON.stringify({ at }))
    const delivered = stream.finish('{"last":true}')
    const reader = (stream.response.body as ReadableStream<Uint8Array>).getReader()
    const text = new TextDecoder()
    expect(text.decode((await reader.read()).value)).toBe(': countersign\n\n')
    expect(text.decode((await reader.read()).value)).toBe('event: message\ndata: {"last":true}\n\n')
    await reader.cancel()
    expect(await delivered).toBe(false)
    expect(left).toBe(1)
  })
})
