import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { certify } from './certificates.ts'
import { type Instance, openInstance } from './fixture.ts'

let instance: Instance
const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  await instance.close()
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
  sockets.clear()
})

async function listening(server: Server, port = 0): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  server.close()
  await once(server, 'close')
  return port
}

const silent = () => createServer()
const closing = () => createServer((socket) => socket.once('data', () => socket.destroy()))
const plain = () => createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
const secure = (endsAt?: number) => {
  const { certificate, key } = certify(endsAt === undefined ? {} : { endsAt })
  return createSecureServer({ cert: certificate, key }).on('tlsClientError', () => undefined)
}

const reach = 'http/crm: reach'

describe('C2: what certainly did not arrive has failed, whatever it was', () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    ['nobody listens', async () => `http://127.0.0.1:${await freePort()}`, /refused the connection/],
    ['the name is unknown', async () => 'http://nowhere.invalid', /name of the upstream/],
    ['its certificate is not trusted', async () => `https://127.0.0.1:${await listening(secure())}`, /trusted.*CERT/],
    [
      'its certificate is over',
      async () => `https://127.0.0.1:${await listening(secure(Date.now() - 1_000))}`,
      /trusted.*CERT/,
    ],
    ['it speaks no TLS', async () => `https://127.0.0.1:${await listening(plain())}`, /trusted|no TLS/],
    ['it ends the handshake', async () => `https://127.0.0.1:${await listening(closing())}`, /closed the connection/],
    ['it is silent in the handshake', async () => `https://127.0.0.1:${await listening(silent())}`, /fell silent/],
  ])('%s', async (_, open, why) => {
    const origin = await open()
    instance = await openInstance({ upstream: { origin, silenceMs: 300 } })
    for (const method of ['POST', 'GET']) {
      const answer = await instance.ask('/crm/a', { method })
      expect([answer.status, await answer.text()]).toEqual([502, expect.stringMatching(why)])
    }
    const summary = expect.stringMatching(new RegExp(`^nothing was sent: .*(?:${why.source})`)) as string
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary } },
      { outcome: { kind: 'failed', summary } },
    ])
    expect(instance.concerns()).toMatchObject([
      {
        key: reach,
        says: expect.stringMatching(new RegExp(`^The HTTP upstream crm .* cannot be reached: .*(?:${why.source})`)),
      },
    ])
  })

  it('an address in a network that nobody named', async () => {
    instance = await openInstance({ upstream: { private: false } })
    expect((await instance.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'failed', summary: expect.stringContaining('`private`') } }])
    expect(instance.concerns()).toMatchObject([{ key: reach, says: expect.stringContaining('`private`') }])
    expect(instance.upstream.received).toEqual([])
  })
})

describe('C2: what was sent and not answered is unknown where it can have an effect', () => {
  const settings = { verb: 'shell.exec', resources: [{ kind: 'host', name: 'a' }] }
  const routes = {
    'GET /run': { ...settings, effect: 'write' },
    'POST /search': { verb: 'data.read', resources: [{ kind: 'dataset', name: 'a' }] },
  }

  it.each<[string, string, string]>([
    ['GET', '/crm/a', 'failed'],
    ['HEAD', '/crm/a', 'failed'],
    ['POST', '/crm/a', 'unknown'],
    ['DELETE', '/crm/a', 'unknown'],
    ['GET', '/crm/run', 'unknown'],
    ['POST', '/crm/search', 'unknown'],
  ])('%s %s is %s: reset, silent, or longer than a call may take', async (method, path, kind) => {
    instance = await openInstance({ upstream: { silenceMs: 150, longestMs: 400, routes } })
    instance.upstream.answer = (request) => request.socket.destroy()
    await instance.ask(path, { method })
    instance.upstream.answer = () => undefined
    await instance.ask(path, { method })
    expect(instance.ran.map(({ outcome }) => outcome.kind)).toEqual([kind, kind])
    expect(instance.concerns()).toMatchObject([{ key: reach, says: expect.stringContaining('did not answer a call') }])
  })

  it.each<[number, string, string]>([
    [400, 'failed', 'failed'],
    [401, 'failed', 'failed'],
    [403, 'failed', 'failed'],
    [404, 'failed', 'failed'],
    [408, 'failed', 'unknown'],
    [409, 'failed', 'failed'],
    [422, 'failed', 'failed'],
    [429, 'failed', 'failed'],
    [500, 'failed', 'failed'],
    [501, 'failed', 'failed'],
    [502, 'failed', 'unknown'],
    [503, 'failed', 'failed'],
    [504, 'failed', 'unknown'],
    [520, 'failed', 'unknown'],
    [524, 'failed', 'unknown'],
  ])('an answer of %d: GET %s, POST %s', async (status, get, post) => {
    instance = await openInstance({ upstream: { routes } })
    instance.upstream.answer = (_, response) => response.writeHead(status).end('x')
    for (const [method, path] of [
      ['GET', '/crm/a'],
      ['POST', '/crm/a'],
      ['GET', '/crm/run'],
    ] as const) {
      expect((await instance.ask(path, { method })).status).toBe(status)
    }
    expect(instance.ran.map(({ outcome }) => outcome.kind)).toEqual([get, post, post])
    expect(instance.ran[0]?.outcome.summary).toBe(`HTTP ${status}`)
  })
})

