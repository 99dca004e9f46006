import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type House, key, openHouse, otherKey, waiting } from './fixture.ts'

let house: House
afterEach(() => house.close())

const seen = async (those: readonly unknown[], many: number) => {
  while (those.length < many) await new Promise((done) => setTimeout(done, 1))
}

describe('when Countersign is closed', () => {
  it('C3: whoever waits for people is told that nothing was run, and where the question is', async () => {
    house = await openHouse()
    house.say = async ({ signal }) => {
      if (!signal.aborted) await once(signal, 'abort')
      return waiting
    }
    const asked = Array.from({ length: 20 }, () => house.ask('/crm/a', { headers: { prefer: 'wait=60' } }))
    await seen(house.attempts, 20)
    await house.close()
    for (const answer of await Promise.all(asked)) {
      expect([answer.status, answer.headers.get('connection'), answer.headers.get('location')]).toEqual([
        503,
        'close',
        '/.countersign/questions/apr_1',
      ])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await answer.json()).toMatchObject({
        type: 'urn:countersign:error:ERR_CLOSING',
        title: expect.stringContaining('NOT EXECUTED') as string,
        approval: 'apr_1',
      })
    }
    expect(house.upstream.received).toEqual([])
  })

  it('C3: whoever waits at a question is told how it stands', async () => {
    house = await openHouse()
    let asking = () => undefined as void
    const begun = new Promise<void>((done) => (asking = done))
    house.question = async (approval, _, signal) => {
      asking()
      await once(signal, 'abort')
      return { approval, state: 'open', groups: ['g'], expiresAt: 0, url: 'http://house.test/a', reason: undefined }
    }
    const asked = house.ask('/.countersign/questions/apr_1?wait=55')
    await begun
    await house.close()
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
    house = await openHouse()
    const socket = connect(house.port, '127.0.0.1')
    socket.write(bytes)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const over = once(socket, 'close')
    await new Promise((done) => setTimeout(done, 30))
    await house.close()
    await over
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 503 [^]*NOT EXECUTED/)
    expect([house.attempts, house.upstream.received]).toEqual([[], []])
  })

  it('C3: a run under way is seen to its end, and its answer is delivered', async () => {
    house = await openHouse()
    let release: () => void = () => undefined
    house.upstream.answer = (_, response) => {
      response.writeHead(201)
      response.write('ma')
      release = () => response.end('de')
    }
    const asked = house.ask('/crm/a', { method: 'POST' })
    await seen(house.upstream.received, 1)
    const answer = await asked
    const closed = house.close()
    await new Promise((done) => setTimeout(done, 20))
    release()
    expect(await answer.text()).toBe('made')
    await closed
    expect(house.ran).toMatchObject([{ outcome: { kind: 'done', summary: 'HTTP 201' }, delivered: true }])
  })

  it.each<[string, string, string]>([
    ['GET', 'failed', 'there is no answer: Countersign is closing'],
    ['POST', 'unknown', 'sent, but there is no answer: Countersign is closing'],
  ])(
    'C3: a %s that does not end is cut off in time, recorded as %s, and its client is told',
    async (method, kind, summary) => {
      house = await openHouse({ config: { closeWithinMs: 50 } })
      house.upstream.answer = () => undefined
      const asked = house.ask('/crm/a', { method })
      await seen(house.upstream.received, 1)
      await house.close()
      expect(house.ran).toMatchObject([{ outcome: { kind, summary }, delivered: true }])
      const answer = await asked
      expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('Countersign is closing')])
    },
  )

  it('C3: an answer without an end is cut off in time', async () => {
    house = await openHouse({ config: { closeWithinMs: 50 } })
    house.upstream.answer = (_, response) => {
      const timer = setInterval(() => response.write('data: x\n\n'), 5)
      response.once('close', () => clearInterval(timer))
    }
    const answer = await house.ask('/crm/events')
    await house.close()
    await answer.text().catch(() => undefined)
    expect(house.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: 'HTTP 200, the answer broke off: Countersign is closing' } },
    ])
  })
})

describe('no one takes the places of all', () => {
  it('B6: one key has so many calls at the same time; more are answered 429, and another agent gets its answer', async () => {
    house = await openHouse({ config: { maxConnectionsPerCredential: 5 } })
    house.say = async ({ signal, caller }) => {
      if (caller.credential !== 'key_1') return 'run' as const
      if (!signal.aborted) await once(signal, 'abort')
      return waiting
    }
    const held = Array.from({ length: 5 }, () => house.ask('/crm/a', { headers: { prefer: 'wait=60' } }))
    await seen(house.attempts, 5)
    for (let again = 0; again < 3; again++) {
      const more = await house.ask('/crm/a')
      expect([more.status, more.headers.get('retry-after'), more.headers.get('connection')]).toEqual([
        429,
        '1',
        'close',
      ])
      expect(await more.json()).toMatchObject({ type: 'urn:countersign:error:ERR_TOO_MANY' })
    }
    expect((await house.ask('/.countersign/questions/apr_1')).status).toBe(429)
    expect((await house.ask('/crm/a', { headers: { authorization: `Bearer ${otherKey}` } })).status).toBe(200)
    await house.close()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
  })

  it('B6: a place is free again as soon as its connection is', async () => {
    house = await openHouse({ config: { maxConnectionsPerCredential: 1 } })
    for (let call = 0; call < 5; call++) {
      const answer = await house.ask('/crm/a', { headers: { connection: 'close' } })
      expect(answer.status).toBe(200)
      await answer.text()
      await new Promise((done) => setTimeout(done, 5))
    }
  })

  it('B6: one address has so many connections that have not shown a key', async () => {
    house = await openHouse({ config: { maxConnectionsPerSource: 3 } })
    const open = () => connect(house.port, '127.0.0.1').on('error', () => undefined)
    const silent = Array.from({ length: 3 }, open)
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    const fourth = open()
    await once(fourth, 'close')
    const [first] = silent
    first?.write(`GET /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`)
    expect(String((await once(first ?? fourth, 'data'))[0])).toMatch(/^HTTP\/1.1 200/)
    // It has shown its key, so there is room for one that has not.
    expect((await house.ask('/crm/a')).status).toBe(200)
    for (const socket of silent) socket.destroy()
  })
})
