import { describe, expect, it } from 'vitest'
import { createCountersign } from './client.ts'

/** A gateway that plays out a script: one answer after another, remembering what it was asked. */
function gateway(...answers: [number, object, Record<string, string>?][]) {
  const asked: { url: string; method: string; body: unknown; headers: Headers }[] = []
  const send = async (url: string | URL | Request, init: RequestInit = {}) => {
    asked.push({
      url: url instanceof Request ? url.url : url.toString(),
      method: init.method ?? 'GET',
      body: init.body,
      headers: new Headers(init.headers),
    })
    const [status, body, headers] = answers.shift() ?? [500, {}]
    return Response.json(body, { status, ...(headers && { headers }) })
  }
  const client = createCountersign({ gateway: 'http://house:4601/company/', key: 'csk_x', fetch: send })
  return { client, asked }
}

const held: [number, object, Record<string, string>] = [
  202,
  {
    approval: 'apr_1',
    groups: ['controllers'],
    expiresAt: '2027-01-15T08:30:00.000Z',
    url: 'http://house/approvals/apr_1',
  },
  { location: '/.countersign/questions/apr_1' },
]

describe('an agent that waits for people', () => {
  it('what runs at once is answered at once, with the key and the purpose sent along', async () => {
    const { client, asked } = gateway([200, { rows: 3 }])
    const response = await client.fetch('/orders', { method: 'POST', body: '{}' }, { purpose: 'the report' })
    expect(await response.json()).toEqual({ rows: 3 })
    expect(asked).toMatchObject([{ url: 'http://house:4601/company/orders', method: 'POST', body: '{}' }])
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer csk_x')
    expect(asked[0]?.headers.get('countersign-purpose')).toBe('the report')
  })

  it('P10: a held request is sent again, unchanged, once its question is settled', async () => {
    const { client, asked } = gateway(held, [200, { state: 'open' }], [200, { state: 'granted' }], [200, { rows: 3 }])
    const told: string[] = []
    const response = await client.fetch(
      '/exports',
      { method: 'POST', body: '{"rows":3}' },
      {
        onHeld: ({ approval, groups }) => told.push(`${approval} ${groups.join()}`),
      },
    )
    expect(await response.json()).toEqual({ rows: 3 })
    expect(told).toEqual(['apr_1 controllers'])
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'POST'])
    expect(asked[3]?.body).toBe('{"rows":3}')
    expect(asked[1]?.url).toMatch(/^http:\/\/house:4601\/\.countersign\/questions\/apr_1\?wait=\d+$/)
  })

  it('a rejection is the house’s answer', async () => {
    const { client } = gateway(held, [200, { state: 'rejected' }], [403, { reason: 'not now' }])
    expect((await client.fetch('/exports')).status).toBe(403)
  })

  it('patience of nothing asks and does not wait', async () => {
    const { client, asked } = gateway(held)
    expect((await client.fetch('/exports', {}, { patienceMs: 0 })).status).toBe(202)
    expect(asked).toHaveLength(1)
  })

  it('an upstream’s own 202 is its answer', async () => {
    const { client, asked } = gateway([202, { job: 1 }, { location: '/jobs/1' }])
    expect((await client.fetch('/jobs')).status).toBe(202)
    expect(asked).toHaveLength(1)
  })
})
