/**
 * A sealed request → the upstream's answer, or how far it got.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { CountersignError } from '@countersign/core'
import type { Egress } from '../egress.ts'
import type { UpstreamConfig } from './config.ts'
import type { HttpParameters, Unsealed } from './parameters.ts'
import type { Spooled } from './spool.ts'

export type Sent =
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  /** `reached`: the request may have arrived, so the upstream may have acted on it. */
  | { readonly kind: 'unanswered'; readonly reached: boolean; readonly error: Error }

/** `body`: what the seal holds, or the file of which it holds the hash. */
export interface Outgoing extends Pick<Unsealed, 'headers'> {
  readonly body: Uint8Array | Spooled | undefined
}

/** Sends once, to the sealed origin. Redirects are answers like any other: a new place is a new action. */
export function send(
  parameters: HttpParameters,
  { headers, body }: Outgoing,
  upstream: UpstreamConfig,
  egress: Egress,
): Promise<Sent> {
  const origin = new URL(parameters.origin)
  const { credential } = upstream
  const request = (origin.protocol === 'https:' ? requestSecurely : requestPlainly)({
    agent: egress.agent(origin),
    protocol: origin.protocol,
    hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: origin.port || (origin.protocol === 'https:' ? 443 : 80),
    method: parameters.method,
    path: parameters.target,
    headers: {
      host: origin.host,
      'user-agent': 'countersign',
      'accept-encoding': 'identity',
      ...headers,
      ...(credential && { [credential.header]: credential.value }),
      ...(body || ['POST', 'PUT', 'PATCH'].includes(parameters.method) ? { 'content-length': lengthOf(body) } : {}),
    },
  })
  return sent(request, body, upstream.silenceMs)
}

function sent(request: ClientRequest, body: Outgoing['body'], silenceMs: number): Promise<Sent> {
  let reached = false
  request.once('socket', (socket) => {
    // Bytes leave once the connection stands; one out of the pool stands already.
    if (!socket.connecting) reached = true
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => (reached = true))
  })
  request.setTimeout(silenceMs, () => {
    request.destroy(new CountersignError('ERR_UPSTREAM', { says: 'the upstream fell silent' }))
  })
  return new Promise((done) => {
    request.once('response', (answer) => {
      done({ kind: 'answered', answer })
    })
    // Also after an answer, when the error is the answer's as well.
    request.on('error', (error) => {
      done({ kind: 'unanswered', reached, error })
    })
    if (!body || body instanceof Uint8Array) request.end(body)
    else pour(body, request).catch((error: Error) => request.destroy(error))
  })
}

const lengthOf = (body: Outgoing['body']): number => (body instanceof Uint8Array ? body.length : (body?.sizeBytes ?? 0))

/** The last part leaves once all of them were found to be what was sealed: without it the upstream has no request. */
async function pour({ sha256, read }: Spooled, request: ClientRequest): Promise<void> {
  const hash = createHash('sha256')
  let last: Buffer | undefined
  for await (const part of read()) {
    hash.update(part)
    if (request.destroyed) return
    if (last && !request.write(last)) await roomIn(request)
    last = part
  }
  if (hash.digest('hex') !== sha256) throw new CountersignError('ERR_INTERNAL', 'a spooled body is not what was sealed')
  request.end(last)
}

function roomIn(request: ClientRequest): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      request.off('drain', go).off('close', go)
      done()
    }
    request.on('drain', go).on('close', go)
  })
}
