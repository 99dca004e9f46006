/**
 * One permitted request: sent as sealed, its answer relayed within the ceilings, and what came of it.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'
import { CountersignError, type GatewayContext, type Permit, type Ran } from '@countersign/core'
import type { Outcome } from '@countersign/schema'
import type { Answer, Egress } from '@countersign/egress'
import { type Begun, begin, ended, type KeptHeaders, keptOf, statusOf, trail } from './answer.ts'
import { canBeKept, ceilingsOf, isBounded } from './ceilings.ts'
import { concernOf } from './concern.ts'
import type { RouteConfig, UpstreamConfig } from './config.ts'
import type { Cut } from './cut.ts'
import { type HttpParameters, parametersOf, restore } from './parameters.ts'
import { problemOfError, say } from './refuse.ts'
import { relay, type Relayed } from './relay.ts'
import { CutOff, type Outgoing, send, type Sent } from './send.ts'
import type { Spooled } from './spool.ts'

type Answered = Extract<Sent, { kind: 'answered' }>

export interface Line {
  readonly response: ServerResponse
  readonly upstream: UpstreamConfig
  readonly route: RouteConfig | undefined
  readonly egress: Egress
  readonly secrets: GatewayContext['secrets']
  readonly concerns: GatewayContext['concerns']
  /** It can have an effect: by its method, or by what is known of it. */
  readonly acts: boolean
  readonly clientSilenceMs: number
  /** The body of this very request, where it is sealed by its hash alone. */
  readonly spooled?: Spooled | undefined
  /** Ends the run where it stands, if it has to be ended. */
  readonly cut: Cut
  /** Codings that the client reads (RFC 9110 §12.5.3). */
  readonly codings: string | undefined
}

export async function run(permit: Permit, line: Line): Promise<Ran> {
  const { response, upstream, route, egress } = line
  const ceilings = ceilingsOf(permit, route)
  if (!canBeKept(ceilings, permit.measures.rows)) {
    return notSent(
      line,
      new CountersignError('ERR_ANSWER_WITHHELD', { http: 'Nobody can count the rows that policy limits.' }),
    )
  }
  const parameters = parametersOf(permit.action.parameters)
  let outgoing: Outgoing
  try {
    outgoing = await outgoingOf(parameters, line)
    permit.begin() // last, so that no lease can be lost between it and the first byte
  } catch (error) {
    return notSent(line, error)
  }
  const codings = isBounded(ceilings) || route?.rowsFrom !== undefined ? undefined : line.codings
  const sent = await send(parameters, outgoing, upstream, egress, { cut: line.cut, codings })
  if (sent.kind === 'unanswered') return unanswered(line, parameters, sent)

  const { answer } = sent
  concernOf(line.concerns, parameters.upstream, upstream, { status: statusOf(answer) })
  const credential = upstream.credential?.value
  let begun: Begun | undefined
  const letGo = () => void response.destroy()
  let unheard = (): void => {}
  const passed = await relay({
    answer,
    response,
    ceilings,
    clientSilenceMs: line.clientSilenceMs,
    method: parameters.method,
    acts: line.acts,
    begin: (head) => {
      const bounded = isBounded(ceilings)
      begun = begin(response, answer, { ...head, actionId: permit.actionId, parameters, credential, bounded })
      unheard = line.cut.heard(letGo) // also of a client that takes nothing in
    },
  })
  unheard()
  answer.letGo()
  if (!begun && !response.headersSent) response.setHeader('countersign-action', permit.actionId)
  const outcome = outcomeOf(line.acts, sent, passed)
  const { delivered, trailers } = await finish(line, answer, passed, begun)
  return {
    outcome,
    delivered,
    get result() {
      const { end, kept } = passed
      return end === 'whole'
        ? kept && keptOf(answer, { body: kept, headers: begun?.headers() ?? [], trailers })
        : undefined
    },
  }
}

async function outgoingOf(parameters: HttpParameters, { secrets, spooled }: Line): Promise<Outgoing> {
  const { headers, body } = await restore(parameters, secrets)
  if (!body || body instanceof Uint8Array) return { headers, body }
  if (spooled?.sha256 !== body.sha256) throw new CountersignError('ERR_INTERNAL', 'the sealed body is not at hand')
  return { headers, body: spooled }
}

