import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from './answer.ts'
import type { Call, Calling } from './calls.ts'
import { createEgress, type Egress } from './egress.ts'

/** What the other side does with a connection; what it heard of it so far is handed in. */
type Does = (socket: Socket, heard: string, which: number) => void

let server: Server
let origin: URL
let egress: Egress
let does: Does
/** Of each connection what came over it. */
let heard: string[]
beforeAll(async () => {
  server = createServer((socket) => {
    const which = heard.push('') - 1
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      heard[which] += piece.toString('latin1')
      does(socket, heard[which] ?? '', which)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterAll(() => void server.close())
beforeEach(() => {
  egress?.close()
  egress = createEgress({ allowed: [origin.origin] })
  heard = []
})
afterAll(() => egress.close())

const limits = { silenceMs: 5_000, longestMs: 10_000 }
const ok = (body: string, ...lines: string[]) =>
  `${['HTTP/1.1 200 OK', `content-length: ${body.length}`, ...lines].join('\r\n')}\r\n\r\n${body}`

interface Told {
  readonly end: string
  readonly calling: Calling
}

/** Asks once; tells the status with the body, or how it failed. */
function ask(over: Partial<Call> = {}, ends: typeof limits = limits): Promise<Told> {
  let answered = false
  return new Promise((resolve) => {
    const calling: Calling = egress.send(
      origin,
      {
        method: 'GET',
        path: '/',
        headers: ['host', 'upstream'],
        answered(answer) {
          answered = true
          void bodyOf(answer).then((end) => resolve({ end: `${answer.statusCode} ${end}`, calling }))
        },
        failed(error) {
          if (!answered) resolve({ end: 'code' in error ? String(error.code) : error.message, calling })
        },
        ...over,
      },
      ends,
    )
  })
}

async function bodyOf(answer: Answer): Promise<string> {
  const whole = answer.whole()
  if (whole) return whole.toString()
  try {
    let text = ''
    for await (const part of answer.stream()) text += String(part)
    return text
  } catch {
    return 'broke off'
  }
}

const turn = () => new Promise((done) => void setImmediate(done))
const quiet = () => new Promise((done) => setTimeout(done, 20))
const requests = (text: string) => text.split('\r\n\r\n').filter((each) => each !== '').length

describe('a connection is used again', () => {
  it('after a whole answer', async () => {
    does = (socket) => socket.write(ok('a'))
    for (const _ of [1, 2, 3]) {
      expect((await ask()).end).toBe('200 a')
      await turn()
    }
    expect(heard.map(requests)).toEqual([3])
  })

  it.each<[string, string]>([
    ['that says that it is the last', ok('a', 'connection: close')],
    ['behind which more came', `${ok('a')}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
    ['that has no time for another', ok('a', 'keep-alive: timeout=1')],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na'],
  ])('not after one %s', async (_, answer) => {
    does = (socket) => socket.write(answer)
    for (const __ of [1, 2]) {
      expect((await ask()).end).toBe('200 a')
      await turn()
    }
    expect(heard.map(requests)).toEqual([1, 1])
  })

  it.each([
    ['within four seconds', 3_999, [2]],
    ['not after them, if nobody was there to end it in time', 4_000, [1, 1]],
  ])('%s', async (_, idleMs, carried) => {
    const clock = { at: 1_000_000 }
    egress = createEgress({ allowed: [origin.origin], now: () => clock.at })
    does = (socket) => socket.write(ok('a'))
    await ask()
    await turn()
    clock.at += idleMs
    await ask()
    expect(heard.map(requests)).toEqual(carried)
  })

  it('not after an answer of which a process that was held heard late', async () => {
    const clock = { at: 1_000_000 }
    egress = createEgress({ allowed: [origin.origin], now: () => clock.at })
    does = (socket, _, which) => {
      if (which === 0) clock.at += 4_000
      socket.write(ok('a', 'keep-alive: timeout=5'))
    }
    await ask()
    await turn()
    await ask()
    expect(heard.map(requests)).toEqual([1, 1])
  })

  it('not if something came over it that nobody had asked for', async () => {
    does = (socket, _, which) => socket.write(ok(which === 0 ? 'a' : 'b'))
    let first: Socket | undefined
    server.once('connection', (socket) => (first = socket))
    expect((await ask()).end).toBe('200 a')
    first?.write(ok('evil'))
    await quiet()
    expect((await ask()).end).toBe('200 b')
  })

  it('not if the other side closes it in the very moment: nothing was sent over it, so it goes over another', async () => {
    does = (socket, _, which) => {
      if (which === 0) socket.end(ok('a')) // says nothing of it, and closes
      else socket.write(ok('b'))
    }
    const again = new Promise<Told>((resolve) => {
      void ask({ answered: () => void Promise.resolve().then(() => ask().then(resolve)) })
    })
    expect((await again).end).toBe('200 b')
    expect(heard.map(requests)).toEqual([1, 1])
  })
})

describe('what is not whole has failed, and is sent no second time', () => {
  it.each<[string, string, string]>([
    ['closed without an answer', '', 'ECONNRESET'],
    ['closed within the head', 'HTTP/1.1 200 OK\r\ncontent-len', 'ECONNRESET'],
    ['closed within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab', '200 broke off'],
    ['closed between two chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n', '200 broke off'],
    [
      'closed before the end of the trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n',
      '200 broke off',
    ],
    ['interim answers alone', 'HTTP/1.1 100 Continue\r\n\r\n', 'ECONNRESET'],
    ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n', 'ANSWER_SWITCHES'],
    ['no HTTP', 'SSH-2.0\r\n\r\n', 'ANSWER_UNREADABLE'],
    ['chunks that are none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', '200 broke off'],
  ])('%s', async (_, bytes, end) => {
    does = (socket) => socket.end(bytes)
    expect((await ask()).end).toBe(end)
    await quiet()
    expect(heard.map(requests)).toEqual([1])
  })

  it('an answer that says no end is broken off by a connection that is', async () => {
    does = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nab')
      setTimeout(() => socket.resetAndDestroy(), 10)
    }
    expect((await ask()).end).toBe('200 broke off')
  })

  it('and ends with a connection that is closed', async () => {
    does = (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nab')
    expect((await ask()).end).toBe('200 ab')
  })

  it('whether it may have arrived is known', async () => {
    does = (socket) => socket.end()
    expect((await ask()).calling.reached).toBe(true)
    const { port } = origin
    const nobody = createServer()
    await once(nobody.listen(0, '127.0.0.1'), 'listening')
    const there = new URL(`http://127.0.0.1:${(nobody.address() as AddressInfo).port}`)
    await new Promise((closed) => nobody.close(closed))
    const before = origin
    egress = createEgress({ allowed: [there.origin] })
    origin = there
    const told = await ask()
    origin = before
    expect([told.end, told.calling.reached, origin.port]).toEqual(['ECONNREFUSED', false, port])
  })

  it.each<[string, Partial<Call>]>([
    ['a path', { path: '/ HTTP/1.1\r\nx: y\r\n\r\nGET /' }],
    ['a path with a space', { path: '/a b' }],
    ['a value', { headers: ['a', 'b\r\nc: d'] }],
    ['a name', { headers: ['a\r\nb', 'c'] }],
    ['a method', { method: 'GET / HTTP/1.1\r\n\r\nGET' }],
  ])('%s that would be another request is not written', async (_, over) => {
    does = (socket) => socket.write(ok('a'))
    const { end, calling } = await ask(over)
    expect(end).toMatch(/cannot be written/)
    expect(calling.reached).toBe(false)
    await quiet()
    expect(heard.join('')).toBe('')
  })
})

describe('an upstream cannot put off its end', () => {
  it.each<[string, Does, Partial<typeof limits>, string]>([
    ['that says nothing', () => undefined, { silenceMs: 50 }, 'CALL_SILENT'],
    [
      'that says only interim answers',
      (socket) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
      { silenceMs: 60 },
      'CALL_SILENT',
    ],
    ['that says its head byte by byte', (socket) => drip(socket, 'H'), { silenceMs: 60 }, 'CALL_SILENT'],
    ['that falls silent', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nab'), { silenceMs: 50 }, '200 broke off'],
    [
      'that never comes to an end',
      (socket) => drip(socket, 'a', 'HTTP/1.1 200 OK\r\n\r\n'),
      { longestMs: 100 },
      '200 broke off',
    ],
  ])('%s', async (_, says, ends, end) => {
    does = says
    expect((await ask({}, { ...limits, ...ends })).end).toBe(end)
  })
})

describe('a body that follows', () => {
  it('leaves as there is room, and the answer may come before it is all there', async () => {
    does = (socket, text) => {
      if (!text.endsWith('b')) socket.write(ok('early'))
    }
    const told: string[] = []
    const calling: Calling = egress.send(
      origin,
      {
        method: 'POST',
        path: '/',
        headers: ['content-length', '2'],
        pour: () => void calling.write(Buffer.from('a')),
        answered: (answer) => void told.push(answer.whole()?.toString() ?? ''),
        failed: (error) => void told.push(error.message),
      },
      limits,
    )
    await expect.poll(() => told).toEqual(['early'])
    expect(calling.over).toBe(false)
    calling.finish(Buffer.from('b'))
    await expect.poll(() => heard[0]?.endsWith('ab')).toBe(true)
    does = (socket) => socket.write(ok('next'))
    expect((await ask()).end).toBe('200 next')
    expect(heard).toHaveLength(1)
  })

  it('that never comes takes its connection with it', async () => {
    does = (socket, text) => {
      if (!text.endsWith('b')) socket.write(ok('early'))
    }
    const told: string[] = []
    const calling: Calling = egress.send(
      origin,
      {
        method: 'POST',
        path: '/',
        headers: ['content-length', '2'],
        pour: () => undefined,
        answered: () => calling.end(new Error('no more')),
        failed: (error) => void told.push(error.message),
      },
      limits,
    )
    await expect.poll(() => calling.over).toBe(true)
    expect(told).toEqual([])
    does = (socket) => socket.write(ok('next'))
    expect((await ask()).end).toBe('200 next')
    expect(heard.map(requests)).toEqual([1, 1])
  })
})

it('of a large answer no more is read than is taken', async () => {
  const part = Buffer.alloc(65_536, 'x')
  let written = 0
  does = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = () => {
      while (written < 64_000_000) {
        written += part.length
        if (!socket.write(part)) return void socket.once('drain', more)
      }
      socket.end()
    }
    more()
  }
  const answer = await new Promise<Answer>((answered) => void ask({ answered }))
  await new Promise((done) => setTimeout(done, 100))
  expect(answer.waiting).toBeLessThan(1_000_000)
  expect(written).toBeLessThan(32_000_000)
  let bytes = 0
  for await (const each of answer.stream()) bytes += (each as Buffer).length
  expect(bytes).toBe(written)
})

function drip(socket: Socket, text: string, first = ''): void {
  socket.write(first)
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(text)), 10)
}
