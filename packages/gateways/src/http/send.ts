/**
 * A sealed request → the upstream's answer, or how far it got. Whatever the upstream does, it ends.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { type ClientRequest, type IncomingMessage, request as requestPlainly, type RequestOptions } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { CountersignError } from '@countersign/core'
import type { Egress } from '@countersign/egress'
import type { UpstreamConfig } from './config.ts'
import type { Cut } from './cut.ts'
import type { HttpParameters, Restored } from './parameters.ts'
import type { Spooled } from './spool.ts'

export type Sent =
  /** `why` tells what ended an answer that is not whole, if more is known than that the connection ended. */
  | { readonly kind: 'answered'; readonly answer: IncomingMessage; why(): string | undefined }
  /** `reached`: the request may have arrived, so the upstream may have acted on it. */
  | { readonly kind: 'unanswered'; readonly reached: boolean; readonly error: Error; readonly why: string }

/** `body`: what the seal holds, or the file of which it holds the hash. */
export interface Outgoing extends Pick<Restored, 'headers'> {
  readonly body: Uint8Array | Spooled | undefined
}

export interface Manner {
  /** Ends the call wherever it stands. */
  readonly cut: Cut
  /** Codings that whoever reads the answer knows. Default: none. */
  readonly codings?: string | undefined
}

/** What is said of a call that was ended here. */
class Ended extends Error {
  override readonly name: string = 'Ended'
}

/** One that was ended for a reason of ours, of which its upstream knows nothing. */
export class CutOff extends Ended {
  override readonly name = 'CutOff'
}

/**
 * Sends once, to the sealed origin. Redirects are answers like any other: a new place is a new action. Interim answers
 * (1xx) are none.
 */
export function send(
  parameters: HttpParameters,
  { headers, body }: Outgoing,
  upstream: UpstreamConfig,
  egress: Egress,
  { cut, codings = 'identity' }: Manner,
): Promise<Sent> {
  const { method, target: path } = parameters
  const { url, to, open } = placeOf(upstream, parameters.origin)
  const { credential } = upstream
  const said = {
    host: url.host,
    'user-agent': 'countersign',
    'accept-encoding': codings,
    ...headers,
    ...(credential && { [credential.header]: credential.value }),
    ...(body || !bodiless.includes(method) ? { 'content-length': String(lengthOf(body)) } : {}),
  }
  const request = open({ ...to, agent: egress.agent(url), method, path, headers: once(said) })
  limit(request, upstream, cut)
  return sent(request, body)
}

/** A request by one of these has a body only where it says so (RFC 9110 §9.3). */
const bodiless = ['GET', 'HEAD', 'OPTIONS', 'DELETE']

/** Names and values in turn, as they are written; of a field that is said twice, in whatever letters, the last counts. */
function once(fields: Readonly<Record<string, string>>): string[] {
  const said = new Map<string, readonly [string, string]>()
  for (const [name, value] of Object.entries(fields)) said.set(name.toLowerCase(), [name, value])
  return [...said.values()].flat()
}

interface Place {
  readonly origin: string
  readonly url: URL
  readonly to: Pick<RequestOptions, 'protocol' | 'hostname' | 'port'>
  readonly open: (options: RequestOptions) => ClientRequest
}

const places = new WeakMap<UpstreamConfig, Place>()

/** The same for every call, unless one was sealed while another origin was configured. */
function placeOf(upstream: UpstreamConfig, origin: string): Place {
  const known = places.get(upstream)
  if (known?.origin === origin) return known
  const url = new URL(origin)
  const { protocol } = url
  const isSecure = protocol === 'https:'
  const to = { protocol, hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port || (isSecure ? 443 : 80) }
  const place = { origin, url, to, open: isSecure ? requestSecurely : requestPlainly }
  places.set(upstream, place)
  return place
}

/**
 * The ends that an upstream cannot put off: silence on the connection, a connection or a head that takes longer than a
 * silence may (so that neither interim answers nor single bytes lengthen it), and the time of the whole call.
 */
export function limit(
  request: ClientRequest,
  { silenceMs, longestMs }: Pick<UpstreamConfig, 'silenceMs' | 'longestMs'>,
  cut: Cut,
): void {
  const end = (says: string) => request.destroy(new Ended(says))
  const silent = () => end('the upstream fell silent')
  const longest = setTimeout(end, longestMs, 'it took longer than a call may take')
  let step = setTimeout(silent, silenceMs)
  whenOpen(request, () => clearTimeout(step)) // a body may take its time, as long as the connection moves
  request.setTimeout(silenceMs, silent)
  request.on('finish', () => {
    clearTimeout(step)
    step = setTimeout(silent, silenceMs)
  })
  request.on('response', () => clearTimeout(step))
  request.on('close', () => {
    clearTimeout(longest)
    clearTimeout(step)
    unheard()
  })
  const unheard = cut.heard((reason) => void request.destroy(new CutOff(reason)))
}

/** Bytes leave once the connection stands; one out of the pool stands already. */
function whenOpen(request: ClientRequest, open: () => void): void {
  request.on('socket', (socket) => {
    if (!socket.connecting) open()
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', open)
  })
}

function sent(request: ClientRequest, body: Outgoing['body']): Promise<Sent> {
  return new Promise((done) => {
    let failed: Error | undefined
    const unanswered = unlessAnswered(request, done)
    request.on('error', (error) => (failed = error))
    request.on('response', (answer) => {
      if ((answer.statusCode ?? 0) < 200) request.destroy(switched())
      else done({ kind: 'answered', answer, why: () => failed && whyOf(failed) })
    })
    // Nobody asked for another protocol, so nobody speaks it.
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      unanswered(switched())
    })
    if (!body || body instanceof Uint8Array) request.end(body)
    else pour(body, request).catch((error: Error) => request.destroy(error))
  })
}

/**
 * Tells of every end of a request, however that comes, also of those after its answer; returns how to tell of one more.
 */
export function unlessAnswered(
  request: ClientRequest,
  told: (end: Extract<Sent, { kind: 'unanswered' }>) => void,
): (error: Error) => void {
  let reached = false
  whenOpen(request, () => (reached = true))
  const ended = (error: Error) => told({ kind: 'unanswered', reached, error, why: whyOf(error) })
  request.on('error', ended)
  // The one event that follows on every end.
  request.on('close', () => ended(new Error('closed')))
  return ended
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

const switched = () => new Ended('the upstream switched to another protocol, which nobody asked for')

/** Causes in words of our own: what a library says could repeat what an upstream sent. */
function whyOf(error: Error): string {
  if (error instanceof Ended) return error.message
  const code = 'code' in error ? String(error.code) : ''
  if (code in causes) return causes[code] ?? ''
  if (code.startsWith('HPE_')) return 'its answer is not HTTP as it is read here'
  if (/CERT|SSL|TLS/.test(code)) return `no trusted connection could be made (${code})`
  return 'the connection ended'
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the upstream refused the connection',
  ECONNRESET: 'the upstream closed the connection',
  EPIPE: 'the upstream closed the connection',
  ENOTFOUND: 'the name of the upstream is not known',
  EAI_AGAIN: 'the name of the upstream could not be looked up',
  EHOSTUNREACH: 'no way leads to the upstream',
  ENETUNREACH: 'no way leads to the upstream',
  ETIMEDOUT: 'the upstream could not be connected to in time',
  EPROTO: 'no trusted connection could be made: what is there speaks no TLS that is spoken here',
  ERR_EGRESS_REFUSED: 'this address is not called: it lies in a network that the upstream does not name as `private`',
  HPE_HEADER_OVERFLOW: 'the head of its answer is too large',
}
