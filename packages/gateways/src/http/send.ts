/**
 * A sealed request → the upstream's answer, or how far it got.
 *
 * @module
 */
import { type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { CountersignError } from '@countersign/core'
import type { Egress } from '../egress.ts'
import type { UpstreamConfig } from './config.ts'
import type { HttpParameters, Unsealed } from './parameters.ts'

export type Sent =
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  /** `reached`: the request may have arrived, so the upstream may have acted on it. */
  | { readonly kind: 'unanswered'; readonly reached: boolean; readonly error: Error }

/** Sends once, to the sealed origin. Redirects are answers like any other: a new place is a new action. */
export function send(
  parameters: HttpParameters,
  { headers, body }: Unsealed,
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
      ...(body || ['POST', 'PUT', 'PATCH'].includes(parameters.method) ? { 'content-length': body?.length ?? 0 } : {}),
    },
  })
  return sent(request, body, upstream.silenceMs)
}

function sent(request: ClientRequest, body: Uint8Array | undefined, silenceMs: number): Promise<Sent> {
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
    request.end(body)
  })
}
