import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from './fixture.ts'
import { openScripted, type Scripted } from './scripted.ts'

describe('P15: a stream that listens', () => {
  let server: Scripted
  let instance: FakeInstance
  beforeAll(async () => {
    server = await openScripted()
    instance = await openFakeInstance({ servers: { s: { url: server.url, private: true } }, progressEveryMs: 20 })
  })
  afterAll(async () => {
    await instance.close()
    await server.close()
  })
  afterEach(() => instance.turnedAway.clear())

  async function session(key: string): Promise<string> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
    const answer = await fetch(`${instance.url}/mcp/s`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    })
    return answer.headers.get('mcp-session-id') ?? ''
  }

  /** Without a session it is one of 2024-11-05. */
  async function listen(key: string, id?: string) {
    const leave = new AbortController()
    const answer = await fetch(`${instance.url}/mcp/s`, {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${key}`,
        ...(id !== undefined && { 'mcp-session-id': id }),
      },
      signal: leave.signal,
    })
    expect(answer.status).toBe(200)
    const stream = { ended: false, leave: () => leave.abort() }
    void answer.text().then(
      () => (stream.ended = true),
      () => undefined,
    )
    return stream
  }

  it.each([
    ['its agent is stopped', 'ERR_AGENT_STOPPED'],
    ['its key is revoked', 'ERR_AGENT_UNKNOWN'],
  ] as const)('ends when %s, and another’s goes on', async (_, why) => {
    const mine = await listen(keys.mine, await session(keys.mine))
    const old = await listen(keys.mine)
    const other = await listen(keys.other, await session(keys.other))
    instance.turnedAway.set(keys.mine, why)
    instance.allowancesChanged()
    await expect.poll(() => [mine.ended, old.ended, other.ended]).toEqual([true, true, false])
    other.leave()
  })

  it('goes on where something else has changed, or nobody can look now', async () => {
    const stream = await listen(keys.mine, await session(keys.mine))
    instance.allowancesChanged()
    instance.turnedAway.set(keys.mine, 'ERR_STORE_UNAVAILABLE')
    instance.allowancesChanged()
    await listen(keys.other).then(({ leave }) => leave())
    expect(stream.ended).toBe(false)
    instance.turnedAway.set(keys.mine, 'ERR_AGENT_STOPPED')
    instance.allowancesChanged()
    await expect.poll(() => stream.ended).toBe(true)
  })
})
