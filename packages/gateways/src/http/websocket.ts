/**
 * WebSockets (https://www.rfc-editor.org/rfc/rfc6455), where a route allows them by name. The handshake is the action:
 * sealed, judged and recorded like any other. What is said afterwards is not looked at: it is counted, and bounded.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import type { Duplex } from 'node:stream'
import { CountersignError, type Permit, type Ran } from '@countersign/core'
import { ceilingsOf } from './ceilings.ts'
import { HttpParameters, unseal } from './parameters.ts'
import { problemOfError, say } from './refuse.ts'
import { ended } from './answer.ts'
import { type Line, notSent } from './run.ts'
import type { Headers } from './headers.ts'

/** What of a handshake is sealed beside the headers that its upstream names. */
export const handshakeHeaders = ['upgrade', 'sec-websocket-protocol']

/** Whether a message asks for one at all. */
export const asksForSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  /^websocket$/i.test(headers.upgrade ?? '') &&
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined

/** Ends a connection of which the client says anything, or no more, before its handshake was answered. */
export function letGo(this: Duplex): void {
  this.destroy()
}

/** @throws ERR_INPUT_INVALID for a handshake that is none (RFC 6455 §4.2.1) */
export function checkHandshake(headers: Headers): void {
  if (headers('sec-websocket-version') !== '13') throw invalid('A WebSocket here has the version 13.')
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers('sec-websocket-key') ?? '')) throw invalid('The handshake has no key.')
}

export interface Joining extends Line {
  readonly client: Duplex
  /** The client's `sec-websocket-key`. */
  readonly key: string
  /** Aborts when the gateway closes. */
  readonly closing: AbortSignal
}

/** Shakes hands with the upstream, then with the client, and joins the two until one of them ends. */
export async function join(permit: Permit, line: Joining): Promise<Ran> {
  const { response, upstream, route, secrets, client } = line
  const { rows, bytes: mostBytes, fields } = ceilingsOf(permit, route)
  if (rows !== undefined || fields.length > 0) {
    const http = 'Nobody can count or mask what a WebSocket says.'
    return notSent(line, new CountersignError('ERR_ANSWER_WITHHELD', { http }))
  }
  const parameters = HttpParameters.parse(permit.action.parameters)
  let headers: Readonly<Record<string, string>>
  try {
    ;({ headers } = await unseal(parameters, secrets))
    permit.begin() // last, so that no lease can be lost between it and the first byte
  } catch (error) {
    return notSent(line, error)
  }
  const shaken = await shake(parameters, headers, line)
  if (!('socket' in shaken)) {
    say(response, problemOfError(new CountersignError(shaken.code, { http: shaken.says })))
    return {
      outcome: { kind: 'failed', summary: shaken.says },
      delivered: await ended(response, line.clientSilenceMs),
      result: undefined,
    }
  }
  client.off('data', letGo).off('end', letGo)
  client.write(accepting(line.key, shaken.protocol, permit.actionId))
  const { sent, received, exceeded } = await joined(client, shaken.socket, {
    mostBytes: mostBytes ?? Infinity,
    silenceMs: upstream.silenceMs,
    closing: line.closing,
  })
  const summary = `WebSocket, ${sent.toLocaleString('en-US')} bytes sent, ${received.toLocaleString('en-US')} received`
  return {
    outcome: exceeded
      ? { kind: 'failed', summary: `${summary}, stopped at the ceiling: ERR_CEILING_EXCEEDED` }
      : { kind: 'done', summary, bytes: received },
    delivered: true,
    result: undefined,
  }
}

type Shaken =
  | { readonly socket: Duplex; readonly protocol: string | undefined }
  | { readonly code: 'ERR_UPSTREAM' | 'ERR_EGRESS_REFUSED'; readonly says: string }

function shake(
  { origin: sealedOrigin, target }: HttpParameters,
  headers: Readonly<Record<string, string>>,
  { upstream: { credential, silenceMs }, egress }: Line,
): Promise<Shaken> {
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
  request.setTimeout(silenceMs, () => request.destroy(new CountersignError('ERR_UPSTREAM')))
  return new Promise((done) => {
    const none = (says: string) => {
      done({ code: 'ERR_UPSTREAM', says })
      request.destroy()
    }
    request.once('response', ({ statusCode }) => {
      none(`the upstream did not switch to a WebSocket, it answered HTTP ${statusCode}`)
    })
    request.once('upgrade', (answer, socket: Duplex, head: Buffer) => {
      const protocol = answer.headers['sec-websocket-protocol']
      const right =
        answer.headers['sec-websocket-accept'] === acceptOf(key) &&
        answer.headers['sec-websocket-extensions'] === undefined &&
        (protocol === undefined || protocolsOf(headers).includes(protocol))
      if (!right) {
        socket.destroy()
        return none('the upstream’s handshake is none')
      }
      if (head.length > 0) socket.unshift(head)
      return done({ socket, protocol })
    })
    request.on('error', (error) => {
      const refused = error instanceof CountersignError && error.code === 'ERR_EGRESS_REFUSED'
      done({ code: refused ? error.code : 'ERR_UPSTREAM', says: 'the upstream could not be reached' })
    })
    request.end()
  })
}

const protocolsOf = (headers: Readonly<Record<string, string>>): string[] =>
  (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())

const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

function accepting(key: string, protocol: string | undefined, actionId: string): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'connection: Upgrade',
    'upgrade: websocket',
    `sec-websocket-accept: ${acceptOf(key)}`,
    ...(protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`]),
    `countersign-action: ${actionId}`,
    '\r\n',
  ].join('\r\n')
}

interface Bounds {
  readonly mostBytes: number
  readonly silenceMs: number
  readonly closing: AbortSignal
}

/** Each at the pace of the other, until one ends, falls silent, says too much, or the gateway closes. */
async function joined(client: Duplex, upstream: Duplex, { mostBytes, silenceMs, closing }: Bounds) {
  const seen = { sent: 0, received: 0, exceeded: false }
  const cut = () => {
    client.destroy()
    upstream.destroy()
  }
  const silence = setTimeout(cut, silenceMs)
  const pass = (from: Duplex, to: Duplex, way: 'sent' | 'received') => {
    from.on('data', (part: Buffer) => {
      silence.refresh()
      if (seen[way] + part.length > mostBytes) {
        seen.exceeded = true
        return cut()
      }
      seen[way] += part.length
      if (!to.write(part)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
    })
    from.on('end', () => to.end())
    from.on('error', cut)
  }
  pass(client, upstream, 'sent')
  pass(upstream, client, 'received')
  if (closing.aborted) cut()
  closing.addEventListener('abort', cut)
  await Promise.all([closed(client, upstream), closed(upstream, client)])
  closing.removeEventListener('abort', cut)
  clearTimeout(silence)
  return seen
}

/** What one side had still to say goes out before the other one is let go. */
function closed(socket: Duplex, other: Duplex): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      other.end()
      done()
    }
    if (socket.destroyed) end()
    else socket.once('close', end)
  })
}

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
