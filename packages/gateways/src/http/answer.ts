/**
 * An answer as the agent gets it: head and trailers, and the same again where it is handed out once more.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import type { Answer } from '@countersign/egress'
import type { KeptResult } from '@countersign/schema'
import { announcedTrailers, answerHeaders, answerTrailers, guards } from './headers.ts'
import type { HttpParameters } from './parameters.ts'
import { type Head, write } from './relay.ts'

export type KeptHeaders = NonNullable<KeptResult['headers']>

interface Beginning extends Head {
  readonly actionId: string
  readonly parameters: HttpParameters
  readonly credential: string | undefined
  /** Something of it is counted or covered, so no part of it is offered. */
  readonly bounded: boolean
}

/** The head as it was written. */
export interface Begun {
  headers(): KeptHeaders
  /** Trailers can follow the body. */
  readonly trails: boolean
}

/** Writes the head, in one. */
export function begin(response: ServerResponse, answer: Answer, head: Beginning): Begun {
  const said = ['countersign-action', head.actionId, ...headersOf(answer, head)]
  const headers = () => pairsOf(said)
  const written = head.length === undefined ? said : [...said, 'content-length', String(head.length)]
  const trails = isChunked(response, answer) && !written.some((each, at) => at % 2 === 0 && each === 'content-length')
  const trailing = trails ? announcedTrailers(answer.rawHeaders) : []
  if (response.destroyed) return { headers, trails }
  response.writeHead(statusOf(answer), trailing.length > 0 ? [...written, 'trailer', trailing.join(', ')] : written)
  // One that is all here leaves with its body; one that comes bit by bit, or may be broken off, shows at once that it comes.
  if (!head.whole && (head.bounded || answer.waiting === 0)) response.flushHeaders()
  return { headers, trails }
}

/** Names and values in turn. */
function headersOf(answer: Answer, head: Beginning): string[] {
  const { parameters, credential, rewritten, bounded } = head
  const contentType = answer.header('content-type') ?? ''
  const raw = answerHeaders(answer.rawHeaders, { credential, contentType })
  const headers: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const [name = '', value = ''] = [raw[index], raw[index + 1]]
    if (rewritten && ofOtherBytes.has(name)) continue
    if (bounded && name === 'accept-ranges') continue
    if (head.length !== undefined && name === 'content-length') continue
    headers.push(name, name === 'location' ? located(value, parameters) : value)
  }
  return headers
}

const pairsOf = (fields: readonly string[]): KeptHeaders =>
  fields.flatMap((name, index): KeptHeaders => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []))

/** A body that was read and written anew is another body: its length and its validators are too. */
const ofOtherBytes = new Set(
  'content-length content-encoding etag digest content-digest repr-digest content-md5 accept-ranges'.split(' '),
)

/** What is no final status (RFC 9110 §15) is not passed on as one. */
export const statusOf = ({ statusCode }: Answer): number => (statusCode >= 200 && statusCode < 600 ? statusCode : 502)

/** A place at the same upstream, as this gateway's client can reach it. */
function located(location: string, { origin, upstream: name }: HttpParameters): string {
  if (location.startsWith('/') && !location.startsWith('//')) return `/${name}${location}`
  return location === origin || location.startsWith(`${origin}/`)
    ? `/${name}${location.slice(origin.length)}`
    : location
}

/** Whether trailers can follow a body of a length that is not said before. */
const isChunked = (response: ServerResponse, answer: Answer): boolean =>
  answer.header('transfer-encoding') !== undefined &&
  response.req.httpVersion !== '1.0' &&
  response.req.method !== 'HEAD'

/** Says after the body what the upstream said there, before it ends; tells what that was. */
export function trail(response: ServerResponse, answer: Answer, credential: string | undefined): KeptHeaders {
  const trailers = pairsOf(answerTrailers(answer.rawTrailers, credential))
  if (trailers.length > 0) response.addTrailers(trailers)
  return trailers
}

interface Kept {
  readonly body: Buffer
  readonly headers: KeptHeaders
  readonly trailers: KeptHeaders
}

/** Whole, or it would be another answer the second time. */
export const keptOf = (answer: Answer, { body, headers, trailers }: Kept): KeptResult => ({
  status: statusOf(answer),
  contentType: answer.header('content-type') ?? '',
  headers: [...headers],
  ...(trailers.length > 0 && { trailers: [...trailers] }),
  body: body.toString('base64'),
})

/** Hands out the kept answer of the run that this attempt already had. */
export async function replay(response: ServerResponse, kept: KeptResult, clientSilenceMs: number): Promise<void> {
  if (response.destroyed || response.headersSent) return
  const { status = 200, trailers = [] } = kept
  const body = Buffer.from(kept.body, 'base64')
  for (const [name, value] of kept.headers ?? plainHeaders(kept.contentType)) response.appendHeader(name, value)
  response.setHeader('countersign-replayed', '?1')
  const trails = trailers.length > 0 && response.req.httpVersion !== '1.0'
  if (trails) response.setHeader('trailer', trailers.map(([name]) => name).join(', '))
  else if (status !== 204 && status !== 304 && !response.hasHeader('content-length'))
    response.setHeader('content-length', body.length)
  response.writeHead(status)
  await write(response, body, clientSilenceMs)
  if (trails) response.addTrailers(trailers)
}

/** Of an answer that was kept without its own. */
function plainHeaders(contentType: string): KeptHeaders {
  return pairsOf([...(contentType === '' ? [] : ['content-type', contentType]), ...guards(contentType)])
}

/** Sends what is left. Whether all of it went out before the connection closed; a client that does not take it in is let go. */
export function ended(response: ServerResponse, clientSilenceMs: number, last?: Uint8Array): Promise<boolean> {
  return new Promise((done) => {
    if (response.destroyed) return done(false)
    const late = setTimeout(() => response.destroy(), clientSilenceMs)
    const over = () => {
      clearTimeout(late)
      done(response.writableFinished)
    }
    response.once('finish', over)
    response.once('close', over)
    response.end(last)
    return undefined
  })
}
