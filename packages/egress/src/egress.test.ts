import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isError } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress, type Resolve } from './egress.ts'

const server = createServer((_, response) => response.end('here'))
let port: number
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

describe('an idle connection', () => {
  it.each([
    ['is used again', 0, 3_999, true],
    ['is not, if nobody was there to end it in time', 0, 4_000, false],
    ['is not, if a process that was held heard late of the answer', 3_000, 1_000, false],
  ])('%s', async (_, heldMs, idleMs, same) => {
    const clock = { at: 1_000_000 }
    const egress = createEgress({ allowed: [`http://127.0.0.1:${port}`], now: () => clock.at })
    const from = async () => {
      const call = get({ host: '127.0.0.1', port, agent: egress.agent(new URL(`http://127.0.0.1:${port}`)) })
      clock.at += heldMs
      const [answer] = (await once(call, 'response')) as [IncomingMessage]
      const own = answer.socket.localPort
      answer.resume()
      await once(answer, 'end')
      await new Promise(setImmediate) // it is idle then
      return own
    }
    const first = await from()
    clock.at += idleMs
    expect((await from()) === first).toBe(same)
    egress.close()
  })
})

describe('the way out (P8)', () => {
  it.each<[string, string, string[], string[], boolean]>([
    ['a literal loopback address', 'http://127.0.0.1', [], [], false],
    ['a literal loopback address that is named', 'http://127.0.0.1', ['http://127.0.0.1'], [], true],
    ['an address in another notation', 'http://2130706433', [], [], false],
    ['a mapped address', 'http://[::ffff:127.0.0.1]', [], [], false],
    ['the metadata service', 'http://169.254.169.254', [], [], false],
    ['a name that leads to loopback', 'http://api.test', [], ['127.0.0.1'], false],
    ['a name that leads to loopback and is named', 'http://api.test', ['http://api.test'], ['127.0.0.1'], true],
    ['a name that leads to a private network', 'http://api.test', [], ['10.0.0.7'], false],
    ['one bad address among good ones', 'http://api.test', [], ['93.184.215.14', '127.0.0.1'], false],
    [
      'a named name that leads to the metadata service',
      'http://api.test',
      ['http://api.test'],
      ['169.254.169.254'],
      false,
    ],
    ['a name without an address', 'http://api.test', ['http://api.test'], [], false],
  ])('%s', async (_, origin, allowed, addresses, reached) => {
    const withPort = (text: string) => `${text}:${port}`
    const egress = createEgress({ allowed: allowed.map(withPort), resolve: answering(addresses) })
    expect(await call(egress, new URL(withPort(origin)))).toBe(reached ? 'here' : 'ERR_EGRESS_REFUSED')
    expect(await sent(egress, new URL(withPort(origin)))).toBe(reached ? '200' : 'ERR_EGRESS_REFUSED, not reached')
    egress.close()
  })

  it('a name is resolved once per connection, and that very address is connected to', async () => {
    const asked: string[] = []
    const resolve: Resolve = (hostname, done) => {
      asked.push(hostname)
      done(null, [{ address: '127.0.0.1', family: 4 }])
    }
    const origin = new URL(`http://rebinding.test:${port}`)
    const egress = createEgress({ allowed: [origin.origin], resolve })
    expect(await call(egress, origin)).toBe('here')
    expect(asked).toEqual(['rebinding.test'])
    egress.close()
  })

  it('an agent for one origin connects to no other', async () => {
    const egress = createEgress({ allowed: [`http://127.0.0.1:${port}`] })
    const agent = egress.agent(new URL(`http://127.0.0.1:${port}`))
    expect(await call({ agent: () => agent }, new URL(`http://localhost:${port}`))).toBe('ERR_EGRESS_REFUSED')
    egress.close()
  })
})

const answering =
  (addresses: string[]): Resolve =>
  (_, done) => {
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  }

function sent(egress: ReturnType<typeof createEgress>, origin: URL): Promise<string> {
  return new Promise((done) => {
    const calling = egress.send(
      origin,
      {
        method: 'GET',
        path: '/',
        headers: ['host', origin.host],
        answered: ({ statusCode }) => done(String(statusCode)),
        failed: (error) =>
          done(
            `${isError(error, 'ERR_EGRESS_REFUSED') ? error.code : error.message}${calling.reached ? '' : ', not reached'}`,
          ),
      },
      { silenceMs: 5_000, longestMs: 10_000 },
    )
  })
}

function call({ agent }: Pick<ReturnType<typeof createEgress>, 'agent'>, url: URL): Promise<string> {
  return new Promise((done, fail) => {
    get({ agent: agent(url), hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path: '/' }, (answer) => {
      answer.once('data', (chunk: Buffer) => {
        done(chunk.toString())
      })
    }).on('error', (error) => {
      if (isError(error, 'ERR_EGRESS_REFUSED')) done(error.code)
      else fail(error)
    })
  })
}