describe('D3: what is wrong with an upstream stands on System', () => {
  it('with its cause, until the next answer', async () => {
    const port = await freePort()
    instance = await openInstance({ upstream: { origin: `http://127.0.0.1:${port}` } })
    await instance.ask('/crm/a')
    await instance.ask('/crm/a')
    expect(instance.concerns().map(({ key, says }) => [key, says])).toEqual([
      [
        reach,
        `The HTTP upstream crm (http://127.0.0.1:${port}) cannot be reached: the upstream refused the connection.`,
      ],
    ])
    expect(instance.logs.filter(({ says }) => says.includes('cannot be reached'))).toHaveLength(1)
    const back = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'))
    })
    await listening(back, port)
    expect((await instance.ask('/crm/a')).status).toBe(404)
    expect(instance.concerns()).toEqual([])
  })

  it('a credential that is not taken, until it is', async () => {
    instance = await openInstance()
    instance.upstream.answer = (_, response) => response.writeHead(401).end()
    await instance.ask('/crm/a')
    expect(instance.concerns()).toMatchObject([{ key: 'http/crm: credential', says: expect.stringContaining('401') }])
    expect(JSON.stringify(instance.concerns())).not.toContain('credential-for')
    instance.upstream.answer = (_, response) => response.end('ok')
    await instance.ask('/crm/a')
    expect(instance.concerns()).toEqual([])
  })

  it('nothing where a call was ended here', async () => {
    instance = await openInstance({ config: { closeWithinMs: 20 } })
    instance.upstream.answer = () => undefined
    const asked = instance.ask('/crm/a', { method: 'POST' })
    while (instance.upstream.received.length === 0) await new Promise((done) => setTimeout(done, 1))
    await instance.close()
    await asked
    expect(instance.concerns()).toEqual([])
  })
})

describe('P15: a call ends when its permit is taken back', () => {
  const why = 'the agent was stopped'
  const seen = async (those: readonly unknown[]) => {
    while (those.length === 0) await new Promise((done) => setTimeout(done, 1))
  }

  it.each<[string, string, string]>([
    ['GET', 'failed', `there is no answer: ${why}`],
    ['POST', 'unknown', `sent, but there is no answer: ${why}`],
  ])('a %s that is not answered yet is %s', async (method, kind, summary) => {
    instance = await openInstance()
    instance.upstream.answer = () => undefined
    const asked = instance.ask('/crm/a', { method })
    await seen(instance.upstream.received)
    instance.revoke.abort(why)
    expect((await asked).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind, summary } }])
  })

  it('an answer that goes on and on', async () => {
    instance = await openInstance()
    instance.upstream.answer = (_, response) => {
      const timer = setInterval(() => response.write('data: x\n\n'), 5)
      response.once('close', () => clearInterval(timer))
    }
    const answer = await instance.ask('/crm/events')
    instance.revoke.abort(why)
    expect(await answer.text().catch(() => 'cut off')).toBe('cut off')
    await seen(instance.ran)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'failed', summary: `HTTP 200, the answer broke off: ${why}` }, delivered: false },
    ])
  })

  it('an answer that its client does not take in', async () => {
    instance = await openInstance()
    instance.upstream.answer = (_, response) => response.end('x'.repeat(30_000_000))
    const answer = await instance.ask('/crm/a', { method: 'POST' })
    await new Promise((done) => setTimeout(done, 50))
    instance.revoke.abort(why)
    await seen(instance.ran)
    expect(instance.ran).toMatchObject([
      { outcome: { kind: 'done', summary: `HTTP 200, the answer broke off: ${why}` }, delivered: false },
    ])
    await answer.body?.cancel().catch(() => undefined)
  })

  it('one that has not begun is not sent', async () => {
    instance = await openInstance()
    instance.revoke.abort(why)
    expect((await instance.ask('/crm/a', { method: 'POST' })).status).toBe(502)
    expect(instance.ran).toMatchObject([{ outcome: { kind: 'failed', summary: `nothing was sent: ${why}` } }])
    expect(instance.upstream.received).toEqual([])
  })
})
