import { isError, type RunEvent } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { postTo } from './openlineage.ts'

describe('handing an event to a sink', () => {
  const event = { eventType: 'START' } as RunEvent
  const url = 'http://sink.example/api/v1/lineage'

  async function send(status: number, apiKey?: string) {
    const told: unknown[] = []
    const post = async (...sent: unknown[]) => {
      told.push(sent)
      return status
    }
    const config = { url, ...(apiKey !== undefined && { apiKey }) }
    const failed = await postTo(config, post)(event).catch((error: unknown) => error)
    return { told, code: isError(failed, 'ERR_UPSTREAM', 'ERR_INTERNAL') ? failed.code : failed }
  }

  it.each([
    [200, undefined],
    [201, undefined],
    [302, undefined],
    [400, undefined],
    [404, undefined],
    [429, 'ERR_UPSTREAM'],
    [500, 'ERR_INTERNAL'],
    [501, 'ERR_INTERNAL'],
    [502, 'ERR_UPSTREAM'],
    [503, 'ERR_UPSTREAM'],
    [504, 'ERR_UPSTREAM'],
  ])('a sink that answers with %s: %s', async (status, expected) => {
    expect((await send(status)).code).toBe(expected)
  })

  it('the key of the sink is sent if there is one', async () => {
    const body = JSON.stringify(event)
    expect((await send(200)).told).toEqual([[url, { 'content-type': 'application/json' }, body]])
    expect((await send(200, 'k')).told).toEqual([
      [url, { 'content-type': 'application/json', authorization: 'Bearer k' }, body],
    ])
  })
})
