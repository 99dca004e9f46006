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
  const client = createCountersign({ gateway: 'http://countersign:4601/company/', key: 'csk_x', fetch: send })
  return { client, asked }
}

const held: [number, object, Record<string, string>] = [
  428,
  {
    approval: 'apr_1',
    groups: ['controllers'],
    expiresAt: '2027-01-15T08:30:00.000Z',
    url: 'http://countersign/approvals/apr_1',
  },
  { location: '/.countersign/approvals/apr_1' },
]

describe('an agent that waits for people', () => {
  it('what runs at once is answered at once, with the key and the purpose sent along', async () => {
    const { client, asked } = gateway([200, { rows: 3 }])
    const response = await client.fetch('/orders', { method: 'POST', body: '{}' }, { purpose: 'the report' })
    expect(await response.json()).toEqual({ rows: 3 })
    expect(asked).toMatchObject([{ url: 'http://countersign:4601/company/orders', method: 'POST', body: '{}' }])
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
    expect(asked[1]?.url).toMatch(/^http:\/\/countersign:4601\/\.countersign\/approvals\/apr_1\?wait=\d+$/)
  })

  it('a rejection is Countersign’s answer', async () => {
    const { client } = gateway(held, [200, { state: 'rejected' }], [403, { reason: 'not now' }])
    expect((await client.fetch('/exports')).status).toBe(403)
  })

  it('C7: patience of nothing asks and does not wait, and what was not run is no success', async () => {
    const { client, asked } = gateway(held)
    const response = await client.fetch('/exports', {}, { patienceMs: 0 })
    expect([response.status, response.ok]).toEqual([428, false])
    expect(asked.map(({ headers }) => headers.get('prefer'))).toEqual(['wait=0'])
  })

  it.each([202, 428])('an upstream’s own %d is its answer', async (status) => {
    const { client, asked } = gateway([status, { job: 1 }, { location: '/jobs/1' }])
    expect((await client.fetch('/jobs')).status).toBe(status)
    expect(asked).toHaveLength(1)
  })
})
