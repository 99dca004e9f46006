/**
 * One permitted request: sent as sealed, its answer relayed within the ceilings, and what came of it.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CountersignError, type Hall, type Permit, type Ran } from '@countersign/core'
import type { KeptResult, Outcome } from '@countersign/schema'
import type { Egress } from '../egress.ts'
import { canBeKept, ceilingsOf } from './ceilings.ts'
import type { RouteConfig, UpstreamConfig } from './config.ts'
import { answerHeaders, guards } from './headers.ts'
import { HttpParameters, unseal } from './parameters.ts'
import { problemOfError, say } from './refuse.ts'
import { relay, type Relayed } from './relay.ts'
import { type Outgoing, send } from './send.ts'
import type { Spooled } from './spool.ts'
import { isSafe } from './wire.ts'

export interface Line {
  readonly response: ServerResponse
  readonly upstream: UpstreamConfig
  readonly route: RouteConfig | undefined
  readonly egress: Egress
  readonly secrets: Hall['secrets']
  readonly clientSilenceMs: number
  /** The body of this very request, where it is sealed by its hash alone. */
  readonly spooled?: Spooled | undefined
}

export async function run(permit: Permit, line: Line): Promise<Ran> {
  const { response, upstream, route, egress } = line
  const ceilings = ceilingsOf(permit, route?.rowsFrom)
  if (!canBeKept(ceilings, permit.measures.rows)) {
    return notSent(
      response,
      new CountersignError('ERR_ANSWER_WITHHELD', { http: 'Nobody can count the rows that policy limits.' }),
    )
  }
  const parameters = HttpParameters.parse(permit.action.parameters)
  let outgoing: Outgoing
  try {
    outgoing = await outgoingOf(parameters, line)
    permit.begin() // last, so that no lease can be lost between it and the first byte
  } catch (error) {
    return notSent(response, error)
  }
  const sent = await send(parameters, outgoing, upstream, egress)
  if (sent.kind === 'unanswered') return unanswered(response, parameters, sent)

  const { answer } = sent
  response.setHeader('countersign-action', permit.actionId)
  const relayed = await relay({
    answer,
    response,
    ceilings,
    clientSilenceMs: line.clientSilenceMs,
    method: parameters.method,
    begin: (length) => {
      begin(line, answer, parameters, length)
    },
  })
  answer.destroy()
  return { outcome: outcomeOf(parameters.method, answer, relayed), ...(await finish(response, answer, relayed)) }
}

async function outgoingOf(parameters: HttpParameters, { secrets, spooled }: Line): Promise<Outgoing> {
  const { headers, body } = await unseal(parameters, secrets)
  if (!body || body instanceof Uint8Array) return { headers, body }
  if (spooled?.sha256 !== body.sha256) throw new CountersignError('ERR_INTERNAL', 'the sealed body is not at hand')
  return { headers, body: spooled }
}

function begin(
  { response, upstream }: Line,
  answer: IncomingMessage,
  { origin, upstream: name }: HttpParameters,
  length?: number,
): void {
  if (response.destroyed) return
  const contentType = answer.headers['content-type'] ?? ''
  const headers = answerHeaders(answer.rawHeaders, { credential: upstream.credential?.value, contentType })
  for (let index = 0; index < headers.length; index += 2) {
    const field = headers[index] ?? ''
    // A body that was read and written anew is another body: its length and its validators are too.
    if (length !== undefined && /^(?:content-length|etag|digest|content-digest|content-md5|accept-ranges)$/.test(field))
      continue
    response.appendHeader(
      field,
      field === 'location' ? located(headers[index + 1] ?? '', origin, name) : (headers[index + 1] ?? ''),
    )
  }
  if (length !== undefined) response.setHeader('content-length', length)
  response.writeHead(statusOf(answer))
  response.flushHeaders()
}

/** What is no final status (RFC 9110 §15) is not passed on as one. */
const statusOf = ({ statusCode = 502 }: IncomingMessage): number =>
  statusCode >= 200 && statusCode < 600 ? statusCode : 502

/** A place at the same upstream, as this gateway's client can reach it. */
function located(location: string, origin: string, name: string): string {
  if (location.startsWith('/') && !location.startsWith('//')) return `/${name}${location}`
  return location === origin || location.startsWith(`${origin}/`)
    ? `/${name}${location.slice(origin.length)}`
    : location
}