function outcomeOf(acts: boolean, { answer, why }: Answered, { end, rows, bytes }: Relayed): Outcome {
  const statusCode = statusOf(answer)
  const counted = rows === undefined ? '' : `, ${rows.toLocaleString('en-US')} rows`
  const status = `HTTP ${statusCode}${counted}`
  // The upstream has answered, so what had an effect has had it, whatever becomes of the answer.
  const happened = statusCode < 400 && acts
  const lost = (says: string): Outcome =>
    happened
      ? { kind: 'done', summary: `${status}, ${says}`, bytes }
      : { kind: 'failed', summary: `${status}, ${says}` }
  switch (end) {
    case 'whole':
      if (statusCode >= 400) return refusedBy(acts, statusCode)
      return { kind: 'done', summary: status, bytes, ...(rows !== undefined && { rows }) }
    case 'exceeded':
      return lost('stopped at the ceiling: ERR_CEILING_EXCEEDED')
    case 'withheld':
      return lost('the answer was withheld: it could not be masked or counted')
    case 'broken':
      return lost(['the answer broke off', why()].filter(Boolean).join(': '))
  }
}

/** Somebody gave up waiting, or stands between us and whoever acts and lost it: nobody knows what was done. */
export const isUncertain = (status: number): boolean => [408, 502, 504, 520, 524].includes(status)

function refusedBy(acts: boolean, statusCode: number): Outcome {
  return isUncertain(statusCode) && acts
    ? { kind: 'unknown', summary: `HTTP ${statusCode}: whether it was done is not known` }
    : { kind: 'failed', summary: `HTTP ${statusCode}` }
}

async function finish(
  line: Line,
  answer: Answer,
  { end, last }: Relayed,
  begun: Begun | undefined,
): Promise<{ delivered: boolean; trailers: KeptHeaders }> {
  const without = async (delivered: Promise<boolean>) => ({ delivered: await delivered, trailers: [] })
  switch (end) {
    case 'whole': {
      const trailers = begun?.trails ? trail(line.response, answer, line.upstream.credential?.value) : []
      return { delivered: await ended(line.response, line.clientSilenceMs, last), trailers }
    }
    case 'exceeded':
      return without(brokenOff(line, 'ERR_CEILING_EXCEEDED'))
    case 'withheld':
      return without(brokenOff(line, 'ERR_ANSWER_WITHHELD'))
    case 'broken':
      return without(brokenOff(line, 'ERR_UPSTREAM'))
  }
}

/** An answer that has begun cannot be taken back; that it is not whole shows only in a connection that breaks. */
async function brokenOff(
  line: Line,
  code: 'ERR_CEILING_EXCEEDED' | 'ERR_ANSWER_WITHHELD' | 'ERR_UPSTREAM',
): Promise<boolean> {
  if (line.response.headersSent) {
    line.response.destroy()
    return false
  }
  return told(line, code)
}

export async function unanswered(
  line: Line,
  { upstream }: HttpParameters,
  { reached, error, why }: Extract<Sent, { kind: 'unanswered' }>,
): Promise<Ran> {
  if (!(error instanceof CutOff)) concernOf(line.concerns, upstream, line.upstream, { why, reached })
  const code = error instanceof CountersignError ? error.code : 'ERR_UPSTREAM'
  const outcome: Outcome =
    reached && line.acts
      ? { kind: 'unknown', summary: `sent, but there is no answer: ${why}` }
      : reached
        ? { kind: 'failed', summary: `there is no answer: ${why}` }
        : { kind: 'failed', summary: `nothing was sent: ${why}`, begun: false }
  const delivered = await told(line, code === 'ERR_EGRESS_REFUSED' ? code : 'ERR_UPSTREAM', outcome.summary)
  return { outcome, delivered, result: undefined }
}

/** An end before the first byte. */
export async function notSent({ response, clientSilenceMs }: Line, error: unknown): Promise<Ran> {
  const problem = problemOfError(error)
  say(response, problem)
  return {
    outcome: { kind: 'failed', summary: `nothing was sent: ${problem.title}` },
    delivered: await ended(response, clientSilenceMs),
    result: undefined,
  }
}

async function told(
  { response, clientSilenceMs }: Line,
  code: ConstructorParameters<typeof CountersignError>[0],
  http?: string,
): Promise<boolean> {
  say(response, problemOfError(new CountersignError(code, http === undefined ? undefined : { http })))
  return ended(response, clientSilenceMs)
}
