import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Instance, key, openInstance, otherKey, waiting, gone } from './fixture.ts'

let instance: Instance
afterEach(() => instance.close())

const seen = async (those: readonly unknown[], many: number) => {
  while (those.length < many) await new Promise((done) => setTimeout(done, 1))
}

describe('when Countersign is closed', () => {
  it('C3: whoever waits for people is told that nothing was run, and where the question is', async () => {
    instance = await openInstance()
    instance.say = async ({ signal }) => {
      if (!signal.aborted) await gone(signal)
      return waiting
    }
    const asked = Array.from({ length: 20 }, () => instance.ask('/crm/a', { headers: { prefer: 'wait=60' } }))
    await seen(instance.attempts, 20)
    await instance.close()
    for (const answer of await Promise.all(asked)) {
      expect([answer.status, answer.headers.get('connection'), answer.headers.get('location')]).toEqual([
        503,
        'close',
        '/.countersign/approvals/apr_1',
      ])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await answer.json()).toMatchObject({
        type: 'urn:countersign:error:ERR_CLOSING',
        title: expect.stringContaining('NOT EXECUTED') as string,
        approval: 'apr_1',
      })
    }
    expect(instance.upstream.received).toEqual([])
  })

  it('C3: whoever waits at a question is told how it stands', async () => {
    instance = await openInstance()
    let asking = () => undefined as void
    const begun = new Promise<void>((done) => (asking = done))
    instance.question = async (approval, _, signal) => {
      asking()
      await gone(signal)
      return {
        approval,
        state: 'open',
        groups: ['g'],
        expiresAt: 0,
        url: 'http://countersign.test/a',
        reason: undefined,
      }
    }
    const asked = instance.ask('/.countersign/approvals/apr_1?wait=55')
    await begun
    await instance.close()
    expect(await (await asked).json()).toMatchObject({ state: 'open' })
  })

  it.each<[string, string]>([
    [
      'its body is on its way',
      `POST /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 9\r\n\r\nabc`,
    ],
    [
      'its chunks are on their way',
      `POST /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    ],
  ])('C3: a request is answered while %s, and nothing runs', async (_, bytes) => {
    instance = await openInstance()
    const socket = connect(instance.port, '127.0.0.1')
    socket.write(bytes)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const over = once(socket, 'close')
    await new Promise((done) => setTimeout(done, 30))
    await instance.close()
    await over
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 503 [^]*NOT EXECUTED/)
    expect([instance.attempts, instance.upstream.received]).toEqual([[], []])
  })

  it('C3: a run under way is seen to its end, and its answer is delivered', async () => {
    instance = await openInstance()
    let release: () => void = () => undefined
    instance.upstream.answer = (_, response) => {
      response.writeHead(201)
      response.write('ma')
      release = () => response.end('de')
    }
    const asked = instance.ask('/crm/a', { method: 'POST' })
    await seen(instance.upstream.received, 1)
    const answer = await asked
    const closed = instance.close()
    await new Promise((done) => setTimeout(done, 20))
    release()
    expect(await answer.text()).toBe('made')
    await closed
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'done', summary: 'HTTP 201' }, delivered: true }])
  })

  it.each<[string, string, string]>([
    ['GET', 'failed', 'there is no answer: Countersign is closing'],
    ['POST', 'unknown', 'sent, but there is no answer: Countersign is closing'],
  ])(
    'C3: a %s that does not end is cut off in time, recorded as %s, and its client is told',
    async (method, kind, summary) => {
      instance = await openInstance({ config: { closeWithinMs: 50 } })
      instance.upstream.answer = () => undefined
      const asked = instance.ask('/crm/a', { method })
      await seen(instance.upstream.received, 1)
      await instance.close()
      expect(instance.ran).toMatchObject([{ outcome: { kind, summary }, delivered: true }])
      const answer = await asked
      expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('Countersign is closing')])
    },
  )

  it('C3: an answer without an end is cut off in time', async () => {
    instance = await openInstance({ config: { closeWithinMs: 50 } })
    instance.upstream.answer = (_, response) => {
      const timer = setInterval(() => response.write('data: x\n\n'), 5)
      response.once('close', () => clearInterval(timer))
    }
    const answer = await instance.ask('/crm/events')
    await instance.close()
    await answer.text().catch(() => undefined)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'HTTP 200, the answer broke off: Countersign is closing' } },
    ])
  })
})

describe('no one takes the places of all', () => {
  it('B6: one key has so many calls at the same time; more are answered 429, and another agent gets its answer', async () => {
    instance = await openInstance({ config: { maxConnectionsPerCredential: 5 } })
    instance.say = async ({ signal, caller }) => {
      if (caller.credential !== 'key_1') return 'run' as const
      if (!signal.aborted) await gone(signal)
      return waiting
    }
    const held = Array.from({ length: 5 }, () => instance.ask('/crm/a', { headers: { prefer: 'wait=60' } }))
    await seen(instance.attempts, 5)
    for (let again = 0; again < 3; again++) {
      const more = await instance.ask('/crm/a')
      expect([more.status, more.headers.get('retry-after'), more.headers.get('connection')]).toEqual([
        429,
        '1',
        'close',
      ])
      expect(await more.json()).toMatchObject({ type: 'urn:countersign:error:ERR_TOO_MANY' })
    }
    expect((await instance.ask('/.countersign/approvals/apr_1')).status).toBe(429)
    expect((await instance.ask('/crm/a', { headers: { authorization: `Bearer ${otherKey}` } })).status).toBe(200)
    await instance.close()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
  })

  it('B6: a place is free again as soon as its connection is', async () => {
    instance = await openInstance({ config: { maxConnectionsPerCredential: 1 } })
    for (let call = 0; call < 5; call++) {
      const answer = await instance.ask('/crm/a', { headers: { connection: 'close' } })
      expect(answer.status).toBe(200)
      await answer.text()
      await new Promise((done) => setTimeout(done, 5))
    }
  })

  it('B6: one address has so many connections that have not shown a key', async () => {
    instance = await openInstance({ config: { maxConnectionsPerSource: 3 } })
    const open = () => connect(instance.port, '127.0.0.1').on('error', () => undefined)
    const silent = Array.from({ length: 3 }, open)
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    const fourth = open()
    await once(fourth, 'close')
    const [first] = silent
    first?.write(`GET /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`)
    expect(String((await once(first ?? fourth, 'data'))[0])).toMatch(/^HTTP\/1.1 200/)
    // It has shown its key, so there is room for one that has not.
    expect((await instance.ask('/crm/a')).status).toBe(200)
    for (const socket of silent) socket.destroy()
  })
})
