/**
 * An upstream whose every path answers as no server should.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { oddAnswers } from './attacks.ts'

const answers: Readonly<Record<(typeof oddAnswers)[number], (socket: Socket) => void>> = {
  '101': (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello'),
  closed: (socket) => socket.destroy(),
  'half-a-head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
  'cut-off': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this'),
  'two-answers': (socket) => socket.write(`${whole('one')}${whole('two')}`),
  trailers: (socket) =>
    socket.write(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-late: yes\r\nset-cookie: a=b\r\n\r\n',
    ),
  'gzip-that-is-none': (socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope'),
}

const whole = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`

export async function openOddUpstream(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      const path = /^GET \/([\w-]+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
      if (Object.hasOwn(answers, path)) answers[path as keyof typeof answers](socket)
      else socket.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
