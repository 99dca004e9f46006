import { once } from 'node:events'
import { request } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, key, openInstance, waiting, gone } from './fixture.ts'

let instance: Instance
beforeEach(async () => {
  instance = await openInstance()
})
afterEach(() => instance.close())

describe('a held request', () => {
  it.each([
    [undefined, 428],
    ['wait=0', 428],
    ['respond-async', 202],
    ['respond-async=no', 428],
    ['respond-async, wait=1', 202],
  ])(
    'C7: of which the wait is over is no success (Prefer: %s is answered %d with the question)',
    async (prefer, status) => {
      instance.say = () => waiting
      const answer = await instance.ask('/crm/a', prefer === undefined ? {} : { headers: { prefer } })
      expect([answer.status, answer.headers.get('location'), answer.headers.get('retry-after')]).toEqual([
        status,
        '/.countersign/approvals/apr_1',
        '5',
      ])
      expect(await answer.json()).toMatchObject({
        type: 'urn:countersign:refusal:waiting',
        approval: 'apr_1',
        groups: ['finance-controllers'],
      })
      expect(instance.upstream.received).toEqual([])
    },
  )

  it('can ask how its question stands, and wait for it', async () => {
    const asked: unknown[] = []
    instance.question = (approval, waitMs) => {
      asked.push([approval, waitMs])
      return {
        approval,
        state: 'open',
        groups: ['g'],
        expiresAt: 0,
        url: 'http://countersign.test/a',
        reason: undefined,
      }
    }
    const answer = await instance.ask('/.countersign/approvals/apr_1?wait=55')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([200, '5'])
    expect(await answer.json()).toEqual({
      approval: 'apr_1',
      state: 'open',
      groups: ['g'],
      expiresAt: '1970-01-01T00:00:00.000Z',
      url: 'http://countersign.test/a',
    })
    expect(asked).toEqual([['apr_1', 55_000]])
    expect((await fetch(`${instance.url}/.countersign/approvals/apr_1`)).status).toBe(401)
  })

  it('of which the client hung up is told to the gate, and nothing runs', async () => {
    const aborted = new Promise<void>((done) => {
      instance.say = async ({ signal }) => {
        if (!signal.aborted) await gone(signal)
        done()
        return 'run' as const
      }
    })
    const call = request(`${instance.url}/crm/a`, { headers: { authorization: `Bearer ${key}`, prefer: 'wait=60' } })
    call.on('error', () => undefined)
    call.end()
    while (instance.attempts.length === 0) await new Promise(setImmediate)
    call.destroy()
    await aborted
    expect([instance.upstream.received, instance.ran]).toEqual([[], []])
  })
})

/** Bytes in use once all that nobody can reach has been let go of. */
function inUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('B6: while a call is held', () => {
  it('nothing is kept of its body but what is sealed', async () => {
    instance.say = async ({ signal }) => {
      if (!signal.aborted) await gone(signal)
      return waiting
    }
    const body = `[${'[],'.repeat(340_000)}0]` // 1 MiB, and twenty times that once it is read
    const calls = 10
    const headers = { 'content-type': 'application/json', prefer: 'wait=60' }
    const before = inUse()
    const asked = Array.from({ length: calls }, () => instance.ask('/crm/a', { method: 'POST', body, headers }))
    await expect.poll(() => instance.attempts.length, { timeout: 20_000 }).toBe(calls)
    await expect.poll(() => inUse() - before, { timeout: 10_000 }).toBeLessThan(calls * 6 * 2 ** 20)
    await instance.close()
    await Promise.all(asked)
  }, 60_000)

  it('no timer of the gateway runs for it', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    instance.say = async ({ signal }) => {
      if (!signal.aborted) await gone(signal)
      return waiting
    }
    const hold = async (calls: number) => {
      const headers = { prefer: 'wait=60' }
      const held = instance.attempts.length + calls
      const asked = Array.from({ length: calls }, () => instance.ask('/crm/a', { headers }))
      await expect.poll(() => instance.attempts.length).toBe(held)
      return asked
    }
    const first = await hold(1)
    const before = timers()
    const others = await hold(30)
    expect(timers() - before).toBeLessThan(15)
    await instance.close()
    await Promise.all([...first, ...others])
  })
})

describe('an outcome that was not delivered (P10)', () => {
  it('of an unsafe method is seen to its end, and replayed to the same attempt', async () => {
    let release: () => void = () => undefined
    const released = new Promise<void>((done) => (release = done))
    instance.upstream.answer = (_, response) => {
      response.writeHead(201, { 'content-type': 'text/html' })
      response.write('<p>')
      void released.then(() => response.end('made'))
    }
    const call = request(`${instance.url}/crm/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'one' },
    })
    call.on('error', () => undefined)
    call.on('response', () => call.destroy())
    call.end()
    await once(call, 'close')
    while (!instance.attempts[0]?.signal.aborted) await new Promise(setImmediate)
    release()
    while (instance.ran.length === 0) await new Promise(setImmediate)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'done', summary: 'HTTP 201', bytes: 7 }, delivered: false }])

    const again = await instance.ask('/crm/orders', { method: 'POST', headers: { 'idempotency-key': 'one' } })
    expect([
      again.status,
      await again.text(),
      again.headers.get('countersign-replayed'),
      again.headers.get('content-security-policy'),
    ]).toEqual([201, '<p>made', '?1', 'sandbox'])
    expect(instance.upstream.received).toHaveLength(1)
  })

  it('of one that was delivered is told so', async () => {
    await (await instance.ask('/crm/a')).text()
    expect(instance.ran).toMatchObject([
      { delivered: true, result: { status: 200, body: Buffer.from('ok').toString('base64') } },
    ])
  })
})
