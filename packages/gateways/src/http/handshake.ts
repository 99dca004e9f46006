/**
 * The handshake of a WebSocket with its upstream (RFC 6455 §4.1).
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { type ClientRequest, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import type { Duplex } from 'node:stream'
import { Overdue } from '@countersign/egress'
import type { UpstreamConfig } from './config.ts'
import type { Cut } from './cut.ts'
import type { HttpParameters } from './parameters.ts'
import type { Line } from './run.ts'
import { CutOff, type Sent, whyOf } from './send.ts'

export type Shaken =
  | { readonly kind: 'switched'; readonly socket: Duplex; readonly protocol: string | undefined }
  | { readonly kind: 'declined'; readonly says: string; readonly status: number }
  | Extract<Sent, { kind: 'unanswered' }>

export function shake(
  { origin: sealedOrigin, target }: HttpParameters,
  headers: Readonly<Record<string, string>>,
  { upstream, egress, cut }: Line,
): Promise<Shaken> {
  const { credential } = upstream
  const origin = new URL(sealedOrigin)
  const key = randomBytes(16).toString('base64')
  const request = (origin.protocol === 'https:' ? requestSecurely : requestPlainly)({
    agent: egress.agent(origin),
    protocol: origin.protocol,
    hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: origin.port || (origin.protocol === 'https:' ? 443 : 80),
    path: target,
    headers: {
      host: origin.host,
      'user-agent': 'countersign',
      ...headers,
      ...(credential && { [credential.header]: credential.value }),
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
    },
  })
  limit(request, upstream, cut)
  return new Promise((done) => {
    unlessAnswered(request, done)
    const none = (status: number, says: string) => {
      done({ kind: 'declined', says, status })
      request.destroy()
    }
    request.once('response', ({ statusCode = 502 }) => {
      none(statusCode, `the upstream did not switch to a WebSocket, it answered HTTP ${statusCode}`)
    })
    request.once('upgrade', (answer, socket: Duplex, head: Buffer) => {
      const protocol = answer.headers['sec-websocket-protocol']
      const right =
        answer.headers['sec-websocket-accept'] === acceptOf(key) &&
        answer.headers['sec-websocket-extensions'] === undefined &&
        (protocol === undefined || protocolsOf(headers).includes(protocol))
      if (!right) {
        socket.destroy()
        return none(101, 'the upstream’s handshake is none')
      }
      if (head.length > 0) socket.unshift(head)
      return done({ kind: 'switched', socket, protocol })
    })
    request.end()
  })
}

const protocolsOf = (headers: Readonly<Record<string, string>>): string[] =>
  (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())

export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** The same ends as of any call (`Limits` of the way out). */
function limit(
  request: ClientRequest,
  { silenceMs, longestMs }: Pick<UpstreamConfig, 'silenceMs' | 'longestMs'>,
  cut: Cut,
): void {
  const silent = () => request.destroy(new Overdue('CALL_SILENT'))
  const longest = setTimeout(() => request.destroy(new Overdue('CALL_TOO_LONG')), longestMs)
  const shaken = setTimeout(silent, silenceMs)
  const unheard = cut.heard((reason) => void request.destroy(new CutOff(reason)))
  request.on('response', () => clearTimeout(shaken))
  request.on('upgrade', () => clearTimeout(shaken))
  request.on('close', () => {
    clearTimeout(longest)
    clearTimeout(shaken)
    unheard()
  })
}

/** Tells of every end of a request, however that comes. */
function unlessAnswered(request: ClientRequest, told: (end: Extract<Sent, { kind: 'unanswered' }>) => void): void {
  let reached = false
  const ended = (error: Error) => told({ kind: 'unanswered', reached, error, why: whyOf(error) })
  // Bytes leave once the connection stands; one out of the pool stands already.
  request.on('socket', (socket) => {
    if (!socket.connecting) reached = true
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => (reached = true))
  })
  request.on('error', ended)
  // The one event that follows on every end.
  request.on('close', () => ended(new Error('closed')))
}
