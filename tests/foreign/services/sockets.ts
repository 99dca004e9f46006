/**
 * The least of a WebSocket server (https://www.rfc-editor.org/rfc/rfc6455): says back what it is told, and closes.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

export function echoSockets(server: Server): void {
  server.on('upgrade', ({ headers }: IncomingMessage, socket: Socket) => {
    socket.on('error', () => undefined)
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'connection: Upgrade',
      'upgrade: websocket',
      `sec-websocket-accept: ${accept}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    let heard = Buffer.alloc(0)
    socket.on('data', (part) => {
      heard = Buffer.concat([heard, part])
      for (let size = frameBytes(heard); size <= heard.length; size = frameBytes(heard)) {
        socket.write(unmasked(heard.subarray(0, size)))
        if ((heard[0] ?? 0) === 0x88) socket.end()
        heard = heard.subarray(size)
      }
    })
  })
}

/** Of short ones alone, as a test sends them. */
const frameBytes = (heard: Buffer): number => (heard.length < 2 ? Infinity : 6 + ((heard[1] ?? 0) & 0x7f))

function unmasked(frame: Buffer): Buffer {
  const mask = frame.subarray(2, 6)
  const payload = frame.subarray(6).map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([frame[0] ?? 0, payload.length]), payload])
}