function outcomeOf(method: string, answer: IncomingMessage, { end, rows, bytes }: Relayed): Outcome {
  const statusCode = statusOf(answer)
  const counted = rows === undefined ? '' : `, ${rows.toLocaleString('en-US')} rows`
  const status = `HTTP ${statusCode}${counted}`
  // The upstream has answered, so what had an effect has had it, whatever becomes of the answer.
  const happened = statusCode < 400 && !isSafe(method)
  const lost = (says: string): Outcome =>
    happened
      ? { kind: 'done', summary: `${status}, ${says}`, bytes }
      : { kind: 'failed', summary: `${status}, ${says}` }
  switch (end) {
    case 'whole':
      if (statusCode >= 400) return { kind: 'failed', summary: status }
      return { kind: 'done', summary: status, bytes, ...(rows !== undefined && { rows }) }
    case 'exceeded':
      return { kind: 'failed', summary: `${status}, stopped at the ceiling: ERR_CEILING_EXCEEDED` }
    case 'withheld':
      return lost('the answer was withheld: it could not be masked or counted')
    case 'broken':
      return lost('the answer broke off')
  }
}

async function finish(
  response: ServerResponse,
  answer: IncomingMessage,
  { end, kept }: Relayed,
): Promise<Omit<Ran, 'outcome'>> {
  switch (end) {
    case 'whole':
      return { delivered: await ended(response), result: kept && keptOf(answer, kept) }
    case 'exceeded':
      return { delivered: await brokenOff(response, 'ERR_CEILING_EXCEEDED'), result: undefined }
    case 'withheld':
      return { delivered: await brokenOff(response, 'ERR_ANSWER_WITHHELD'), result: undefined }
    case 'broken':
      return { delivered: await brokenOff(response, 'ERR_UPSTREAM'), result: undefined }
  }
}

const keptOf = (answer: IncomingMessage, kept: Buffer): KeptResult => ({
  status: statusOf(answer),
  contentType: answer.headers['content-type'] ?? '',
  body: kept.toString('base64'),
})

/** An answer that has begun cannot be taken back; that it is not whole shows only in a connection that breaks. */
async function brokenOff(
  response: ServerResponse,
  code: 'ERR_CEILING_EXCEEDED' | 'ERR_ANSWER_WITHHELD' | 'ERR_UPSTREAM',
): Promise<boolean> {
  if (response.headersSent) {
    response.destroy()
    return false
  }
  return told(response, code)
}

async function unanswered(
  response: ServerResponse,
  { method }: HttpParameters,
  { reached, error }: { reached: boolean; error: Error },
): Promise<Ran> {
  const open = reached && !isSafe(method)
  const code = error instanceof CountersignError ? error.code : 'ERR_UPSTREAM'
  const outcome: Outcome = open
    ? { kind: 'unknown', summary: 'sent, but the upstream gave no answer' }
    : {
        kind: 'failed',
        summary: reached ? 'the upstream gave no answer' : 'the upstream could not be reached; nothing was sent',
      }
  const delivered = await told(response, code === 'ERR_EGRESS_REFUSED' ? code : 'ERR_UPSTREAM', outcome.summary)
  return { outcome, delivered, result: undefined }
}

/** An end before the first byte. */
export async function notSent(response: ServerResponse, error: unknown): Promise<Ran> {
  const problem = problemOfError(error)
  say(response, problem)
  return {
    outcome: { kind: 'failed', summary: `nothing was sent: ${problem.title}` },
    delivered: await ended(response),
    result: undefined,
  }
}

async function told(
  response: ServerResponse,
  code: ConstructorParameters<typeof CountersignError>[0],
  http?: string,
): Promise<boolean> {
  say(response, problemOfError(new CountersignError(code, http === undefined ? undefined : { http })))
  return ended(response)
}

/** Hands out the kept answer of the run that this attempt already had. */
export function replay(response: ServerResponse, { status = 200, contentType, body }: KeptResult): void {
  if (response.destroyed || response.headersSent) return
  const bytes = Buffer.from(body, 'base64')
  if (contentType !== '') response.setHeader('content-type', contentType)
  const fields = guards(contentType)
  for (let index = 0; index < fields.length; index += 2)
    response.setHeader(fields[index] ?? '', fields[index + 1] ?? '')
  response.setHeader('countersign-replayed', '?1')
  if (status !== 204 && status !== 304) response.setHeader('content-length', bytes.length)
  response.writeHead(status)
  response.end(bytes)
}

/** Whether all of it went out before the connection closed. */
export function ended(response: ServerResponse): Promise<boolean> {
  return new Promise((done) => {
    if (response.destroyed) return done(false)
    response.once('finish', () => {
      done(true)
    })
    response.once('close', () => {
      done(response.writableFinished)
    })
    response.end()
    return undefined
  })
}
